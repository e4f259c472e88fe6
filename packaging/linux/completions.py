"""Completions: what shells offer after the command, as click tells them to ask the program itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from click.shell_completion import get_completion_class

from linux.pieces import File, Piece
from release.errors import PackagingError
from release.identity import Identity
from reporter.cli import reporter

ZSH_FOLDERS = {"deb": "/usr/share/zsh/vendor-completions", "rpm": "/usr/share/zsh/site-functions"}
"""zsh itself keeps the second for the administrator on Debian."""


def completions(identity: Identity, form: str) -> Iterator[Piece]:
    """One file for each shell; ``form``: ``deb`` or ``rpm``. Raises PackagingError."""
    command = identity.command
    yield File(place=f"/usr/share/bash-completion/completions/{command}", content=script(command, "bash"))
    yield File(place=f"/usr/share/fish/vendor_completions.d/{command}.fish", content=script(command, "fish"))
    yield File(place=f"{ZSH_FOLDERS[form]}/_{command}", content=script(command, "zsh"))


def script(command: str, shell: str) -> bytes:
    """What a shell reads; raises PackagingError where click does not know the shell any more."""
    kind = get_completion_class(shell)
    if kind is None:
        raise PackagingError(
            f"click has no completion for {shell}; install the version that pyproject.toml asks for."
        )
    # As click itself names the variable by which the program is asked.
    variable = re.sub(r"\W", "_", f"_{command}_COMPLETE").upper()
    made = kind(reporter, {}, command, variable)
    text = made.source_template % made.source_vars()
    return f"{text.strip()}\n".encode()
