"""The page of one text file: its end, with the numbers of its lines where its beginning is there too."""

from __future__ import annotations

from reporter.inbox import readable
from reporter.inbox.files import as_text
from reporter.inbox.layout import document
from reporter.inbox.markup import tag
from reporter.inbox.store import Attachment


def text_page(reference: str, position: int, file: Attachment) -> str:
    """``position``: of the file among the attachments, from 0."""
    address = f"/reports/{reference}/attachments/{position}"
    text, left_bytes = as_text(file.content)
    lines = text.rstrip("\n").count("\n") + 1
    about = f"{readable.size(len(file.content))} · {lines:,} {'line' if lines == 1 else 'lines'}"
    if left_bytes:
        about += f" · the first {readable.size(left_bytes)} are not shown"
    return document(
        f"{file.name} · {reference}",
        tag(
            "main",
            tag(
                "section",
                tag(
                    "div",
                    tag("a", reference, href=f"/reports/{reference}", class_="reference"),
                    tag("span", about, class_="faint"),
                    tag(
                        "span",
                        tag("a", "To the end", href=f"{address}/text#end"),
                        tag("a", "Save", href=address, download=True),
                        class_="actions",
                    ),
                    class_="chips",
                ),
                tag("h1", file.name),
                class_="card text-head",
            ),
            tag("pre", text, class_="card text-file"),
            tag("p", tag("a", f"Back to {reference}", href=f"/reports/{reference}"), id="end", class_="end"),
            class_="report",
        ),
    )
