"""Base: what every kind of signature has in common, and how its keys are named by the environment."""

from __future__ import annotations

import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from release.errors import PackagingError
from release.workshop import SAID_LIMIT_LINES, TOOL_LIMIT_S, completed


class Signer(ABC):
    """One kind of signature. ``wanted``: which variables have to be set, in words for a person."""

    wanted: str

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.given = Given(environ)

    @abstractmethod
    def is_set(self) -> bool:
        """Whether keys are named; raises PackagingError where they are named by half."""

    @abstractmethod
    def sign(self, path: Path) -> str:
        """Sign a file and check the signature; the file stays as it was until both have worked.

        Returns what is still missing, empty where nothing is. Raises PackagingError.
        """

    @abstractmethod
    def is_signed(self, path: Path) -> bool:
        """Whether a file has a signature already, whosever it is."""


class Given:
    """What the environment says. An empty variable counts as unset: so CI passes a missing secret."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        """The value of a variable, empty where it is not set."""
        return self._environ.get(name, "").strip()

    def file(self, name: str) -> Path | None:
        """The file that a variable names; raises PackagingError where it cannot be read."""
        if not self.text(name):
            return None
        path = Path(self.text(name))
        try:
            path = path.expanduser()
            path.open("rb").close()
        except (OSError, RuntimeError) as error:  # the latter for the home of nobody
            reason = getattr(error, "strerror", None) or error
            raise PackagingError(
                f"{name} names {path}, which cannot be read ({reason}); correct it or leave it empty."
            ) from None
        return path.absolute()

    @contextmanager
    def secret(self, name: str) -> Iterator[Path | None]:
        """A file with the secret that ``name`` holds or ``name``_FILE names, None without one.

        Tools get the name of this file, because everybody on a computer can read their command lines.
        """
        named = self.file(f"{name}_FILE")
        held = self._environ.get(name, "")
        if named or not held:
            yield named
            return
        with tempfile.TemporaryDirectory(prefix="signing-") as folder:
            path = Path(folder) / "secret"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                written.write(os.fsencode(held))
            yield path


@dataclass(frozen=True)
class Ended:
    """``said``: standard output, then standard error."""

    status: int
    said: str

    def last_words(self) -> str:
        """What stands at the end of what a tool said, without the places in OpenSSL's own code."""
        lines = [line for line in self.said.splitlines() if line.strip() and not _OF_OPENSSL.match(line)]
        return "\n    ".join(lines[-SAID_LIMIT_LINES:])


_OF_OPENSSL = re.compile(r"[0-9A-F]{8,16}:error:")


def ended(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    limit_s: float = TOOL_LIMIT_S,
) -> Ended:
    """Run a tool to its end, whatever that is; raises PackagingError where it cannot be started or stays.

    ``environ`` is added to this process's own.
    """
    # What it says is looked at.
    done = completed(command, cwd=cwd, environ={**(environ or {}), "LC_ALL": "C"}, limit_s=limit_s)
    return Ended(done.returncode, done.stdout + done.stderr)


def why(done: Ended, reasons: Mapping[str, str]) -> str:
    """The sentence for the first of the words in ``reasons`` that a tool said; else what it said last."""
    for words, sentence in reasons.items():
        if words in done.said:
            return sentence
    return f"the tool said:\n    {done.last_words()}"
