"""Backtrace: an exception and what led to it, as text of bounded length, made in bounded time.

The standard library's formatter builds everything before it cuts, recurses into nested groups and reads
no sign of how large an exception is. This one walks, keeps the two ends of what is long, and says how much
it left out. Local variables are never looked at; a line of source is shown as Python itself does.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator
from itertools import islice
from types import FrameType, TracebackType

LIMIT_CHARS = 60_000
FIRST_FRAMES_LIMIT = 8
LAST_FRAMES_LIMIT = 32
CHAIN_LIMIT_LINKS = 8
CHAIN_WALK_LIMIT_LINKS = 1_000
GROUP_LIMIT_MEMBERS = 8
GROUP_LIMIT_DEPTH = 3
MEMBERS_LIMIT = 24
FRAMES_LIMIT = 240
MESSAGE_LIMIT_CHARS = 2_000
LINE_LIMIT_CHARS = 200
NAME_LIMIT_CHARS = 300
NOTES_LIMIT = 4

_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"


def safe_str(value: object) -> str:
    """``str(value)``, or the name of its type where its ``__str__`` raises; always a plain ``str``."""
    try:
        text = str(value)
        # A subclass could still answer with anything, whatever is asked of it.
        return text if type(text) is str else str.__getitem__(text, slice(None))
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - a host's __str__ may raise anything
        return f"<{type.__getattribute__(type(value), '__name__')}>"


def attribute(holder: object, name: str) -> object:
    """An attribute, None where it is missing or where a host's property raises."""
    try:
        return getattr(holder, name, None)
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - a host's property may raise anything
        return None


def kept(error: BaseException, name: str) -> object:
    """What Python itself keeps of an exception, such as ``__traceback__``, whatever its class says of it."""
    return getattr(BaseException, name).__get__(error)


def type_name(error: BaseException) -> str:
    """The type's name with its module, without ``builtins``."""
    kind = type(error)
    module, name = attribute(kind, "__module__"), attribute(kind, "__qualname__")
    name = safe_str(name) if isinstance(name, str) else "exception"
    return name if module == "builtins" or not isinstance(module, str) else f"{safe_str(module)}.{name}"


def text(error: BaseException) -> str:
    """The traceback of ``error`` with what it was raised from, root first; at most LIMIT_CHARS long."""
    writer = _Writer()
    writer.chain(error, depth=0, seen=set())
    return shortened("".join(writer.lines), LIMIT_CHARS)


def shortened(whole: str, limit_chars: int) -> str:
    """``whole``, or its two ends with a line between them that tells how much is missing."""
    if len(whole) <= limit_chars:
        return whole
    first = limit_chars // 4
    missing = len(whole) - limit_chars
    return f"{whole[:first]}\n[… {missing:,} further characters …]\n{whole[first + missing :]}"


