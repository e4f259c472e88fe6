"""Scrubbing: the second net, after collecting by allow-list.

Every text of a report passes here; what is taken out is replaced by a word in angle brackets, or by a
pseudonym where ``Names`` are given, and counted; the counts travel in the report as its receipt. What
is looked for is told by the tables: ``fields``, ``shapes``, ``links``, ``people`` and ``places``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reporter.report.model import Scrubbed
from reporter.report.scrub import fields, links, people, shapes
from reporter.report.scrub.fields import SECRET, is_secret_name
from reporter.report.scrub.sweep import Group, Row, group, probes, swept

if TYPE_CHECKING:
    from reporter.report.pseudonyms import Names

__all__ = ["GROWTH_LIMIT", "document", "is_secret_name", "text"]

GROWTH_LIMIT = 4
"""A scrubbed text is never longer than so many times the text that it was."""
# Whole blocks first, then what is told by its shape, so that its parts are not counted again.
_BLOCKS: tuple[Group, ...] = (*shapes.BLOCKS, *fields.BLOCKS)
_SECRETS: tuple[Group, ...] = (
    shapes.KEYS,
    *links.CREDENTIALS,
    *links.QUERIES,
    fields.NAMED,
    fields.PGPASS,
    group("@", *links.BARE, people.MAIL),
    *people.NUMBERS,
)
_NAMED = ("srvr", "server", "source", "host", "hostname", "hostaddr", "addr", "address", "usr")
# The words that the rows for single lines are told by, by their rarest letters.
_WORDS = (
    *probes(
        r"«/»(?<!\S/)(?:uc|n|s[ \t\"]|wsp|rp |p:|configurationrepositoryp|add|user)",
        *(
            r"«/»(?:home|users|documents and settings)[\\/]",
            "«/»services/t",
            r"«-»(?<!\S-)(?:u|a|-user|-auth|-proxy|p|w)",
        ),
        *(
            r"«\\»(?:users|documents and settings)[\\/]",
            r"«\$»[1-9abpy][\w-]{0,20}\$",
            r"«\{»s?sha",
            "scram«-»sha",
        ),
        *(
            r"ified «b»y",
            r"\bfa«x»\W",
            r"\bmys«q»l",
            r"\bs«q»lcmd",
            r"\bmo«b»ile",
            r"\bvi«b»er",
            r"\bapi-«k»ey[ \t]",
            "«k»init ",
            r"a«u»th[ \t]+(?!at)",
            "astera«u»th",
        ),
        *(
            "webhoo«k»s/",
            r"\.bitri«x»24\.",
            r"\.atlas«v»1\.",
            r"«b»earer[ \t]",
            r"«b»asic[ \t]",
            "теле«ф»он",
            "«ф»акс",
            "мо«б»",
        ),
        *(f"{word}«=»" for name in _NAMED for word in (name, f"{name} ")),
    ),
    # Those without a rare letter; a word alone is found fastest.
    *("phone", r"t(?:el[:.= ])", "negotiate[ \t]", r"т(?:ел[:.])"),
)


def _words(*rows: Row) -> Group:
    known = (*fields.COMMANDS, *shapes.AFTER_WORDS, people.TOLD_PHONE, people.SIGNED_IN, *rows)
    return group(_WORDS, *known)


_PLAIN: tuple[Group, ...] = (*_SECRETS, _words(*people.HOMES))


@lru_cache(maxsize=8)
def _with(names: Names) -> tuple[Group, ...]:
    from reporter.report.scrub import places

    groups, rows = places.tables(names)
    return (*_SECRETS, _words(*rows), *groups)


def text(value: str, names: Names | None = None) -> tuple[str, Counter[str]]:
    """``value`` without secrets, and how many of each kind were taken out; doing it twice changes nothing.

    With ``names`` the names and addresses of hosts and users get pseudonyms too; the same table gives the
    same text again. The time grows with the length of ``value`` only.
    """
    found: Counter[str] = Counter()
    if names is None:
        return swept(value, _BLOCKS, _PLAIN, found), found
    with names.pseudonyms.batch():
        return swept(value, _BLOCKS, _with(names), found), found


def document(
    value: Any, *, keep: Callable[[tuple[str, ...]], bool], names: Names | None = None
) -> tuple[Any, list[Scrubbed]]:
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
            clean, kinds = text(part, names)
            for kind, count in kinds.items():
                found[kind, where] += count
            return clean
        if isinstance(part, dict):
            return {name: walk(member, (*path, str(name))) for name, member in part.items()}
        if isinstance(part, list):
            return [walk(member, path) for member in part]
        return part

    with names.pseudonyms.batch() if names is not None else nullcontext():
        clean = walk(value, ())
    receipt = [
        Scrubbed(kind=kind, where=where, count=count) for (kind, where), count in sorted(found.items())
    ]
    return clean, receipt
