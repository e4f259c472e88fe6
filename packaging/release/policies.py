"""Policies: what IT writes policies with, as one archive, under the names of one brand."""

from __future__ import annotations

from pathlib import Path

from policy.templates import TemplateError, files, untranslated
from release.errors import PackagingError
from release.order import Order
from release.workshop import archive, deliver, workshop


def policies(order: Order) -> list[Path]:
    """``<command>-policies-<version>.zip`` with windows/, macos/, linux/ and docs/; raises PackagingError."""
    lacking = untranslated()
    if lacking:
        raise PackagingError(
            f"Templates would be in English for want of a translation: {', '.join(lacking)}; "
            "run python packaging/catalogues.py compile, or translate them."
        )
    try:
        content = dict(files(order.identity.keys))
    except TemplateError as error:
        raise PackagingError(str(error)) from None
    with workshop(order.out) as folder:
        made = folder / f"{order.identity.command}-policies-{order.version}.zip"
        archive(made, content, order.source.epoch_s)
        return [deliver(made, order.out)]
