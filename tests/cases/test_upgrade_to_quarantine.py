"""A database from before quarantine: nothing in it is doubted, and no form was too quick."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from portal.cases.register import Case, is_doubted
from portal.database import MIGRATIONS, connection, database, keyring, migrate, open_database
from portal.intake.drafts import Draft
from portal.sealing import Keyring
from tests.conftest import DATA_KEY
from tests.seed import seed

pytestmark = pytest.mark.sqlite


def test_cases_and_forms_from_before_are_kept_and_not_doubted(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'old.db'}", Keyring([DATA_KEY]), create=True)
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with connection():
        Runner(database.obj, str(MIGRATIONS)).up("0011_retention")
        key = secrets.token_hex(16)
        content = keyring().seal('{"name": ["Noor"]}', f"draft.content:{key}")
        database.execute_sql(
            "INSERT INTO draft (id, digest, form_key, door, step, reference, changed_at, content)"
            " VALUES (?, 'd', 'k', 'pupil', 1, '', '2026-11-23 12:00:00.000000', ?)",
            (key, content),
        )
        _without_doubts(at)
        before = database.execute_sql('SELECT * FROM "case" ORDER BY id').fetchall()
    assert "0013_quarantine" in migrate()
    with connection():
        after = database.execute_sql('SELECT * FROM "case" ORDER BY id').fetchall()
        assert [row[:-1] for row in after] == before
        cases = list(Case.select())
        assert [case.name for case in cases] == ["Noor"] * 3
        assert not any(is_doubted(case) for case in cases)
        draft = Draft.get()
        assert draft.content == '{"name": ["Noor"]}'
        assert draft.begun_at.year == 1970


def _without_doubts(at: datetime) -> None:
    """Three cases, as they stood without the column."""
    database.execute_sql('ALTER TABLE "case" ADD COLUMN "doubts" TEXT')
    seed(3, at)
    database.execute_sql('ALTER TABLE "case" DROP COLUMN "doubts"')
