"""The list of reports: newest first, by day, each report or each kind; beside it how many there are of each
cause."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

import msgspec

from reporter.inbox import readable
from reporter.inbox.forms import kind_panel
from reporter.inbox.kinds import Kind
from reporter.inbox.layout import cause_chip, document, kind_chip, layer_class, owner_chip
from reporter.inbox.markup import Child, Html, tag
from reporter.inbox.store import Listing, Row
from reporter.texts.safe import one_line

ROWS_PER_PAGE = 50
STORY_LINE_CHARS = 160
KIND_LIMIT_CHARS = 24


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What of all reports is listed: those with these words, of this cause, of this kind (a fingerprint).

    ``by_kind``: of each kind only the newest.
    """

    search: str = ""
    cause: str = ""
    kind: str = ""
    by_kind: bool = False


def list_page(
    listing: Listing,
    choice: Choice,
    *,
    page: int,
    now: datetime,
    kind: Kind | None = None,
    only_counted: list[tuple[str, int]] | None = None,
    key: str = "",
) -> str:
    """The page; ``now`` decides which day is called today. ``kind``: the chosen one, ``key``: for its forms;
    ``only_counted``: fingerprints that nobody reported and how many have them."""
    entries = listing.kinds if choice.by_kind else listing.total
    pages = max(1, -(-entries // ROWS_PER_PAGE))
    days = [
        [
            tag("h2", readable.day(day, now.astimezone().date()), class_="day"),
            tag("ol", [_row(row, choice) for row in rows], class_="rows"),
        ]
        for day, rows in groupby(listing.rows, lambda row: row.received_at.astimezone().date())
    ]
    return document(
        "Reports",
        tag(
            "main",
            _causes(listing, choice),
            tag(
                "section",
                tag(
                    "div",
                    tag("h1", _how_many(listing, choice, kind), class_="count"),
                    _views(choice) if not choice.kind else None,
                    class_="top",
                ),
                tag("p", tag("a", "← All reports", href=_address(Choice(search=choice.search))))
                if choice.kind
                else None,
                kind_panel(kind, key) if kind is not None else None,
                _only_counted(only_counted or []),
                days or _nothing(choice),
                _page_links(page, pages, choice) if pages > 1 else None,
            ),
            class_="list",
        ),
        search=choice.search,
    )


def _causes(listing: Listing, choice: Choice) -> Html:
    everything = sum(count for _, count in listing.causes)
    every = Choice(search=choice.search, by_kind=choice.by_kind)
    is_all = not choice.cause and not choice.kind
    return tag(
        "nav",
        tag("h2", "Causes"),
        _cause_link("All", every, everything, everything, chosen=is_all),
        [
            _cause_link(
                name,
                msgspec.structs.replace(every, cause=name),
                count,
                everything,
                chosen=name == choice.cause,
            )
            for name, count in listing.causes
            if name
        ],
        class_="causes",
        aria_label="Causes",
    )


def _row(row: Row, choice: Choice) -> Html:
    summary = row.summary
    moment = row.received_at.astimezone()
    href = f"/reports/{row.reference}"
    if choice.by_kind and row.alike + row.counted > 1:
        href = _address(Choice(kind=summary.fingerprint))
    return tag(
        "li",
        tag(
            "a",
            tag(
                "time",
                f"{moment:%H:%M}",
                datetime=moment.isoformat(timespec="seconds"),
                title=readable.full_time(moment),
            ),
            tag("span", row.reference, class_="reference"),
            tag(
                "span",
                tag("span", summary.headline or "No headline", class_="headline"),
                tag("span", one_line(summary.story, STORY_LINE_CHARS), class_="story")
                if summary.story
                else None,
                class_="what",
            ),
            tag(
                "span",
                cause_chip(summary.cause),
                owner_chip(summary.owner),
                class_="chips",
            ),
            tag(
                "span",
                tag(
                    "span",
                    tag("span", summary.application, class_="application"),
                    kind_chip(row.alike, row.counted) if not choice.kind else None,
                    class_="program",
                ),
                tag("span", summary.contact, class_="contact") if summary.contact else None,
                class_="who",
            ),
            href=href,
            class_="row",
        ),
    )


def _cause_link(title: str, choice: Choice, count: int, of: int, *, chosen: bool) -> Html:
    return tag(
        "a",
        tag("span", title, class_="name"),
        tag("span", f"{count:,}", class_="number"),
        tag("meter", min="0", max=str(max(of, 1)), value=str(count), aria_hidden="true"),
        href=_address(choice),
        class_=f"cause {layer_class(choice.cause)}",
        aria_current="true" if chosen else None,
    )


def _views(choice: Choice) -> Html:
    """Each report, or the newest of each kind."""
    return tag(
        "nav",
        [
            tag(
                "a",
                title,
                href=_address(msgspec.structs.replace(choice, by_kind=by_kind)),
                aria_current="true" if choice.by_kind == by_kind else None,
            )
            for title, by_kind in (("Each report", False), ("By kind", True))
        ],
        class_="views",
        aria_label="View",
    )


def _how_many(listing: Listing, choice: Choice, kind: Kind | None) -> list[Child]:
    number = listing.total
    text: list[Child] = ["1 report" if number == 1 else f"{number:,} reports"]
    if choice.by_kind:
        text.append(" of 1 kind" if listing.kinds == 1 else f" of {listing.kinds:,} kinds")
    if choice.kind:
        text += [" of this kind ", tag("code", one_line(choice.kind, KIND_LIMIT_CHARS), class_="faint")]
        if kind is not None and kind.counted:
            text.append(f", {kind.counted:,} more {'has' if kind.counted == 1 else 'have'} it too")
    if choice.cause:
        text += [" with the cause ", tag("em", choice.cause)]
    if choice.search:
        text += [" mentioning ", tag("em", choice.search)]
    return text


def _only_counted(rows: list[tuple[str, int]]) -> Html | None:
    """Kinds without any report: people were asked not to send one."""
    if not rows:
        return None
    return tag(
        "div",
        tag("h2", "Counted, without a report", class_="day"),
        tag(
            "ul",
            [
                tag(
                    "li",
                    tag(
                        "a",
                        tag("code", one_line(fingerprint, KIND_LIMIT_CHARS)),
                        tag("span", f"{count:,} {'has' if count == 1 else 'have'} it", class_="faint"),
                        href=_address(Choice(kind=fingerprint)),
                        class_="counted",
                    ),
                )
                for fingerprint, count in rows
            ],
            class_="rows",
        ),
    )


def _nothing(choice: Choice) -> Html:
    if choice.search or choice.cause or choice.kind:
        return tag("p", "Nothing matches. ", tag("a", "Show all reports", href="/"), class_="empty")
    return tag(
        "p", "No report has come in yet. Each one will appear here the moment it is sent.", class_="empty"
    )


def _page_links(page: int, pages: int, choice: Choice) -> Html:
    def link(title: str, to: int) -> Html:
        if not 1 <= to <= pages:
            return tag("span", title, class_="off")
        return tag("a", title, href=_address(choice, page=to))

    return tag(
        "nav",
        link("← Newer", page - 1),
        tag("span", f"Page {page:,} of {pages:,}"),
        link("Older →", page + 1),
        class_="pages",
        aria_label="Pages",
    )


def _address(choice: Choice, *, page: int = 1) -> str:
    members = {
        "q": choice.search,
        "cause": choice.cause,
        "kind": choice.kind,
        "view": "kinds" if choice.by_kind else "",
        "page": str(page) if page > 1 else "",
    }
    query = urlencode({name: text for name, text in members.items() if text})
    return f"/?{query}" if query else "/"
