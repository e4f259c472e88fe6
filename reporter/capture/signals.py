"""Signals: how a process was ended by the system, by name and in words.

``CORE`` are the signals and ``FATAL`` the statuses of Windows by which a program tells of its own fault;
everything else that ends a process was meant by somebody.
"""

from __future__ import annotations

import signal

import msgspec

CORE = {
    "SIGSEGV": "it used memory that is not its own",
    "SIGABRT": "it stopped itself on an error it could not handle",
    "SIGBUS": "it used memory that is not there",
    "SIGFPE": "an impossible calculation",
    "SIGILL": "an instruction this processor does not know",
    "SIGSYS": "a system call that is not allowed",
    "SIGTRAP": "it stopped itself at a trap",
}
FATAL = {
    0x80000003: ("STATUS_BREAKPOINT", "it stopped itself at a breakpoint"),
    0xC0000005: ("STATUS_ACCESS_VIOLATION", "it used memory that is not its own"),
    0xC0000006: ("STATUS_IN_PAGE_ERROR", "a part of it could not be read from the disk"),
    0xC0000017: ("STATUS_NO_MEMORY", "there was not enough memory"),
    0xC000001D: ("STATUS_ILLEGAL_INSTRUCTION", "an instruction this processor does not know"),
    0xC0000025: ("STATUS_NONCONTINUABLE_EXCEPTION", "an error after which it could not go on"),
    0xC000008C: ("STATUS_ARRAY_BOUNDS_EXCEEDED", "it read beyond the end of a list"),
    0xC000008E: ("STATUS_FLOAT_DIVIDE_BY_ZERO", "an impossible calculation"),
    0xC0000094: ("STATUS_INTEGER_DIVIDE_BY_ZERO", "an impossible calculation"),
    0xC0000096: ("STATUS_PRIVILEGED_INSTRUCTION", "an instruction that programs may not use"),
    0xC00000FD: ("STATUS_STACK_OVERFLOW", "it called itself too deeply"),
    0xC0000135: ("STATUS_DLL_NOT_FOUND", "a library it needs is missing"),
    0xC0000139: ("STATUS_ENTRYPOINT_NOT_FOUND", "a library it needs is of another version"),
    0xC0000142: ("STATUS_DLL_INIT_FAILED", "a library it needs could not start"),
    0xC0000374: ("STATUS_HEAP_CORRUPTION", "its memory was damaged"),
    0xC0000409: ("STATUS_STACK_BUFFER_OVERRUN", "it stopped itself because its memory was damaged"),
    0xC0000417: ("STATUS_INVALID_CRUNTIME_PARAMETER", "it gave a wrong value to its own library"),
    0xC06D007E: ("VCPPEXCEPTION_MODULE_NOT_FOUND", "a library it needs is missing"),
    0xE0434352: ("CLR_EXCEPTION", "an error of .NET that nobody handled"),
    0xE06D7363: ("CPP_EXCEPTION", "an error of C++ that nobody handled"),
}
# Ctrl+C and a closed console end a program of Windows with this status.
_MEANT_ON_WINDOWS = frozenset({0xC000013A})
_FIRST_FATAL = 0xC0000000


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """``name``: as the system calls it; ``words``: an English clause, empty where there is none."""

    name: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.words}, {self.name}" if self.words else self.name


def ending(code: int, *, system: str) -> Ending | None:
    """How a process that ended with ``code``, as ``subprocess`` gives it, was ended by its own fault.

    None for every end that was meant. ``system``: as ``sys.platform``. Not yet run on Windows.
    """
    if system == "win32":
        return _fatal(code & 0xFFFFFFFF)
    if code >= 0:
        return None
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return None
    return Ending(name=name, words=CORE[name]) if name in CORE else None


def _fatal(status: int) -> Ending | None:
    if status in FATAL:
        name, words = FATAL[status]
        return Ending(name=f"0x{status:08X} {name}", words=words)
    if status >= _FIRST_FATAL and status not in _MEANT_ON_WINDOWS and status < 0xFFFFFF00:
        return Ending(name=f"0x{status:08X}")
    return None


def told_by_faulthandler(first_line: str) -> Ending:
    """The ending that the first line of a faulthandler's text names.

    ``Fatal Python error: Segmentation fault``, ``Windows fatal exception: access violation``.
    """
    words = first_line.partition(": ")[2].strip()
    for start, name in _FAULTHANDLER.items():
        if words.lower().startswith(start):
            return Ending(name=name, words=CORE.get(name, "") or _words_of(name))
    return Ending(name=words or "native crash")


def _words_of(name: str) -> str:
    return next((words for known, words in FATAL.values() if known == name.partition(" ")[2]), "")


_FAULTHANDLER = {
    "segmentation fault": "SIGSEGV",
    "aborted": "SIGABRT",
    "bus error": "SIGBUS",
    "floating point exception": "SIGFPE",
    "floating-point exception": "SIGFPE",
    "illegal instruction": "SIGILL",
    "access violation": "0xC0000005 STATUS_ACCESS_VIOLATION",
    "page error": "0xC0000006 STATUS_IN_PAGE_ERROR",
    "stack overflow": "0xC00000FD STATUS_STACK_OVERFLOW",
    "int divide by zero": "0xC0000094 STATUS_INTEGER_DIVIDE_BY_ZERO",
    "float divide by zero": "0xC000008E STATUS_FLOAT_DIVIDE_BY_ZERO",
}
