"""The settings: all that is missing or wrong is told at once, in one line, with its cure."""

import pytest

from portal.config import Config, ConfigError, IntakeMail, MailSecurity, Mode
from tests.portal_app import environment

NEEDED = ["BASE_URL", "SECRET_KEY", "DATA_KEYS", "MAIL_SERVER", "MAIL_SENDER"]
GOOD = environment("sqlite:///x.db")
LIVE = {
    "PORTAL_MODE": "production",
    "PORTAL_BASE_URL": "https://portaal.example.org",
    "PORTAL_MAIL_SERVER": "mail.example.org",
    "PORTAL_MAIL_SECURITY": "starttls",
}


def refused(settings: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as fault:
        Config.from_environment(settings)
    said = str(fault.value)
    assert "\n" not in said
    return said


def test_every_missing_setting_is_named_in_one_line() -> None:
    said = refused({})
    assert said == "settings missing: " + ", ".join(f"PORTAL_{name}" for name in NEEDED)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_setting_is_a_missing_one(name: str, empty: str) -> None:
    assert refused(GOOD | {f"PORTAL_{name}": empty}) == f"settings missing: PORTAL_{name}"


WRONG = [
    ("DATABASE_URL", "mysql://x", "give sqlite:///"),
    ("DATABASE_URL", "sqlite:///", "name the file"),
    ("DATABASE_URL", "sqlite:////var/lib/", "name the file"),
    ("DATABASE_URL", "postgres://portal@/portal", "or postgresql://user@host/name"),
    ("DATABASE_URL", "postgresql://portal@/", "name the database"),
    ("DATABASE_URL", "postgresql://portal@/portal?hots=/run", "see what follows a ?"),
    ("DATABASE_URL", "postgresql://portal@localhost:mail/portal", "1 to 65535"),
    ("DATABASE_URL", "postgresql://portal:kan%arie@/portal", "a sign in a password"),
    ("DATABASE_URL", "postgresql://portal@db.example.org/portal", "add ?sslmode=verify-full"),
    ("DATABASE_URL", "postgresql://portal@127.0.0.1,10.0.0.2/portal", "add ?sslmode=verify-full"),
    ("DATABASE_URL", "postgresql://p@localhost/p?hostaddr=10.0.0.2", "add ?sslmode=verify-full"),
    ("DATABASE_URL", "postgresql://p@10.0.0.2/p?sslmode=require", "add ?sslmode=verify-full"),
    ("BASE_URL", "portaal.example.org", "give https://host"),
    ("BASE_URL", "https://example.org/pad", "give https://host"),
    ("SECRET_KEY", "short", "32 characters"),
    ("DATA_KEYS", "no base64!", "32 bytes in base64"),
    ("DATA_KEYS", "a2V5", "32 bytes in base64"),
    ("DATA_KEYS", ",", "32 bytes in base64"),
    ("MAIL_PORT", "0", "1 to 65535"),
    ("MAIL_PORT", "65536", "1 to 65535"),
    ("MAIL_PORT", "smtp", "1 to 65535"),
    ("MAIL_SECURITY", "ssl", "starttls or tls or none"),
    ("MAIL_SENDER", "portaal", "one bare address"),
    ("MAIL_SENDER", "Portaal <p@example.org>", "one bare address"),
    ("MAIL_SENDER", "a@example.org,b@example.org", "one bare address"),
    ("INTAKE_MAIL", "all", "notice or contact or full"),
    ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
    ("MODE", "test", "production or development"),
    ("TRUSTED_PROXIES", "-1", "0 or more"),
    ("TRUSTED_PROXIES", "²", "0 or more"),
    ("REMIND_AFTER", "0", "1 to 60"),
    ("DEPUTY_AFTER", "61", "1 to 60"),
    ("DESK_AFTER", "zes", "1 to 60"),
    ("DIGEST_HOUR", "24", "0 to 23"),
]


@pytest.mark.parametrize(("name", "value", "cure"), WRONG)
def test_a_wrong_setting_is_named_with_its_cure(name: str, value: str, cure: str) -> None:
    said = refused(GOOD | {f"PORTAL_{name}": value})
    assert said.startswith(f"settings wrong: PORTAL_{name} (")
    assert cure in said


def test_all_that_is_amiss_is_told_at_once() -> None:
    said = refused({f"PORTAL_{name}": value for name, value, _ in WRONG})
    assert all(f"PORTAL_{name}" in said for name, _, _ in WRONG)
    assert "missing: PORTAL_MAIL_SERVER" in said


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PORTAL_MAIL_SECURITY": "none"}, "PORTAL_MAIL_SECURITY"),
        ({"PORTAL_MODE": "development"}, "PORTAL_MODE"),
        ({"PORTAL_BASE_URL": "http://portaal.example.org"}, "PORTAL_BASE_URL"),
        ({"PORTAL_REMIND_AFTER": "4"}, "PORTAL_DEPUTY_AFTER"),
        ({"PORTAL_DESK_AFTER": "3"}, "PORTAL_DEPUTY_AFTER"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(changed: dict[str, str], named: str) -> None:
    Config.from_environment(GOOD | LIVE)
    assert refused(GOOD | LIVE | changed).startswith(f"settings wrong: {named} (")


def test_what_is_not_set_is_on_the_safe_side() -> None:
    least = {f"PORTAL_{name}": (GOOD | LIVE)[f"PORTAL_{name}"] for name in NEEDED}
    config = Config.from_environment(least)
    assert config.mode is Mode.PRODUCTION
    assert config.mail_security is MailSecurity.STARTTLS
    assert config.mail_port == 587
    assert config.intake_mail is IntakeMail.CONTACT
    assert config.trusted_proxies == 0
    assert (config.remind_after, config.deputy_after, config.desk_after) == (2, 4, 6)
    assert config.digest_hour == 7
    assert config.secure


def test_secrets_are_not_in_what_is_printed() -> None:
    secret = {"PORTAL_MAIL_USERNAME": "gebruiker", "PORTAL_MAIL_PASSWORD": "wachtwoord"}
    config = Config.from_environment(GOOD | secret)
    said = f"{config} {config!r} {[config]}"
    secrets = [*secret.values(), GOOD["PORTAL_SECRET_KEY"], GOOD["PORTAL_DATA_KEYS"], "k" * 32]
    assert not [value for value in secrets if value in said]


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATA_KEYS"])
def test_a_wrong_secret_is_not_repeated_in_the_complaint(name: str) -> None:
    assert "geheimpje" not in refused(GOOD | {f"PORTAL_{name}": "geheimpje"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://portal@/portal",
        "postgresql://portal@/portal?host=/run/postgresql",
        "postgresql://portal:a%40b@127.0.0.1:5432/portal",
        "postgresql://portal@[::1]/portal",
        "postgresql://portal@db.example.org/portal?sslmode=verify-full&sslrootcert=system",
    ],
)
def test_a_server_nearby_or_one_that_proves_its_name_will_do(url: str) -> None:
    assert Config.from_environment(GOOD | {"PORTAL_DATABASE_URL": url}).database_url == url


def test_no_password_is_in_what_is_said_of_a_setting() -> None:
    for url in ("postgresql://portal:kanarie@db.example.org/x", "postgresql://p:kanarie%@/x"):
        assert "kanarie" not in refused(GOOD | {"PORTAL_DATABASE_URL": url})
    config = Config.from_environment(GOOD | {"PORTAL_DATABASE_URL": "postgresql://p:kanarie@/x"})
    assert "kanarie" not in repr(config)
