"""Writing: what support says through the forms of the pages: answers, and how much of a kind is wanted.

A browser sends a signed-in person's password with every request, also with those that another site made it
send. So a form is only taken from this inbox's own pages, which the browser's headers and a key in the form
both have to show.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from reporter.inbox.answering import Problem
from reporter.inbox.intake import small_body
from reporter.inbox.kinds import Need
from reporter.inbox.store import Store
from reporter.inbox.upload import FINGERPRINT_LIMIT_CHARS, REFERENCE
from reporter.texts.safe import one_line, plain

FORM_LIMIT_BYTES = 64 * 1024
FIELDS_LIMIT = 20
TEXT_LIMIT_CHARS = 4_000
NAME_LIMIT_CHARS = 200


class Writing:
    """The addresses that the forms are sent to; ``key`` stands in each of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.key = store.kinds.form_key()

    async def answer_report(self, request: Request) -> Response:
        """Answer one person, or everybody whose report is of the same kind."""
        fields = await self.form(request)
        reference = request.path_params["reference"]
        stored = None
        if REFERENCE.fullmatch(reference):
            stored = await run_in_threadpool(self._store.get, reference)
        if stored is None:
            raise Problem(404, "There is no report with this reference here.")
        to_kind = "everybody" in fields and bool(stored.fingerprint)
        await self._answer(
            fields,
            reference="" if to_kind else reference,
            fingerprint=stored.fingerprint if to_kind else "",
        )
        return _back(f"/reports/{reference}#answers")

    async def answer_kind(self, request: Request) -> Response:
        """Answer everybody who has a fault."""
        fields = await self.form(request)
        fingerprint = _fingerprint(fields)
        await self._answer(fields, fingerprint=fingerprint)
        return _back(f"/?{urlencode({'kind': fingerprint})}#answers")

    async def set_need(self, request: Request) -> Response:
        """Say how much is wanted of further reports of a kind, and what people are told."""
        fields = await self.form(request)
        fingerprint = _fingerprint(fields)
        try:
            need = Need(fields.get("need", ""))
        except ValueError:
            raise Problem(422, "Choose how much is wanted: everything, a summary, or nothing.") from None
        message = plain(fields.get("message", ""), TEXT_LIMIT_CHARS).strip()
        await self._store.kinds.want(fingerprint, need, message)
        return _back(f"/?{urlencode({'kind': fingerprint})}")

    async def form(self, request: Request) -> dict[str, str]:
        """The fields of a form that was filled in on a page of this inbox; raises Problem for another one."""
        _check_origin(request)
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise Problem(415, "Send the form as application/x-www-form-urlencoded.")
        raw = await small_body(request, FORM_LIMIT_BYTES)
        try:
            fields = dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_LIMIT))
        except ValueError:
            raise Problem(400, "The form cannot be read.") from None
        if not hmac.compare_digest(fields.get("key", "").encode(), self.key.encode()):
            raise Problem(403, "This form is not from this inbox; go back, load the page again and send it.")
        return fields

    async def _answer(self, fields: dict[str, str], *, reference: str = "", fingerprint: str = "") -> None:
        text = plain(fields.get("text", ""), TEXT_LIMIT_CHARS).strip()
        if not text:
            raise Problem(422, "Write an answer first; a solved fault needs a few words too.")
        await self._store.kinds.answer(
            text,
            reference=reference,
            fingerprint=fingerprint,
            written_by=one_line(fields.get("by", ""), NAME_LIMIT_CHARS),
            is_solved="solved" in fields,
        )


def _check_origin(request: Request) -> None:
    """Raises Problem for a request that a page of another site made.

    Browsers tell which site it was, older ones and those on plain HTTP with ``Origin`` alone.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_own = site == "same-origin"
    else:
        try:
            origin = urlsplit(request.headers.get("origin", "")).netloc
        except ValueError:
            origin = ""
        is_own = bool(origin) and origin.lower() == request.headers.get("host", "").lower()
    if not is_own:
        raise Problem(403, "This can only be sent from a page of this inbox.")


def _fingerprint(fields: dict[str, str]) -> str:
    fingerprint = fields.get("fingerprint", "")
    if not 0 < len(fingerprint) <= FINGERPRINT_LIMIT_CHARS:
        raise Problem(422, "The form does not say which kind it is about; open the kind and send it again.")
    return fingerprint


def _back(address: str) -> Response:
    return RedirectResponse(address, status_code=303)
