"""Places: the names and addresses of hosts, and the person's own names, which get pseudonyms.

A host is hidden when its name is private: of a domain that exists only inside networks, of one of the
organisation's, or without a domain where only a host can stand. Names of the public internet stay readable.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from reporter.report.pseudonyms import PSEUDONYM, Names
from reporter.report.scrub import people
from reporter.report.scrub.sweep import Group, Row, group, row

NAME_LEAST_CHARS = 3
REPEATED_NAMES = 1024
"""A log says the same few names again and again."""
PRIVATE_SUFFIXES = (
    "local",
    "lan",
    "corp",
    "internal",
    "intranet",
    "home",
    "domain",
    "localdomain",
    "private",
)
# Words that name nobody and nothing, and the words that scrubbing itself puts.
COMMON_NAMES = frozenset(
    """
    root user users admin administrator guest test home local public default system service server host
    hostname localhost localdomain computer desktop laptop workstation linux windows debian ubuntu
    fedora oracle postgres mysql python www-data nobody none null true false address secret token
    cookie mail e-mail credentials private key card phone password hash example srv name machine domain
    web pipe wsl tsclient unknown any all self пользователь администратор админ гость сервер компьютер
    """.split()  # noqa: SIM905 - words read better than a list of them
)
# What stands before ".home" or ".local" in programs: threading.local, user.home, rc.local.
_OF_PROGRAMS = frozenset(
    """
    self this cls user os java javax sys system app config cfg conf settings env window document
    threading process module obj request req response ctx context args options opts props data node std
    asyncio django spring server rc state package org.springframework client session event params
    storage tmp
    """.split()  # noqa: SIM905 - words read better than a list of them
)
_NO_HOST_SCHEMES = frozenset(
    """
    file about chrome chrome-extension moz-extension resource urn unix data blob jar res ms-appx vscode
    """.split()  # noqa: SIM905 - words read better than a list of them
)

# The first "1" is the literal that the search runs for; the blocks follow it.
_BLOCKS = (
    r"1(?<![\w.]1)(?:0{0}|"
    r"(?:92\.168|69\.254|72\.(?:1[6-9]|2\d|3[01])|00\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])))"
)
_ADDRESS = _BLOCKS.format(r"\.\d{1,3}") + r"(?:\.\d{1,3}){2}(?!\w|\.\d)"
_ADDRESS6_PROBE = r"f(?<![\w:]f)(?:[cd][0-9a-f]{2}|e[89ab][0-9a-f]):[0-9a-f:]"
_ADDRESS6 = (
    r"(?i)(?<![\w:.])((?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):[0-9a-f:]{2,40})(?:%[\w.-]{1,32})?(?![\w:])"
)


def tables(names: Names) -> tuple[tuple[Group, ...], tuple[Row, ...]]:
    """The groups for these names, and the rows for lines that hold a telling word."""
    table = names.pseudonyms
    suffixes = "|".join([*PRIVATE_SUFFIXES, *(re.escape(domain.lower()) for domain in sorted(names.domains))])
    end = r"(?![\w-]|\.\w|\()"
    is_private = re.compile(rf"(?i)(?:.*\.)?(?:{suffixes})\.?").fullmatch
    own = frozenset(domain.lower() for domain in names.domains)

    @lru_cache(maxsize=REPEATED_NAMES)
    def host(name: str, *, bare: bool) -> str:
        """The pseudonym of a name that is private; ``bare``: it may have no domain."""
        lowered = name.lower().rstrip(".")
        if PSEUDONYM.fullmatch(lowered) or lowered in COMMON_NAMES:
            return name
        if "." in lowered:
            if not is_private(lowered) or (lowered.split(".")[0] in _OF_PROGRAMS and lowered.count(".") == 1):
                return name
        elif not bare or not re.search(r"[^\W\d_]", lowered):
            return name
        return table.host(lowered)

    def in_text(match: re.Match[str]) -> str:
        labels = match[0].lower().split(".")
        if labels[0] in _OF_PROGRAMS and not any(match[0].lower().endswith(domain) for domain in own):
            return match[0]
        return host(match[0], bare=False)

    def in_link(match: re.Match[str]) -> str:
        if match[1].lower() in _NO_HOST_SCHEMES:
            return match[0]
        return f"{match[1]}://{host(match[2], bare=True)}"

    def after_name(match: re.Match[str]) -> str:
        return match[1] + re.sub(
            r"(?<![\w:.-])[\w.-]*[^\W\d_][\w.-]*", lambda m: host(m[0], bare=True), match[2]
        )

    def unc(match: re.Match[str]) -> str:
        return match[1] + host(match[2], bare=True)

    @lru_cache(maxsize=REPEATED_NAMES)
    def known(text: str) -> str:
        return text if any(int(octet) > 255 for octet in text.split(".")) else table.address(text)

    def address(match: re.Match[str]) -> str:
        return known(match[0])

    def address6(match: re.Match[str]) -> str:
        from ipaddress import AddressValueError, IPv6Address

        try:
            return table.address(IPv6Address(match[1]).compressed)
        except AddressValueError:
            return match[0]

    def home(match: re.Match[str]) -> str:
        name = match[2]
        return match[1] + (
            name if name.lower() in COMMON_NAMES or PSEUDONYM.fullmatch(name) else table.user(name)
        )

    own_or = (
        rf"(?:[^\W_][\w-]*\.)*(?:{'|'.join(re.escape(domain) for domain in sorted(own))}){end}|"
        if own
        else ""
    )
    with_domain = row(
        "host name",
        (),
        rf"(?i)(?<![\w./\\-])(?:{own_or}(?:[^\W_][\w-]*\.)+(?:{suffixes}){end})",
        in_text,
    )
    found = [
        group(
            "://",
            row(
                "host name", (), r"\b([A-Za-z][A-Za-z0-9+.-]{0,20})://([\w-]+(?:\.[\w-]+)*)(?![\w(])", in_link
            ),
        ),
        group(
            r"\\\\[\w-]",
            row(
                "host name",
                (),
                r"((?<![\\\w:.])\\\\|(?<![\\\w:.])\\\\\\\\)([^\W_][\w-]*(?:\.[\w-]+)*)(?=\\{1,2}[\w$.])",
                unc,
            ),
        ),
        group(
            (
                rf"\.(?:{'|'.join(PRIVATE_SUFFIXES)}){end}",
                *(re.escape(domain) + end for domain in sorted(own)),
            ),
            with_domain,
            words=True,
        ),
        group((), row("private address", (), _ADDRESS, address)),
        group(_ADDRESS6_PROBE, row("private address", (), _ADDRESS6, address6)),
    ]
    in_words = (
        *people.homes(home),
        row(
            "host name",
            ("srvr", "server", "source", "host", "addr"),
            r"(?i:(?<![\w.-])((?:(?:db)?srvr|(?:db-?)?server|data source|host(?:name|addr)?|addr|"
            r"network address)[ \t]{0,4}="
            r"[ \t]{0,4}\\{0,3}[\"']?(?:tcp:|np:|lpc:)?))([\w.:,-]+)(?![\w(/\[])",
            after_name,
        ),
        row("host name", ("/s",), r"((?<!\S)/S[ \t]*\"?)([\w.-]+(?::\d{1,5})?)(?=\\)", after_name),
    )
    homes = [place.rstrip("/\\") for place in names.homes]
    found += _exact(
        "home directory", [place for place in homes if len(place) > NAME_LEAST_CHARS], lambda _: "<home>"
    )
    found += _exact("user name", _telling(names.users), lambda match: table.user(match[0]))
    found += _exact("host name", _telling(_with_labels(names.hosts)), lambda match: host(match[0], bare=True))
    return tuple(found), in_words


def _with_labels(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """A host that calls itself by its whole name is spoken of by its first label too."""
    labels = (name.partition(".")[0] for name in hosts)
    return (*hosts, *(label for label in labels if not label.isdecimal()))


def _telling(names: tuple[str, ...]) -> list[str]:
    return [
        name
        for name in names
        if len(name) >= NAME_LEAST_CHARS
        and name.lower() not in COMMON_NAMES
        and not PSEUDONYM.fullmatch(name)
    ]


def _exact(kind: str, words: list[str], put: Callable[[re.Match[str]], str]) -> list[Group]:
    """The words wherever they stand alone, the longest first."""
    if not words:
        return []
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    either = "|".join(re.escape(word) for word in ordered)
    probe = "|".join(re.escape(word.lower()) for word in ordered)
    return [group(probe, row(kind, (), rf"(?i)(?<!\w)(?:{either})(?!\w)", put))]
