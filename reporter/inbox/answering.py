"""Answering: what every answer of the inbox carries, and how problems are said."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SAFE_HEADERS = {
    "Content-Security-Policy": _POLICY,
    # To other sites nothing; to this one, so that a form can be told from one of another site.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SCRIPT_HEADERS = SAFE_HEADERS | {"Content-Security-Policy": f"{_POLICY}; script-src 'self'"}
"""For the one page that has a script, a file of this inbox."""


class Problem(Exception):
    """A request that is answered with this HTTP status and this sentence; in the names of ``headers`` an
    underscore stands for a hyphen."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(self) -> Response:
        """The answer for a program."""
        answer = problem(self.status, self.detail)
        answer.headers.update(self.headers)
        return answer


def problem(status: int, detail: str, **headers: str) -> Response:
    """An answer as RFC 9457 wants it; in the names of ``headers`` an underscore stands for a hyphen."""
    return Response(
        msgspec.json.encode({"title": HTTPStatus(status).phrase, "status": status, "detail": detail}),
        status_code=status,
        headers=SAFE_HEADERS | {name.replace("_", "-"): value for name, value in headers.items()},
        media_type="application/problem+json",
    )


def json_answer(document: Any, status: int = 200) -> Response:
    """A document for a program."""
    return Response(
        msgspec.json.encode(document), status_code=status, headers=SAFE_HEADERS, media_type="application/json"
    )


def html_page(markup: str, status: int = 200, headers: dict[str, str] = SAFE_HEADERS) -> Response:
    """A page for a person."""
    return Response(markup, status_code=status, headers=headers, media_type="text/html; charset=utf-8")
