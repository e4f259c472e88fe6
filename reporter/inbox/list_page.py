"""The list of reports: newest first, by day; beside it how many there are of each cause."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from urllib.parse import urlencode

from reporter.inbox import readable
from reporter.inbox.layout import cause_chip, document, layer_class, owner_chip
from reporter.inbox.markup import Child, Html, tag
from reporter.inbox.store import Listing, Row
from reporter.texts.safe import one_line

ROWS_PER_PAGE = 50
STORY_LINE_CHARS = 160


def list_page(listing: Listing, *, search: str, cause: str, page: int, now: datetime) -> str:
    """The page; ``now`` decides which day is called today."""
    pages = max(1, -(-listing.total // ROWS_PER_PAGE))
    days = [
        [
            tag("h2", readable.day(day, now.astimezone().date()), class_="day"),
            tag("ol", [_row(row) for row in rows], class_="rows"),
        ]
        for day, rows in groupby(listing.rows, lambda row: row.received_at.astimezone().date())
    ]
    everything = sum(count for _, count in listing.causes)
    return document(
        "Reports",
        tag(
            "main",
            tag(
                "nav",
                tag("h2", "Causes"),
                _cause_link("All", "", everything, everything, search=search, chosen=not cause),
                [
                    _cause_link(
                        name or "no verdict",
                        name,
                        count,
                        everything,
                        search=search,
                        chosen=name == cause != "",
                    )
                    for name, count in listing.causes
                    if name
                ],
                class_="causes",
                aria_label="Causes",
            ),
            tag(
                "section",
                tag("h1", _how_many(listing.total, search=search, cause=cause), class_="count"),
                days or _nothing(search=search, cause=cause),
                _page_links(page, pages, search=search, cause=cause) if pages > 1 else None,
            ),
            class_="list",
        ),
        search=search,
    )


def _row(row: Row) -> Html:
    summary = row.summary
    moment = row.received_at.astimezone()
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
                tag("span", summary.application, class_="application"),
                tag("span", summary.contact, class_="contact"),
                class_="who",
            ),
            href=f"/reports/{row.reference}",
            class_="row",
        ),
    )


def _cause_link(title: str, cause: str, count: int, of: int, *, search: str, chosen: bool) -> Html:
    return tag(
        "a",
        tag("span", title, class_="name"),
        tag("span", f"{count:,}", class_="number"),
        tag("meter", min="0", max=str(max(of, 1)), value=str(count), aria_hidden="true"),
        href=_list_address(search=search, cause=cause),
        class_=f"cause {layer_class(cause)}",
        aria_current="true" if chosen else None,
    )


def _how_many(total: int, *, search: str, cause: str) -> list[Child]:
    text: list[Child] = ["1 report" if total == 1 else f"{total:,} reports"]
    if cause:
        text += [" with the cause ", tag("em", cause)]
    if search:
        text += [" mentioning ", tag("em", search)]
    return text


def _nothing(*, search: str, cause: str) -> Html:
    if search or cause:
        return tag("p", "Nothing matches. ", tag("a", "Show all reports", href="/"), class_="empty")
    return tag(
        "p", "No report has come in yet. Each one will appear here the moment it is sent.", class_="empty"
    )


def _page_links(page: int, pages: int, *, search: str, cause: str) -> Html:
    def link(title: str, to: int) -> Html:
        if not 1 <= to <= pages:
            return tag("span", title, class_="off")
        return tag("a", title, href=_list_address(search=search, cause=cause, page=to))

    return tag(
        "nav",
        link("← Newer", page - 1),
        tag("span", f"Page {page:,} of {pages:,}"),
        link("Older →", page + 1),
        class_="pages",
        aria_label="Pages",
    )


def _list_address(*, search: str = "", cause: str = "", page: int = 1) -> str:
    query = urlencode(
        {
            name: text
            for name, text in (("q", search), ("cause", cause), ("page", str(page)))
            if text and text != "1"
        }
    )
    return f"/?{query}" if query else "/"
