"""Restart: the command that started this program, and starting it once more.

The host says the command, the agent's own process starts it when the person asks for it, because the host
has ended by then. The command is never part of a Failure: arguments can hold secrets, and reports travel.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

COMMAND_LIMIT_CHARS = 16_384


def command(restart: bool | Sequence[str]) -> list[str]:
    """The command that starts this program again; empty where none is wanted or it cannot be known.

    ``restart``: True for the command that started this process, or a command of the host's own.
    """
    if restart is False:
        return []
    words = _own() if restart is True else [str(word) for word in restart]
    try:
        size = len("".join(words).encode())
    except UnicodeEncodeError:
        return []  # bytes that are no text do not survive the way to the agent
    return words if 0 < size <= COMMAND_LIMIT_CHARS else []


def _own() -> list[str]:
    if not sys.executable:
        return []
    if getattr(sys, "frozen", False):  # of a host, whoever froze it
        return [sys.executable, *sys.argv[1:]]
    return [sys.executable, *sys.orig_argv[1:]]


def start(words: Sequence[str], folder: str) -> bool:
    """Start the program as a process that does not depend on this one; whether that worked.

    It gets this process's environment, the one that the host handed down, and ``folder`` as its working
    directory where that still exists.
    """
    import subprocess

    for place in (folder or None, None):
        try:
            if sys.platform == "win32":
                flags = subprocess.CREATE_NEW_PROCESS_GROUP
                process = subprocess.Popen(
                    list(words), cwd=place, stdin=subprocess.DEVNULL, creationflags=flags
                )
            else:
                process = subprocess.Popen(
                    list(words), cwd=place, stdin=subprocess.DEVNULL, start_new_session=True
                )
        except (OSError, ValueError):
            continue
        # It goes on without us; Popen would complain about a child that nobody waits for.
        process.returncode = 0
        return True
    return False
