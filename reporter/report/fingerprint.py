"""Fingerprint: the same for failures of one kind, whoever has them and in whichever version.

A crash is known by the types of its exceptions and by the functions on its stack: without lines, folders,
versions, addresses and whatever else differs between two computers. A failed login is known by its cause and
by the server it was meant for. Only a hash leaves this module. Texts of messages are used where there is
nothing else, with numbers and names taken out. Read are the stacks of Python, its faulthandler, Java, .NET,
JavaScript and 1C.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from urllib.parse import urlsplit

import msgspec

from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.texts.safe import without_secrets

EDITION = "1"
DIGEST_BYTES = 8
LINES_LIMIT = 4_000
LINE_LIMIT_CHARS = 1_000
FRAMES_LIMIT = 6
SECTIONS_LIMIT = 8

_DEFAULT_PORTS = {"http": 80, "https": 443, "ldap": 389, "ldaps": 636, "postgresql": 5432, "postgres": 5432}
_PORT_OF_1C = 1541
_SERVER_OF_1C = re.compile(r"(srvr|ws)\s*=\s*\"?([^\";]*)", re.IGNORECASE)

# One line of a stack, as each system writes it. Lines are cut to LINE_LIMIT_CHARS before.
_MARGIN = re.compile(r"^(?:[ \t]*\| ?)*")  # of the members of a group
_MEMBER = re.compile(r"^[\s|]*\+[-+]")
_PYTHON = re.compile(r'File "([^"]*)", line (?:\d+|\?+),? in (.+)$')
_JAVASCRIPT = re.compile(r"at (?:async )?(?:new )?([^(]*) \(([^()]*):\d+:\d+\)$")
_JAVASCRIPT_BARE = re.compile(r"at (?:async )?([^()\s]+):\d+:\d+$")
_FIREFOX = re.compile(r"([^@\s]*)@((?:https?|file|app|resource)://\S*):\d+:\d+$")
_CALLED = re.compile(r"(?:at|в|bei|à|en|in) (?:[\w.\-@]*/)*([\w.$<>`|\[\],+\-]+)\s?\(")
_ONE_C = re.compile(r"\{([^{}()]{1,200})\(\d+(?:,\d+)?\)\}")
_TYPE = re.compile(r"(?:Unhandled exception[.:]? |Uncaught (?:\(in promise\) )?)?([^\W\d][\w.$]*)(?::|$)")
_TYPE_AFTER = re.compile(r"(?:Caused by: |Exception in thread \".*?\" |---> )([^\W\d][\w.$]*)")
_ALIAS = re.compile(r" \[as [^\]]*\]$")
_CELL = re.compile(r"(?:-[0-9a-f]+)+>$")  # of a notebook
_CURRENT_THREAD = re.compile(r"^(?:Current thread|Thread) 0x")

# Frames that are not the application's own.
_LIBRARY_PATH = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules)/|/lib(?:64)?/python\d|^<frozen |^node:"
    r"|python\d*(?:\.\d+)?\.zip/|/Python\d+/Lib/|/Versions/\d[\d.]*/lib/|^internal/",
    re.IGNORECASE,
)
_LIBRARY_CALL = re.compile(r"^(?:java|javax|jdk|sun|kotlin|scala|System|Microsoft|MS|com\.sun)\.")
_INLINED = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>"})  # since Python 3.12 no frames of their own
_DEEP = frozenset({"RecursionError", "StackOverflowError", "StackOverflowException", "RangeError"})

# What differs between two runs or two versions of the same.
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_HASH = re.compile(r"[.\-_~](?=[0-9a-f]*\d)[0-9a-f]{6,}(?=[.\-_]|$)")
_VERSION = re.compile(r"[.\-_ ]?v?\d+(?:[._]\d+)+\w*|[.\-_ ]v?\d+(?=[.\-_ ]|$)")
_COMPILER = re.compile(r"\$\$Lambda.*|\$\d+|`\d+|__\d+(?:_\d+)?|\d+_\d+|(?<=\$)\d+|Accessor\d+|Proxy\d+")
_STATE_MACHINE = re.compile(r"(?:\+|\.)?<(\w+)>d(?:__\d+)?(?:`\d+)?\.MoveNext$")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|«[^»]*»|`[^`]*`")
_NUMBER = re.compile(r"\d+")
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/][^\s,;:]+|\S+@\S+")


class Frame(msgspec.Struct, frozen=True):
    """One call, without what differs between versions. ``is_own``: the application's, not a library's."""

    module: str
    function: str
    is_own: bool


class Section(msgspec.Struct):
    """One exception of a stack text: its type, and its frames from the innermost out."""

    type: str
    frames: list[Frame]


def of(failure: Failure, verdict: Verdict | None) -> str:
    """The fingerprint: 16 hexadecimal digits. Never raises."""
    if failure.is_request:
        parts = ["request", *_crash(failure), *_server(failure.target)]
    elif not failure.is_crash and verdict is not None:
        parts = ["login", verdict.cause, verdict.layer, *_server(verdict.target or failure.target)]
    elif not failure.is_crash:
        parts = ["login", *_crash(failure), *_server(failure.target)]
    else:
        parts = ["crash", *_crash(failure)]
    whole = "\0".join([EDITION, *parts]).encode("utf-8", "replace")
    return blake2b(whole, digest_size=DIGEST_BYTES).hexdigest()


def _server(target: str) -> list[str]:
    """Scheme, host and port of an address; nothing of its path, and no secret."""
    of_1c = _SERVER_OF_1C.search(target)
    if of_1c is not None and of_1c[1].lower() == "srvr":
        host, _, port = of_1c[2].strip().lower().partition(":")
        return ["1c", host.rstrip("."), port or str(_PORT_OF_1C)]
    address = without_secrets(of_1c[2] if of_1c else target.strip())
    if "://" not in address:
        scheme, _, name = address.partition(":")
        if scheme.lower() == "infobase":
            return ["infobase", name.strip().lower()]
        address = f"tcp://{address}"
    try:
        parts = urlsplit(address)
        host, port_number = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ["", ""]
    return [parts.scheme, host, str(port_number or _DEFAULT_PORTS.get(parts.scheme) or "")]


def _crash(failure: Failure) -> list[str]:
    exception = failure.exception
    name = _without_versions(failure.application.name).strip().lower() if failure.application else ""
    if exception is None:
        return [name, _template(failure.message)]
    kinds = sorted({_short(kind) for kind in [exception.type, *exception.chain] if kind})
    codes = [str(exception.errno or ""), exception.sqlstate, str(exception.ldap_code or "")]
    sections = _sections(exception.traceback)
    told = [_told(section, is_deep=_is_deep(section.type, kinds)) for section in sections]
    told = [signature for signature in told if signature]
    if not told:
        told = [] if kinds else [_template(failure.message)]
    elif _is_group(exception.traceback):
        told = sorted(set(told))  # the members come in the order in which they happened to fail
    else:
        told = [told[0], *told[-1:]]  # the root, and what came of it
    return [name, *kinds, *codes, *told[:SECTIONS_LIMIT]]


def _told(section: Section, *, is_deep: bool) -> str:
    """One exception as a line: its type and the application's own innermost calls."""
    frames = section.frames
    if is_deep:
        # Where a recursion breaks off is chance; what calls itself is not.
        counted: dict[Frame, int] = {}
        for frame in frames:
            counted[frame] = counted.get(frame, 0) + 1
        repeated = [frame for frame, count in counted.items() if count > 1]
        frames = sorted(repeated or counted, key=lambda frame: (frame.module, frame.function))
    own = [frame for frame in frames if frame.is_own]
    chosen = islice(dict.fromkeys(own or frames), FRAMES_LIMIT)
    calls = [f"{frame.module}:{frame.function}" for frame in chosen]
    if own and not is_deep and not frames[0].is_own:
        calls.append(f"in {frames[0].module}")  # a fault inside a library, of whichever version
    return " ".join([_short(section.type), *calls]) if calls else ""


