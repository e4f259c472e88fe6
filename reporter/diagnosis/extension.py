"""Extension: causes that an application adds to the table, through entry points.

A package that is installed beside Reporter names them in the group ``reporter.rules``:

    [project.entry-points."reporter.rules"]
    erp = "erp.reporter:CAUSES"

where ``CAUSES`` is an AppCause or a sequence of them. Entry points are loaded when the first verdict is
made, in whichever process makes it. One that cannot be used is a gap that is recorded, never an exception.
"""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.machinery import PathFinder
from typing import NamedTuple

from reporter.diagnosis.answer import TYPED_CODES
from reporter.diagnosis.evidence import Evidence
from reporter.diagnosis.verdict import Owner, Retry
from reporter.texts.safe import one_line

GROUP = "reporter.rules"
CAUSES_LIMIT = 200
WHY_LIMIT_CHARS = 300

# Of PyInstaller's loader: the first place where a frozen program looks, with parts of Python alone.
_LOADERS_ARCHIVE = "base_library.zip"
_METADATA = (".dist-info", ".egg-info", "egg-info")
_NAME = re.compile(r"app\.[a-z][a-z0-9_]{0,47}")


class AppCause(NamedTuple):
    """One cause of an application's own.

    ``cause``: ``app.`` and a name in lower case that the table of causes does not have. ``words``: language
    tag → headline and advice, plain text; ``en`` is needed. ``when``: looks at the Evidence. Whatever it
    says, a typed answer (``application/problem+json``) whose ``code`` is the name after ``app.`` tells the
    cause.
    """

    cause: str
    owner: Owner
    retry: Retry
    words: Mapping[str, tuple[str, tuple[str, ...]]]
    when: Callable[[Evidence], bool] | None = None

    @property
    def code(self) -> str:
        """The name after ``app.``."""
        return self.cause.partition(".")[2]


class Extensions(NamedTuple):
    """``gaps``: an English sentence for each entry point that cannot be used."""

    causes: tuple[AppCause, ...] = ()
    gaps: tuple[str, ...] = ()

    def find(self, cause: str) -> AppCause | None:
        """The cause of this name, if an application has added one."""
        return next((added for added in self.causes if added.cause == cause), None)


@functools.cache
def installed() -> Extensions:
    """The causes that installed packages add; read once in a process. Never raises."""
    if not _may_be_any():
        return Extensions()
    from importlib.metadata import entry_points

    causes: dict[str, AppCause] = {}
    gaps = []
    for point in entry_points(group=GROUP):
        try:
            more = dict(causes)
            for cause in _several(point.load()):
                _check(cause, more)
                more[cause.cause] = cause
            causes = more
        except (Exception, SystemExit) as error:  # noqa: BLE001 - another package's code may raise anything
            why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            why = one_line(why, WHY_LIMIT_CHARS)
            gap = f"The causes of {point.name} ({point.value}) are left out: {why}."
            _warn(gap)
            gaps.append(gap)
    return Extensions(tuple(causes.values()), tuple(gaps))


def applies(added: AppCause, evidence: Evidence) -> bool:
    """Whether the application's own look at the evidence finds its cause; one that breaks finds nothing."""
    if added.when is None:
        return False
    try:
        return bool(added.when(evidence))
    except Exception:  # noqa: BLE001 - another package's code may raise anything
        _warn(f"The rule for {added.cause} broke and is passed over", exc_info=True)
        return False


def _may_be_any() -> bool:
    """Whether a look through the metadata is worth its time and memory: it is not where no installed package
    has a word of the group."""
    if any(hasattr(one, "find_distributions") and one is not PathFinder for one in sys.meta_path):
        return True
    for entry in sys.path:
        try:
            with os.scandir(entry or ".") as found:
                folders = [one.path for one in found if one.name.lower().endswith(_METADATA)]
        except FileNotFoundError:
            continue
        except OSError:  # an archive, or what cannot be listed
            if os.path.basename(entry) == _LOADERS_ARCHIVE:  # noqa: PTH119 - of many
                continue
            return True
        for folder in folders:
            try:
                with open(os.path.join(folder, "entry_points.txt"), "rb") as file:  # noqa: PTH118, PTH123 - of many
                    if GROUP.encode() in file.read():
                        return True
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                return True
    return False


def _warn(sentence: str, *, exc_info: bool = False) -> None:
    import logging

    logging.getLogger(__name__).warning(sentence, exc_info=exc_info)


def _several(loaded: object) -> Iterable[AppCause]:
    if isinstance(loaded, AppCause):
        return (loaded,)
    if isinstance(loaded, list | tuple):
        return loaded
    raise TypeError("an AppCause or a sequence of them is expected")


def _check(cause: object, known: Mapping[str, AppCause]) -> None:
    """Raises TypeError or ValueError, whose text says what to mend."""
    if not isinstance(cause, AppCause):
        raise TypeError(f"{type(cause).__name__} is not an AppCause")
    if not _NAME.fullmatch(cause.cause):
        raise ValueError(f"{cause.cause!r} is not app. and a name in lower case")
    if cause.code in TYPED_CODES or cause.cause in known:
        raise ValueError(f"{cause.cause} is defined already")
    if len(known) >= CAUSES_LIMIT:
        raise ValueError(f"more than {CAUSES_LIMIT} causes")
    Owner(cause.owner), Retry(cause.retry)  # ValueError for what is neither
    if "en" not in cause.words:
        raise ValueError(f"{cause.cause} has no English words")
    for headline, advice in cause.words.values():
        if not headline or not all(isinstance(line, str) for line in (headline, *advice)):
            raise ValueError(f"{cause.cause} needs a headline and advice, all text")
