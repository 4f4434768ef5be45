"""Run a program with no more system calls and sockets than its unit leaves it, as systemd would."""

import ctypes
import errno
import os
import socket
import subprocess
import sys
from ctypes.util import find_library
from functools import cache

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # seccomp(2)
_EQUAL = 4  # seccomp_rule_add(3)
_NO_NEW_PRIVILEGES, _NO_NEW_CODE = 38, 65  # prctl(2)
_FAMILIES = 46  # socket(2): as many as Linux knows


@cache
def group(name: str) -> frozenset[str]:
    """The calls in one of systemd's groups, and in the groups within it."""
    words = ["systemd-analyze", "syscall-filter", name]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603
    lines = [line.strip() for line in told.splitlines()[1:]]
    named = [line for line in lines if line and not line.startswith("#")]
    return frozenset().union(*(group(n) if n[0] == "@" else {n} for n in named))


def calls(filters: list[str]) -> frozenset[str]:
    """What ``SystemCallFilter=`` lines allow; systemd always adds what a program starts with."""
    allowed = group("@default") | {"execve"}
    for names in filters:
        each = frozenset().union(*(group(name) for name in names.lstrip("~").split()))
        allowed = allowed - each if names.startswith("~") else allowed | each
    return allowed


class _Compared(ctypes.Structure):
    """libseccomp's ``struct scmp_arg_cmp``: which argument of a call must be equal to what."""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("mask", ctypes.c_uint64),
    )


class _Filter:
    """What becomes of each call of this process from now on: ``otherwise`` unless it is named."""

    def __init__(self, otherwise: int) -> None:
        self._library = ctypes.CDLL(find_library("seccomp"))
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._rules = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action: int, name: str, *first: int) -> None:
        """Do this on a call, or only where its first argument is that."""
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            compared = (_Compared * len(first))(*(_Compared(0, _EQUAL, at, 0) for at in first))
            self._library.seccomp_rule_add_array(
                self._rules, ctypes.c_uint32(action), number, len(first), compared
            )

    def load(self) -> None:
        if self._library.seccomp_load(self._rules):
            raise OSError("the system calls are not taken away")


def main(allowed: str, families: str, command: list[str]) -> None:
    """Take all other calls away (they fail with EPERM), and making memory executable; go on.

    A socket of another family fails as systemd has it, with EAFNOSUPPORT.
    """
    system = ctypes.CDLL(None)
    system.prctl(_NO_NEW_CODE, 1, 0, 0, 0)  # Linux 6.3 and later
    system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    sockets = _Filter(_ALLOW)
    kept = {getattr(socket, name) for name in families.split(",")}
    for family in set(range(_FAMILIES)) - kept:
        sockets.add(_ERRNO | errno.EAFNOSUPPORT, "socket", family)
    sockets.load()
    others = _Filter(_ERRNO | errno.EPERM)
    for name in allowed.split(","):
        others.add(_ALLOW, name)
    others.load()
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