def _is_deep(kind: str, kinds: Iterable[str]) -> bool:
    return any(name in _DEEP or "STACK_OVERFLOW" in name for name in (_short(kind), *kinds))


def _is_group(text: str) -> bool:
    return any(_MEMBER.match(line) for line in text.splitlines()[:LINES_LIMIT])


def _sections(text: str) -> list[Section]:
    """The exceptions of a stack text, in its order."""
    lines = [line[:LINE_LIMIT_CHARS].rstrip() for line in islice(text.splitlines(), LINES_LIMIT)]
    if any(line.startswith(("Fatal Python error", "Windows fatal exception")) for line in lines[:3]):
        return [Section("", list(_faulted(lines)))]
    if any(_PYTHON.search(line) for line in lines):
        return _python_sections(lines)
    return _other_sections(lines)


def _faulted(lines: list[str]) -> Iterator[Frame]:
    """The frames of the thread that failed, which faulthandler writes innermost first."""
    starts = [number for number, line in enumerate(lines) if line.startswith("Current thread")]
    starts = starts or [number for number, line in enumerate(lines) if _CURRENT_THREAD.match(line)]
    for line in lines[starts[0] + 1 :] if starts else lines:
        found = _PYTHON.search(line)
        if found is not None:
            yield from _python_frame(found[1], found[2])
        elif not line.strip() or _CURRENT_THREAD.match(line):
            return


