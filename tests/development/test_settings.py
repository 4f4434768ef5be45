"""A development machine makes its own keys once, keeps them to itself, and never loses them."""

from pathlib import Path

import pytest

from portal.config import Config, Mode
from portal.development.settings import (
    SettingsTorn,
    read_settings,
    renew_settings,
    settings_file,
    with_own,
)


def test_the_first_start_makes_settings_that_the_portal_accepts(tmp_path: Path) -> None:
    config = Config.from_environment(renew_settings(tmp_path, 8000, 2525))
    assert config.mode is Mode.DEVELOPMENT
    assert (config.base_url, config.mail_port) == ("http://127.0.0.1:8000", 2525)
    assert config.database_url == f"sqlite:///{tmp_path}/portal.db"
    assert config.regions.is_file()


def test_two_machines_have_nothing_secret_in_common(tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("one", "two"))
    for var in (one, two):
        var.mkdir()
        renew_settings(var, 8000, 2525)
    for name in ("PORTAL_SECRET_KEY", "PORTAL_DATA_KEYS"):
        assert read_settings(one)[name] != read_settings(two)[name]


def test_a_later_start_keeps_the_keys_and_renews_the_ports(tmp_path: Path) -> None:
    first = renew_settings(tmp_path, 8000, 2525)
    second = renew_settings(tmp_path, 8001, 2626)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"PORTAL_BASE_URL", "PORTAL_MAIL_PORT"}
    assert read_settings(tmp_path) == second


def test_what_a_person_set_is_kept(tmp_path: Path) -> None:
    renew_settings(tmp_path, 8000, 2525)
    with settings_file(tmp_path).open("a") as file:
        file.write("\n# more lines\nPORTAL_LOG_LEVEL=DEBUG\nPORTAL_REGIONS=/srv/my=regions.toml\n")
    for _ in range(2):
        settings = renew_settings(tmp_path, 8000, 2525)
        assert settings["PORTAL_LOG_LEVEL"] == "DEBUG"
        assert settings["PORTAL_REGIONS"] == "/srv/my=regions.toml"


def test_a_machine_cannot_be_talked_out_of_development(tmp_path: Path) -> None:
    settings_file(tmp_path).write_text(
        "PORTAL_MODE=production\nPORTAL_MAIL_SERVER=mail.example.org\n"
    )
    settings = renew_settings(tmp_path, 8000, 2525)
    assert settings["PORTAL_MODE"] == "development"
    assert settings["PORTAL_MAIL_SERVER"] == "127.0.0.1"


def test_the_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    settings_file(tmp_path).touch(0o644)
    for _ in range(2):
        renew_settings(tmp_path, 8000, 2525)
        assert settings_file(tmp_path).stat().st_mode & 0o777 == 0o600
        assert [file.name for file in tmp_path.iterdir()] == ["portal.env"]


def test_a_start_that_is_cut_short_leaves_the_old_keys_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew_settings(tmp_path, 8000, 2525)
    before = settings_file(tmp_path).read_bytes()

    def full(number: int) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk full"):
        patch.setattr("os.fsync", full)
        renew_settings(tmp_path, 8001, 2626)
    assert settings_file(tmp_path).read_bytes() == before
    assert renew_settings(tmp_path, 8000, 2525)["PORTAL_DATA_KEYS"] in before.decode()


def test_a_torn_line_is_named_without_its_words_and_nothing_is_changed(tmp_path: Path) -> None:
    text = "PORTAL_LOG_LEVEL=INFO\n\ngeheim\n"
    settings_file(tmp_path).write_text(text)
    with pytest.raises(SettingsTorn, match=r"portal\.env, line 3: ") as fault:
        renew_settings(tmp_path, 8000, 2525)
    assert "geheim" not in str(fault.value)
    assert settings_file(tmp_path).read_text() == text


def test_in_development_a_file_of_ones_own_adds_and_never_overrules(tmp_path: Path) -> None:
    given = {"PORTAL_MODE": "development", "PORTAL_MAIL_PORT": "2525"}
    (tmp_path / ".env").write_text("# mine\nPORTAL_INTAKE_MAIL=full\nPORTAL_MAIL_PORT=25\n")
    assert with_own(given, tmp_path) == {**given, "PORTAL_INTAKE_MAIL": "full"}


@pytest.mark.parametrize("mode", [{}, {"PORTAL_MODE": "production"}])
def test_in_production_no_file_beside_the_program_counts(
    tmp_path: Path, mode: dict[str, str]
) -> None:
    given = {"PORTAL_BASE_URL": "https://example.org", **mode}
    (tmp_path / ".env").write_text("PORTAL_MODE=development\nPORTAL_INTAKE_MAIL=full\n")
    assert with_own(given, tmp_path) == given


def test_without_any_setting_it_counts_where_it_says_development(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORTAL_INTAKE_MAIL=full\n")
    assert with_own({}, tmp_path) == {}
    file.write_text("PORTAL_INTAKE_MAIL=full\nPORTAL_MODE=development\n")
    assert with_own({}, tmp_path)["PORTAL_INTAKE_MAIL"] == "full"


def test_a_value_in_quotes_is_refused_and_not_taken_with_them(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('PORTAL_MODE="development"\n')
    with pytest.raises(SettingsTorn, match="without quotes"):
        with_own({}, tmp_path)