class _Writer:
    """The lines so far, and what is left of the budgets that the whole text shares."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.frames_left = FRAMES_LIMIT
        self.members_left = MEMBERS_LIMIT

    def line(self, content: str, depth: int) -> None:
        margin = "  | " * depth
        self.lines += [f"{margin}{part}\n" for part in content.splitlines() or [""]]

    def chain(self, error: BaseException, *, depth: int, seen: set[int]) -> None:
        links = list(islice(_links(error, seen), CHAIN_WALK_LIMIT_LINKS))
        links.reverse()
        left_out = len(links) - CHAIN_LIMIT_LINKS
        if left_out > 0:
            half = CHAIN_LIMIT_LINKS // 2
            links = links[:half] + links[-half:]
        for position, (link, relation) in enumerate(links):
            self.exception(link, depth=depth, seen=seen)
            if left_out > 0 and position == CHAIN_LIMIT_LINKS // 2 - 1:
                self.line(f"\n[… {left_out:,} further exceptions …]", depth)
            if relation:
                self.line(f"\n{relation}\n", depth)

    def exception(self, error: BaseException, *, depth: int, seen: set[int]) -> None:
        trace = kept(error, "__traceback__")
        if isinstance(trace, TracebackType):
            self.line("Traceback (most recent call last):", depth)
            self.stack(trace, depth)
        message = safe_str(error)
        ending = f": {_cut(message, MESSAGE_LIMIT_CHARS)}" if message else ""
        self.line(f"{_cut(type_name(error), NAME_LIMIT_CHARS)}{ending}", depth)
        notes = attribute(error, "__notes__")
        if isinstance(notes, list):
            for note in notes[:NOTES_LIMIT]:
                self.line(_cut(safe_str(note), MESSAGE_LIMIT_CHARS), depth)
        if issubclass(type(error), BaseExceptionGroup):  # isinstance would ask the host's class
            self.group(error, depth=depth, seen=seen)

    def group(self, error: BaseException, *, depth: int, seen: set[int]) -> None:
        members = attribute(error, "exceptions")
        if not isinstance(members, tuple):
            return
        shown = 0
        for member in members[:GROUP_LIMIT_MEMBERS]:
            if depth >= GROUP_LIMIT_DEPTH or self.members_left <= 0:
                break
            if isinstance(member, BaseException) and id(member) not in seen:
                self.members_left -= 1
                shown += 1
                self.line(f"+---------------- {shown} ----------------", depth)
                self.chain(member, depth=depth + 1, seen=seen)
        if shown < len(members):
            self.line(f"[… {len(members) - shown:,} further exceptions …]", depth)

    def stack(self, trace: TracebackType, depth: int) -> None:
        total = sum(1 for _ in _steps(trace))
        last = max(2, min(LAST_FRAMES_LIMIT, self.frames_left))
        first = FIRST_FRAMES_LIMIT if self.frames_left > last else 0
        previous, repeated = ("", 0, ""), 0

        def tell_repetition() -> None:
            if repeated > 2:
                self.line(f"  [Previous line repeated {repeated - 2} more times]", depth)

        for position, step in enumerate(_steps(trace)):
            if first <= position < total - last:
                if position == first:
                    tell_repetition()
                    repeated, previous = 0, ("", 0, "")
                    self.line(f"  [… {total - last - first:,} further frames …]", depth)
                continue
            code = step.tb_frame.f_code
            place = (code.co_filename, step.tb_lineno, code.co_name)
            repeated = repeated + 1 if place == previous else 0
            if repeated > 2:
                continue
            if place != previous:
                tell_repetition()
            previous = place
            self.frames_left -= 1
            file, name = (_cut(safe_str(part), NAME_LIMIT_CHARS) for part in (place[0], place[2]))
            self.line(f'  File "{file}", line {place[1]}, in {name}', depth)
            source = _source(place[0], place[1], step.tb_frame)
            if source:
                self.line(f"    {source}", depth)
        tell_repetition()


def _links(error: BaseException, seen: set[int]) -> Iterator[tuple[BaseException, str]]:
    """The exception, then what it was raised from, each with how the one before came from it."""
    link: object = error
    relation = ""
    while isinstance(link, BaseException) and id(link) not in seen:
        seen.add(id(link))
        yield link, relation
        cause = kept(link, "__cause__")
        if cause is not None:
            link, relation = cause, _CAUSE
        elif not kept(link, "__suppress_context__"):
            link, relation = kept(link, "__context__"), _CONTEXT
        else:
            return


def _steps(trace: TracebackType) -> Iterator[TracebackType]:
    step: TracebackType | None = trace
    while step is not None:
        yield step
        step = step.tb_next


def _source(file: str, number: int | None, frame: FrameType) -> str:
    getline: Callable[..., str] = linecache.getline
    try:
        return _cut(getline(file, number, frame.f_globals).strip(), LINE_LIMIT_CHARS)
    except (Exception, SystemExit):  # noqa: BLE001 - a host's loader may raise anything
        return ""


def _cut(content: str, limit_chars: int) -> str:
    missing = len(content) - limit_chars
    return f"{content[:limit_chars]}… [+{missing:,}]" if missing > 0 else content
