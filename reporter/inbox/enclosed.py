"""Enclosed: what came with a report, what was kept back, and what was taken out, as cards of its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reporter.inbox import readable
from reporter.inbox.files import is_text, picture_type
from reporter.inbox.layout import card
from reporter.inbox.markup import Child, Html, tag
from reporter.inbox.members import mappings, string, strings
from reporter.inbox.store import Stored, StoredFile


def pictures_card(stored: Stored, remarks: dict[str, str]) -> Html | None:
    """Pictures large enough to be read; a click shows them in full."""
    figures = [
        tag(
            "figure",
            tag("a", tag("img", src=address, alt=f"Picture {file.name}", loading="lazy"), href=address),
            tag("figcaption", _about_file(file, remarks)),
        )
        for address, file in _addressed(stored)
        if picture_type(file.content_type, file.head)
    ]
    if not figures:
        return None
    return card("Picture" if len(figures) == 1 else "Pictures", tag("div", figures, class_="pictures"))


def files_card(stored: Stored, remarks: dict[str, str]) -> Html | None:
    """What is no picture: to be read here where it is text, and to be saved."""
    items = [
        tag(
            "li",
            tag("div", _about_file(file, remarks)),
            tag(
                "span",
                tag("a", "Read", href=f"{address}/text#end") if is_text(file.head) else None,
                tag("a", "Save", href=address, download=True),
                class_="actions",
            ),
        )
        for address, file in _addressed(stored)
        if not picture_type(file.content_type, file.head)
    ]
    return card("Attachments", tag("ul", items, class_="files")) if items else None


def _addressed(stored: Stored) -> Iterator[tuple[str, StoredFile]]:
    for position, file in enumerate(stored.attachments):
        yield f"/reports/{stored.reference}/attachments/{position}", file


def _about_file(file: StoredFile, remarks: dict[str, str]) -> list[Child]:
    remark = remarks.get(file.name, "")
    return [
        tag("span", file.name, class_="name"),
        " ",
        tag("span", readable.size(file.size_bytes), class_="faint"),
        tag("span", remark, class_="remark") if remark else None,
    ]


def missing_card(stored: Stored, report: dict[str, Any]) -> Html | None:
    """What support might look for in vain: kept back, too large, not to be had, or not arrived."""
    kept_back = strings(report.get("left_out"))
    lines: list[Child] = []
    if kept_back:
        names = ", ".join(name.replace("_", " ") for name in kept_back)
        lines.append(
            tag(
                "li", tag("b", names), tag("span", " kept back by the settings or the person", class_="faint")
            )
        )
    for dropped in mappings(report.get("dropped")):
        size = dropped.get("size_bytes")
        about = [string(dropped.get("reason"))]
        if isinstance(size, int | float) and not isinstance(size, bool):
            about.append(readable.value("size_bytes", size))
        text = " · ".join(part for part in about if part)
        lines.append(
            tag("li", tag("b", string(dropped.get("what"))), tag("span", f" {text}", class_="faint"))
        )
    arrived = {file.name for file in stored.attachments}
    for enclosure in mappings(report.get("attachments")):
        name = string(enclosure.get("name"))
        if name and name not in arrived:
            lines.append(
                tag("li", tag("b", name), tag("span", " did not arrive with the report", class_="faint"))
            )
    return card("Not in this report", tag("ul", lines, class_="plain")) if lines else None


def receipt_card(scrubbed: Any) -> Html:
    """The receipt, as the person saw it."""
    lines = [
        tag(
            "li",
            tag("b", f"{_count(line.get('count'))} × {string(line.get('kind'))}"),
            tag("span", f" in {string(line.get('where'))}", class_="faint"),
        )
        for line in mappings(scrubbed)
    ]
    return card(
        "Taken out before sending",
        tag("ul", lines, class_="plain")
        if lines
        else tag("p", "Nothing had to be taken out.", class_="faint"),
    )


def _count(found: Any) -> str:
    return f"{found:,}" if isinstance(found, int) and not isinstance(found, bool) else "?"
