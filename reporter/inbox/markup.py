"""Markup: HTML elements from Python calls; text is escaped unless it was made here.

``tag("a", "Tom & Jerry", href="/x")`` is ``<a href="/x">Tom &amp; Jerry</a>``. Control characters and
those that reorder a line are taken out on the way.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from reporter.texts.safe import plain

TEXT_LIMIT_CHARS = 3_000_000
_VOID = frozenset({"img", "input", "link", "meta"})


class Html(str):
    """Markup that is safe as it stands; only ``tag`` and ``join`` make it."""

    __slots__ = ()


Child = str | None | Iterable["Child"]


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Html:
    """One element. Children: text (escaped), Html (kept), None (left out) or an iterable of these.

    A trailing underscore of an attribute's name is dropped and others become hyphens (``class_``,
    ``aria_label``); an attribute that is None or False is left out, one that is True stands alone.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def join(child: Child) -> Html:
    """What ``child`` stands for, as markup."""
    if child is None:
        return Html("")
    if isinstance(child, Html):
        return child
    if isinstance(child, str):
        return Html(escape(plain(child, TEXT_LIMIT_CHARS)))
    return Html("".join(join(each) for each in child))


def _attribute(name: str, value: str | bool | None) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(plain(value, TEXT_LIMIT_CHARS))}"'
