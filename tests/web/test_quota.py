"""Quotas: counted without keeping the address, and not joinable from day to day."""

from datetime import datetime, timedelta

from portal.web.quota import Purpose, QuotaUse, take


def test_what_is_kept_of_an_address_differs_from_day_to_day(db: None, now: datetime) -> None:
    for day in range(3):
        assert take(
            Purpose.CONFIRMATION, "noor@example.org", now + timedelta(days=day), a_day=1, a_week=3
        )
    kept = [use.digest for use in QuotaUse.select()]
    assert len(set(kept)) == 3
    assert not [digest for digest in kept if "noor" in digest]


def test_what_is_refused_is_not_counted(db: None, now: datetime) -> None:
    taken = [
        take(Purpose.CONFIRMATION, "noor@example.org", now, a_day=1, a_week=3) for _ in range(5)
    ]
    assert taken == [True, False, False, False, False]
    assert QuotaUse.select().count() == 1