def _python_sections(lines: list[str]) -> list[Section]:
    sections: list[Section] = []
    frames: list[Frame] = []
    for line in lines:
        found = _PYTHON.search(line)
        if found is not None:
            frames.extend(_python_frame(found[1], found[2]))
            continue
        kind = _TYPE.match(_MARGIN.sub("", line))  # a line of source is indented
        if frames and kind is not None:
            sections.append(Section(kind[1], frames[::-1]))
            frames = []
    if frames:
        sections.append(Section("", frames[::-1]))
    return sections


def _python_frame(path: str, function: str) -> Iterator[Frame]:
    function = _ADDRESS.sub("", function).strip()
    if function not in _INLINED:
        yield Frame(_module(path), function, is_own=_LIBRARY_PATH.search(path.replace("\\", "/")) is None)


def _other_sections(lines: list[str]) -> list[Section]:
    """Java, .NET, JavaScript and 1C: the type first, then the calls from the innermost out."""
    sections: list[Section] = []
    current = Section("", [])
    for line in lines:
        content = line.strip()
        frame = _called(content)
        if frame is not None:
            current.frames.append(frame)
            continue
        kind = _TYPE_AFTER.search(content) or (_TYPE.match(content) if line[:1].strip() else None)
        if kind is not None:
            if current.frames:
                sections.append(current)
            current = Section(kind[1], []) if current.frames or not current.type else current
    if current.frames:
        sections.append(current)
    return sections


def _called(content: str) -> Frame | None:
    found = _JAVASCRIPT.match(content)
    if found is not None:
        return _javascript_frame(found[2], found[1])
    found = _JAVASCRIPT_BARE.match(content)
    if found is not None:
        return _javascript_frame(found[1], "")
    found = _FIREFOX.match(content)
    if found is not None:
        return _javascript_frame(found[2], found[1])
    found = _CALLED.match(content)
    if found is not None:
        whole = _STATE_MACHINE.sub(r".\1", found[1])
        module, _, function = _COMPILER.sub("", whole).rpartition(".")
        return Frame(module, function, is_own=_LIBRARY_CALL.match(whole) is None)
    found = _ONE_C.search(content)
    return None if found is None else Frame(found[1].strip(), "", is_own=True)


def _javascript_frame(path: str, function: str) -> Frame:
    is_own = _LIBRARY_PATH.search(path.replace("\\", "/")) is None
    return Frame(_module(path), _ALIAS.sub("", function).strip(), is_own=is_own)


def _module(path: str) -> str:
    """A file's name without folders, ending and version; of a package's own file the package."""
    parts = [part for part in re.split(r"[\\/]", path.partition("?")[0]) if part]
    name = parts[-1] if parts else ""
    stem = _without_versions(_HASH.sub("", _CELL.sub(">", name)))
    for ending in (".py", ".pyc", ".pyw", ".pyx", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx"):
        stem = stem.removesuffix(ending)
    if stem in ("__init__", "__main__", "index") and len(parts) > 1:
        stem = _without_versions(parts[-2])
    return _ADDRESS.sub("", stem).lower()


def _without_versions(name: str) -> str:
    return _VERSION.sub("", name)


def _short(kind: str) -> str:
    """A type's name without its module: a class is ``__main__.X`` in a script and ``app.X`` installed."""
    return _COMPILER.sub("", kind.strip()).rpartition(".")[2]


def _template(message: str) -> str:
    """A message without what names a person, a place or a number."""
    folded = " ".join(message[:LINE_LIMIT_CHARS].split())
    for pattern in (_ADDRESS, _QUOTED, _PATH, _NUMBER):
        folded = pattern.sub("…", folded)
    return folded.lower()
