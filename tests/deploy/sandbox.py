"""Run a program with no more system calls than its unit leaves it, as systemd would."""

import ctypes
import errno
import os
import subprocess
import sys
from ctypes.util import find_library
from functools import cache

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # seccomp(2)
_NO_NEW_PRIVILEGES, _NO_NEW_CODE = 38, 65  # prctl(2)


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


def main(allowed: str, command: list[str]) -> None:
    """Take all other calls away (they fail with EPERM), and making memory executable; go on."""
    library = ctypes.CDLL(find_library("seccomp"))
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(_ERRNO | errno.EPERM))
    for name in allowed.split(","):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add(rules, ctypes.c_uint32(_ALLOW), number, 0)
    system = ctypes.CDLL(None)
    system.prctl(_NO_NEW_CODE, 1, 0, 0, 0)  # Linux 6.3 and later
    system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if library.seccomp_load(rules):
        raise OSError("the system calls are not taken away")
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
