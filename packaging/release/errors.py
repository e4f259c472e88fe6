"""Errors: the one exception of packaging."""

from __future__ import annotations


class PackagingError(Exception):
    """Why there is no artefact: one sentence that says what, where and what to do."""
