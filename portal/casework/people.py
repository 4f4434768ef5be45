"""Who works at the desk: what each of them is, and which regions they see."""

from dataclasses import dataclass
from enum import StrEnum


class StaffRole(StrEnum):
    """What somebody is at the desk; an administrator sees no case."""

    MANAGER = "manager"
    NATIONAL_DESK = "national desk"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in.

    ``key`` names them in the audit trail. ``manager`` is the key of a regional manager in the
    map, or None. ``regions`` are the keys of the regions that they see, their own and those
    where they stand in; None stands for every region.
    """

    key: str
    name: str
    email: str
    role: StaffRole
    manager: str | None
    regions: frozenset[str] | None

    def sees(self, region: str) -> bool:
        """Whether cases of this region are theirs to see."""
        if self.role is StaffRole.ADMINISTRATOR:
            return False
        return self.regions is None or region in self.regions
