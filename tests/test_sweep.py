"""The sweep: what is past its period is gone, and nothing else."""

from datetime import datetime, timedelta

from portal.intake import drafts
from portal.sweep import sweep
from portal.web.quota import Purpose, QuotaUse, take

SECOND = timedelta(seconds=1)


def test_an_unfinished_form_is_forgotten_a_day_after_its_last_change(
    db: None, now: datetime
) -> None:
    old, kept = drafts.new_secret(), drafts.new_secret()
    drafts.save(old, "pupil", 1, {"name": ["Noor"]}, now)
    drafts.save(kept, "pupil", 1, {"name": ["Noor"]}, now)
    drafts.save(kept, "pupil", 2, {"story": ["Ik teken."]}, now + timedelta(hours=3))
    assert sweep(now + timedelta(hours=24) - SECOND)["unfinished forms"] == 0
    assert sweep(now + timedelta(hours=24) + SECOND)["unfinished forms"] == 1
    assert drafts.find(kept, now + timedelta(hours=24)) is not None


def test_a_count_is_kept_for_as_long_as_it_counts(db: None, now: datetime) -> None:
    take(Purpose.CONFIRMATION, "noor@example.org", now, a_day=1, a_week=3)
    sweep(now + timedelta(days=7))
    assert QuotaUse.select().count() == 1
    sweep(now + timedelta(days=8))
    assert QuotaUse.select().count() == 0
