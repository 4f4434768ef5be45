"""An e-mail address as a mail server takes it."""

from functools import lru_cache

from email_validator import validate_email


# Of one address this is asked some times in a row: to look a sender up, to count, to write to them.
@lru_cache(maxsize=32)
def plain_address(address: str) -> str:
    """The address in ASCII; whether it exists is for its server to say.

    Raises ``email_validator.EmailNotValidError`` where no mail can go to it.
    """
    plain = validate_email(
        address, allow_smtputf8=False, check_deliverability=False, globally_deliverable=False
    )
    return str(plain.ascii_email)
