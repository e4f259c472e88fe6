"""Layout: the frame of every page of the inbox, and the pieces that several of them use.

No scripts but the one that takes a code from a link; every text goes through ``markup``, which escapes it;
links lead only to this inbox, to ``mailto:`` and to ``tel:``.
"""

from __future__ import annotations

from collections.abc import Iterable

from reporter.inbox import readable
from reporter.inbox.markup import Child, Html, join, tag

# Only these become part of a class name; whatever else a report holds is grey.
_LAYERS = frozenset({"local", "dns", "proxy", "portal", "tcp", "tls", "http", "app"})


def message_page(title: str, sentence: str) -> str:
    """A page that only says something: nothing found, no access."""
    return document(
        title,
        tag(
            "main",
            tag("h1", title),
            tag("p", sentence),
            tag("p", tag("a", "All reports", href="/")),
            class_="message-page",
        ),
    )


def document(title: str, main: Html, *, search: str = "", script: str = "") -> str:
    """A whole page; ``search`` is what stands in the search field, ``script`` the address of its script."""
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", title),
            tag("link", rel="icon", href="/icon.svg", type="image/svg+xml"),
            tag("link", rel="stylesheet", href="/style.css"),
            tag("script", src=script, defer=True) if script else None,
        ),
        tag(
            "body",
            tag(
                "header",
                tag(
                    "a",
                    tag("img", src="/icon.svg", alt="", width="22", height="22"),
                    "Reports",
                    href="/",
                    class_="brand",
                ),
                tag(
                    "form",
                    tag(
                        "input",
                        type="search",
                        name="q",
                        value=search,
                        placeholder="Reference, name, or any words",
                        aria_label="Search reports",
                    ),
                    tag("button", "Search"),
                    action="/",
                    role="search",
                ),
                tag("a", "Read a code", href="/decode", class_="tool"),
            ),
            main,
        ),
        lang="en",
    )
    return f"<!doctype html>{page}"


def card(title: str, *content: Child) -> Html:
    """A titled box."""
    return tag("section", tag("h2", title), join(content), class_="card")


def definitions(rows: Iterable[tuple[str, Iterable[Child]]]) -> Html | None:
    """Labels and their lines; None when there are none."""
    pairs = [tag("div", tag("dt", name), [tag("dd", line) for line in lines]) for name, lines in rows]
    return tag("dl", pairs) if pairs else None


def cause_chip(cause: str) -> Html | None:
    """The cause in the colour of its layer; None when it is empty."""
    return tag("span", cause, class_=f"chip cause {layer_class(cause)}", title="Cause") if cause else None


def owner_chip(owner: str) -> Html | None:
    """Who can mend it, with a dot in the owner's colour; None when it is empty."""
    if not owner:
        return None
    look = f"owner-{owner}" if owner in readable.OWNERS else ""
    return tag("span", readable.OWNERS.get(owner, owner), class_=f"chip owner {look}", title="Can mend it")


def kind_chip(alike: int, counted: int = 0, *, href: str | None = None) -> Html | None:
    """How many reports there are of one kind, and how many more have it; None for a single one."""
    if alike + counted < 2:
        return None
    text = f"{alike:,} of this kind"
    if counted:
        text = f"{alike:,} + {counted:,} of this kind"
    return tag("a" if href else "span", text, class_="chip kind", href=href)


def layer_class(cause: str) -> str:
    """The class of the layer that a cause belongs to."""
    layer = cause.partition(".")[0]
    return f"layer-{layer}" if layer in _LAYERS else "layer-other"
