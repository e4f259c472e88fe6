"""Scrubbing: the second net, after collecting by allow-list.

Every text of a report passes here; what is taken out is replaced by a word in angle brackets and
counted, and the counts travel in the report as its receipt. Of addresses only the user-info, the
query and the fragment are taken out.

Text comes from anywhere, so the time must grow with its length only: a pattern starts at a literal or
where a look-behind anchors it, and the alternatives of a repetition begin with different characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from reporter.report.model import Scrubbed

SECRET = "<secret>"  # noqa: S105 - the word that stands where a secret was
ROUNDS_LIMIT = 8
PIECE_CHARS = 2_048

# A name tells of a secret when one of these stands anywhere in it, …
_PARTS = (
    r"pass(?:word|wd|wort|phrase|code)|pwd|secret|token|credential|cookie|kennwort|signature|assertion|"
    r"(?:api|access|account|auth|private|master|encryption)[_-]?key|access[_-]?code|"
    r"session[_-]?(?:id|key)|sessid|saml(?:response|request|art)|пароль|токен|секрет"
)
# … or when it ends with one of these words. The latter are told by "=" or a quoted name only: "Ticket: 4711"
# is how people write to support.
_WORDS = r"(?:db|user|my|smtp|mail|ldap|admin|root|sql)?pass|pw|pin|otp"
_STRICT_WORDS = r"sig|ticket|uc"
_NAME = (
    rf"(?:(?:{_PARTS})[\w-]{{0,64}}|"
    rf"(?<![^\W_])(?:(?:{_WORDS})(?!\w)|(?:{_STRICT_WORDS})(?=[\"'\\]|[ \t]{{0,16}}=)))"
)
_NAME_HINTS = (
    *("pass", "pwd", "pw", "secret", "token", "credential", "cookie", "kennwort", "signature", "assertion"),
    *("key", "accesscode", "access_code", "access-code", "sessionid", "session_id", "session-id", "sessid"),
    *("saml", "pin", "otp", "sig", "ticket", "uc", "пароль", "токен", "секрет"),
)
_IS = r"(?:\\{0,3}[\"'])?\]?[ \t]*(?:=>|[:=]{1,2}|%3[ad])[ \t]*"

_NOTHING = r"(?!(?:none|null|nil|true|false|undefined)(?![^\s\"',;&)\]}]))"
_DONE = r"(?!\\{0,3}[\"']?<(?:secret|credentials|token|cookie|private key|user)>)"
_QUOTED = r"(?:[a-z]{1,2}(?=[\"']))?(?:\"(?:[^\"\\\r\n]|\\.|\"\")+\"?|'(?:[^'\\\r\n]|\\.|'')+'?)"
_ESCAPED = r"\\{1,3}[\"'][^\"'\\\r\n]+"
_BRACKETED = r"[\[{(][^\]})\r\n]+[\]})]?"
# Ends at white space, at a quote that closes, and where ";", "&" or ", " begins the next member.
_NEXT_MEMBER = r"[\w.-]{1,40}(?: [\w.-]{1,40})? ?="
_BARE = rf"(?:[^\s\"',;&]|,(?=[^\s\"'])|[\"'](?=\w)|[;&](?=[^\s\"'])(?!{_NEXT_MEMBER}))+"
_VALUE = rf"{_DONE}{_NOTHING}(?:{_QUOTED}|{_ESCAPED}|{_BRACKETED}|{_BARE})"

# Of a header all of its line, or up to the quote that ends it; Digest quotes the values of its members.
_HEADER_IS = r"(?:\\{0,3}[\"'])?[ \t]*"
_HEADER_OPENS = r"[ \t]*(?:b?\\{0,3}[\"'])?"
_HEADER_VALUE = rf"{_DONE}(?:[^\r\n\"'\\]|\\(?![\"'])|(?<==)\"[^\"\r\n]{{0,1024}}\")+"

# Kind, what a text must hold in lower case to be looked at, pattern, replacement. In this order: whole
# blocks first, so that their parts are not counted again.
_TABLE: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    (
        "private key",
        ("private key",),
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[^-]|-(?!----))*(?:-----END [A-Z ]{0,60}-----)?",
        "<private key>",
    ),
    (
        "authorization",
        ("authorization",),
        rf"(?i)(authorization{_HEADER_IS}(?:=>|[:=]){_HEADER_OPENS}){_HEADER_VALUE}",
        r"\1<credentials>",
    ),
    ("cookie", ("cookie",), rf"(?i)(cookie2?{_HEADER_IS}:{_HEADER_OPENS}){_HEADER_VALUE}", r"\1<cookie>"),
    (
        "token",
        ("eyj", "gh", "glpat-", "xox", "akia", "asia"),
        r"(?<![\w-])(?:eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?|gh[a-z]_\w{16,}|github_pat_\w{16,}|"
        r"glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|A[KS]IA[A-Z0-9]{12,})",
        "<token>",
    ),
    (
        "bearer token",
        ("bearer", "basic", "negotiate"),
        r"(?i)\b((?:bearer|basic|negotiate)[ \t]+)"
        r"(?=[a-z.~+/=_-]{0,512}\d|[a-z.~+/=_-]{20})[\w.~+/=-]{8,}",
        r"\1<token>",
    ),
    # Up to the last "@": of the whole address where a password, which may hold a slash, stands before it.
    (
        "address credentials",
        ("@",),
        r"(?<!/)//[^\s/@:\[\"'<>]{0,256}:(?!\d{1,5}[/?#])(?:[^\s@\"'<>]{0,512}@)+",
        "//",
    ),
    ("address credentials", ("@",), r"(?<!/)//[^\s/?#@\"'<>]{1,512}@(?:[^\s/?#@\"'<>]{0,512}@)*", "//"),
    (
        "address credentials",
        ("jdbc:oracle:", "sqlplus"),
        r"(?i)\b(jdbc:oracle:[a-z]{1,8}:|sqlplus[ \t]+)[^\s@\"'<>]{1,256}@(?:[^\s@\"'<>]{1,256}@)*",
        r"\1@",
    ),
    (
        "address query",
        ("?",),
        r"(?<![\w/.~%@+-])(/[^\s?#\"'<>]{0,1024})\?[\w%&=~$.+-][^\s\"'<>]*",
        r"\1",
    ),
    ("address query", ("://",), r"(://(?:[^\s?#\"'<>:]|:(?!//))+)[?#][^\s\"'<>]+", r"\1"),
    ("address query", ("?",), r"\?[\w.%~$\[\]-]{1,64}=[^\s\"'<>]*", ""),
    ("secret", _NAME_HINTS, rf"(?i)({_NAME}{_IS}){_VALUE}", r"\1<secret>"),
    (
        "secret",
        _NAME_HINTS,
        rf"(?i)(?<![\w-])(--?[\w-]{{0,40}}?{_NAME}[ \t]+)(?!-){_VALUE}",
        r"\1<secret>",
    ),
    ("secret", ("</",), rf"(?i)(<[\w:.-]{{0,40}}?{_NAME}>)[^<\r\n]+(?=</)", r"\1<secret>"),
    (
        "secret",
        ("pass", "kennwort", "pin", "пароль"),
        r"((?i:pass(?:word|wort|phrase|code)|kennwort|\bpin|пароль)[ \t]+"
        r"(?:(?i:is|was|ist|lautet)|[—–-])[ \t]+)"
        rf"(?=[\"']|[^\s\d!@#$%^&*_+=]{{0,64}}[\d!@#$%^&*_+=])(?=\S{{4}}){_VALUE}",
        r"\1<secret>",
    ),
    (
        "secret",
        ("identified", "password"),
        rf"((?i:identified[ \t]+by|password)[ \t]+(?=[\"'])|IDENTIFIED BY ){_VALUE}",
        r"\1<secret>",
    ),
    (
        "secret",
        ("/uc", "/n"),
        rf"(?<!\S)(/UC[ \t]*|/uc[ \t]+|/N[ \t]?\S{{1,64}}[ \t]{{1,8}}/P[ \t]*){_VALUE}",
        r"\1<secret>",
    ),
    (
        "secret",
        ("-u", "-user"),
        rf"(?<![\w-])((?:-u|--user|--proxy-user)[ \t=]+[\"']?[^\s:\"']{{1,64}}:){_VALUE}",
        r"\1<secret>",
    ),
    (
        "secret",
        ("mysql",),
        rf"\b((?i:mysql)\w{{0,16}}(?:[ \t]{{1,4}}(?!-p)\S{{1,64}}){{0,8}}[ \t]{{1,4}}-p){_VALUE}",
        r"\1<secret>",
    ),
    (
        "address credentials",
        ("@",),
        r"(?i)(?<![\w.+-])(?!(?:mailto|sips?|xmpp|e?-?mail|contact|from|to|b?cc)\b)"
        r"[a-z0-9_.+-]{1,64}:(?!\d+@)(?:[^\s:/@\"'<>]{1,128}@)+(?!sha\d)(?=[\w\[])",
        "<credentials>@",
    ),
    ("home directory", ("/home/", "/users/"), r"(/home/|/Users/)[^/\s\"'<>:]+", r"\1<user>"),
    (
        "home directory",
        ("users", "documents and settings"),
        r"(?i)\b([A-Z]:[\\/]{1,4}(?:Users|Documents and Settings)[\\/]{1,4})"
        r"(?:[^\\/\r\n\"'<>:]{1,64}(?=[\\/])|[^\\/\s\"'<>:]+)",
        r"\1<user>",
    ),
)
_Row = tuple[str, tuple[str, ...], re.Pattern[str], str]
_PATTERNS: tuple[_Row, ...] = tuple(
    (kind, hints, re.compile(pattern), replacement) for kind, hints, pattern, replacement in _TABLE
)
_BLOCKS, _LINES = _PATTERNS[:1], _PATTERNS[1:]
_PIECE = re.compile(rf"(?s:.{{{PIECE_CHARS}}})[^\n]*\n?|(?s:.+)")
_SECRET_NAME = re.compile(rf"(?i)authorization|{_PARTS}|(?<![^\W_])(?:{_WORDS}|{_STRICT_WORDS})\Z")


def text(value: str) -> tuple[str, Counter[str]]:
    """``value`` without secrets, and how many of each kind were taken out; doing it twice changes nothing."""
    found: Counter[str] = Counter()
    # What is taken out may bring the parts of another together, so until nothing more is found.
    for _ in range(ROUNDS_LIMIT):
        before = value
        value = _apply(_BLOCKS, value, found)
        # All others stay within a line, and most lines hold nothing that has to be looked at closely.
        value = "".join(_apply(_LINES, piece, found) for piece in _PIECE.findall(value))
        if value == before:
            break
    return value, found


def _apply(rows: Sequence[_Row], value: str, found: Counter[str]) -> str:
    lowered = value.casefold()
    for kind, hints, pattern, replacement in rows:
        if any(hint in lowered for hint in hints):
            scrubbed, count = pattern.subn(replacement, value)
            if scrubbed != value:
                found[kind] += count
                value = scrubbed
    return value


def document(value: Any, *, keep: Callable[[tuple[str, ...]], bool]) -> tuple[Any, list[Scrubbed]]:
    """A JSON-like document with every text scrubbed, and the receipt, a line a kind and top-level place.

    What is named as a secret is replaced as a whole, whatever it holds. ``keep`` tells of a path (the names
    of the members) that it stays as it is.
    """
    found: Counter[tuple[str, str]] = Counter()

    def walk(part: Any, path: tuple[str, ...]) -> Any:
        if keep(path):
            return part
        where = ".".join(path[:2])
        if path and is_secret_name(path[-1]) and part not in (None, False, True, "", SECRET):
            found["secret", where] += 1
            return SECRET
        if isinstance(part, str):
            clean, kinds = text(part)
            for kind, count in kinds.items():
                found[kind, where] += count
            return clean
        if isinstance(part, dict):
            return {name: walk(member, (*path, str(name))) for name, member in part.items()}
        if isinstance(part, list):
            return [walk(member, path) for member in part]
        return part

    clean = walk(value, ())
    receipt = [
        Scrubbed(kind=kind, where=where, count=count) for (kind, where), count in sorted(found.items())
    ]
    return clean, receipt


def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a secret; none of our own report has such a name."""
    return _SECRET_NAME.search(name) is not None
