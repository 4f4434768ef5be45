"""How much room a disk has left, and when that is so little that nothing more is taken in."""

import os
from pathlib import Path

# What finishing takes: letters that are under way, the trail, signing in, a log that is folded in.
LEAST = 200_000_000  # octets
# Of a disk that is small itself.
_PART = 10


def free(folder: Path) -> int:
    """How many octets may still be written on the disk of this folder; raises ``OSError``."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def least(folder: Path) -> int:
    """How many octets are to stay free there: 200 MB, or a tenth of a disk of less than 2 GB."""
    disk = os.statvfs(folder)
    return min(LEAST, disk.f_blocks * disk.f_frsize // _PART)


def is_scarce(folder: Path) -> bool:
    """Whether the disk of this folder is nearly full. Some microseconds; raises ``OSError``."""
    return free(folder) < least(folder)
