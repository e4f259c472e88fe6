"""App: the HTTP side of the inbox. What agents ask is in ``intake``, what support writes in ``writing``.

GET  /                                   the list for support
GET  /reports/{reference}                one report, as a page or as JSON
GET  /reports/{reference}/report.json    the very bytes that were sent
GET  /reports/{reference}/attachments/N  one attachment, from 0: pictures to look at, the rest to save
GET  /reports/{reference}/attachments/N/text   a text file, as a page
GET  /decode                             what a person read out on the telephone, as a page
GET  /health                             for monitoring
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reporter.errors import ReporterError
from reporter.inbox.answering import SAFE_HEADERS, SCRIPT_HEADERS, Problem, html_page, json_answer, problem
from reporter.inbox.files import HEAD_BYTES, is_text, picture_type
from reporter.inbox.intake import Intake
from reporter.inbox.layout import message_page
from reporter.inbox.limits import come_back_s
from reporter.inbox.list_page import ROWS_PER_PAGE, Choice, list_page
from reporter.inbox.report_page import report_page
from reporter.inbox.spoken_page import spoken_page
from reporter.inbox.store import Attachment, Store, Stored
from reporter.inbox.text_page import text_page
from reporter.inbox.upload import FINGERPRINT_LIMIT_CHARS, REFERENCE
from reporter.inbox.writing import Writing
from reporter.report.spoken import TEXT_LIMIT_CHARS, decode

USER = "support"
SEARCH_LIMIT_CHARS = 200
PAGE_LIMIT = 100_000
ONLY_COUNTED_LIMIT_ROWS = 20

_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LOOPBACK_HOST = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?", re.IGNORECASE)
_ENDPOINTS = ("/reports", "/reports/")
_STATIC = {
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/decode.js": ("decode.js", "text/javascript; charset=utf-8"),
}

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(
    store: Store,
    *,
    password: str = "",
    spread_s: float | None = None,
    reports_per_s: float = 0,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ASGIApp:
    """The ASGI application on ``store``.

    With a ``password``, pages need HTTP Basic authentication as the user ``support``; posting reports
    never does. Without one, pages are only shown to requests for this computer's own address, so
    that a web site cannot read them through a name that it points here. ``spread_s``: over how much time
    agents are told to spread automatic reports; ``reports_per_s``: more are turned away, 0 for no limit.
    """
    intake = Intake(store, spread_s=spread_s, reports_per_s=reports_per_s)
    pages = Endpoints(store, password, now).application(intake)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        # What everybody does at once in an outage takes the shortest way.
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in _ENDPOINTS:
            await intake.take(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return application


class Endpoints:
    """The pages, one method for each address."""

    def __init__(self, store: Store, password: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._expected = f"{USER}:{password}".encode() if password else b""
        self._writing = Writing(store)

    def application(self, intake: Intake) -> Starlette:
        """The routes and how errors are answered."""
        guarded, writing = self._guarded, self._writing
        one = "/reports/{reference}"
        return Starlette(
            routes=[
                Route("/reports/precheck", intake.precheck, methods=["POST"]),
                Route("/reports/count", intake.count, methods=["POST"]),
                Route(f"{one}/status", intake.status, methods=["GET"]),
                Route("/", guarded(self.show_list), methods=["GET"]),
                Route(one, guarded(self.show_report), methods=["GET"]),
                Route(f"{one}/report.json", guarded(self.give_document), methods=["GET"]),
                Route(f"{one}/attachments/{{position}}", guarded(self.give_attachment), methods=["GET"]),
                Route(f"{one}/attachments/{{position}}/text", guarded(self.show_text), methods=["GET"]),
                Route(f"{one}/answer", guarded(writing.answer_report), methods=["POST"]),
                Route("/kind/answer", guarded(writing.answer_kind), methods=["POST"]),
                Route("/kind/need", guarded(writing.set_need), methods=["POST"]),
                Route("/decode", guarded(self.read_code), methods=["GET", "POST"]),
                Route("/health", self.health, methods=["GET"]),
                *(Route(path, give_static, methods=["GET"]) for path in _STATIC),
            ],
            exception_handlers={
                HTTPException: _http_problem,
                Problem: _own_problem,
                sqlite3.Error: _disk_problem,
            },
        )

    async def health(self, request: Request) -> Response:
        """Says whether reports can be kept and read."""
        if await run_in_threadpool(self._store.database.healthy):
            return json_answer({"status": "ok"})
        return json_answer({"status": "failing"}, status=503)

    # For support

    async def show_list(self, request: Request) -> Response:
        """The list; a search for exactly one reference leads straight to it."""
        search = request.query_params.get("q", "").strip()[:SEARCH_LIMIT_CHARS]
        choice = Choice(
            search=search,
            cause=request.query_params.get("cause", "")[:SEARCH_LIMIT_CHARS],
            kind=request.query_params.get("kind", "")[:FINGERPRINT_LIMIT_CHARS],
            by_kind=request.query_params.get("view") == "kinds",
        )
        number = request.query_params.get("page", "1")
        page = min(int(number), PAGE_LIMIT) if re.fullmatch(r"[1-9]\d{0,8}", number, re.ASCII) else 1
        reference = standard_reference(search)
        if reference and await self._find(reference):
            return RedirectResponse(f"/reports/{reference}", status_code=303)
        listing = await run_in_threadpool(
            self._store.listing,
            search=reference or search,
            cause=choice.cause,
            kind=choice.kind,
            by_kind=choice.by_kind,
            limit=ROWS_PER_PAGE,
            offset=(page - 1) * ROWS_PER_PAGE,
        )
        kinds, kind, only_counted = self._store.kinds, None, []
        if choice.kind:
            kind = await run_in_threadpool(kinds.get, choice.kind)
        elif choice.by_kind and page == 1:
            only_counted = await run_in_threadpool(kinds.only_counted, ONLY_COUNTED_LIMIT_ROWS)
        return html_page(
            list_page(
                listing,
                choice,
                page=page,
                now=self._now(),
                kind=kind,
                only_counted=only_counted,
                key=self._writing.key,
            )
        )

    async def show_report(self, request: Request) -> Response:
        """One report, as JSON for programs that ask for it, otherwise as a page."""
        stored = await self._stored(request)
        if _prefers_json(request.headers.get("accept", "")):
            return Response(
                _as_json(stored, str(request.base_url)), headers=SAFE_HEADERS, media_type="application/json"
            )
        kind = await run_in_threadpool(
            self._store.kinds.about, stored.reference, stored.fingerprint, stored.received_at
        )
        return html_page(await run_in_threadpool(report_page, stored, kind, self._writing.key))

    async def give_document(self, request: Request) -> Response:
        """report.json, byte for byte."""
        stored = await self._stored(request)
        return _file(stored.report_json, "application/json", f"{stored.reference}.json")

    async def give_attachment(self, request: Request) -> Response:
        """One attachment: a real PNG or JPEG to look at, everything else as a download without a type."""
        file = await self._attachment(request)
        if picture := picture_type(file.content_type, file.content):
            return _file(file.content, picture, file.name, disposition="inline")
        return _file(file.content, "application/octet-stream", file.name)

    async def show_text(self, request: Request) -> Response:
        """The end of a text file as a page, escaped like everything."""
        file = await self._attachment(request)
        if not is_text(file.content[:HEAD_BYTES]):
            raise HTTPException(404, "This attachment is not text; save it instead.")
        reference = standard_reference(request.path_params["reference"])
        position = int(request.path_params["position"])
        return html_page(await run_in_threadpool(text_page, reference, position, file))

    async def read_code(self, request: Request) -> Response:
        """What a code stands for; in a link it comes by the page's script."""
        key = self._writing.key
        if request.method != "POST":
            return html_page(spoken_page(key), headers=SCRIPT_HEADERS)
        text = (await self._writing.form(request)).get("code", "")
        try:
            found = decode(text)
        except ReporterError as error:
            text = text[:TEXT_LIMIT_CHARS]
            return html_page(spoken_page(key, text=text, problem=str(error)), 422, SCRIPT_HEADERS)
        is_here = bool(standard_reference(found.reference)) and await self._find(found.reference) is not None
        return html_page(spoken_page(key, text=text, found=found, is_here=is_here), headers=SCRIPT_HEADERS)

    async def _attachment(self, request: Request) -> Attachment:
        reference = standard_reference(request.path_params["reference"])
        position = request.path_params["position"]
        file = None
        if re.fullmatch(r"\d{1,4}", position, re.ASCII):
            file = await run_in_threadpool(self._store.attachment, reference, int(position))
        if file is None:
            raise HTTPException(404, "There is no such attachment.")
        return file

    async def _stored(self, request: Request) -> Stored:
        reference = standard_reference(request.path_params["reference"])
        stored = await self._find(reference)
        if stored is None:
            raise HTTPException(404, "There is no report with this reference here.")
        return stored

    async def _find(self, reference: str) -> Stored | None:
        return await run_in_threadpool(self._store.get, reference)

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """``endpoint`` for support only."""

        async def guarded(request: Request) -> Response:
            if self._expected:
                if not hmac.compare_digest(
                    _credentials(request.headers.get("authorization", "")), self._expected
                ):
                    raise HTTPException(
                        401,
                        f"These pages are for support: sign in as “{USER}”.",
                        headers={"WWW-Authenticate": 'Basic realm="Reports", charset="UTF-8"'},
                    )
            elif not _LOOPBACK_HOST.fullmatch(request.headers.get("host", "")):
                raise HTTPException(
                    421, "Without a password, reports are only shown at the address of this computer itself."
                )
            return await endpoint(request)

        return guarded


def standard_reference(text: str) -> str:
    """The reference in its written form, from what a person typed; empty when it is none."""
    letters = re.sub(r"[\s-]", "", text).upper().translate(_LOOKALIKES)
    written = f"{letters[:4]}-{letters[4:]}"
    return written if REFERENCE.fullmatch(written) else ""


async def give_static(request: Request) -> Response:
    """The style sheet, the icon and the script."""
    name, media_type = _STATIC[request.url.path]
    content = await run_in_threadpool((Path(__file__).parent / name).read_bytes)
    return Response(content, headers=SAFE_HEADERS | {"Cache-Control": "max-age=3600"}, media_type=media_type)


async def _http_problem(request: Request, error: Exception) -> Response:
    """Browsers get a page, programs a problem document."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    answer = _said(request, error.status_code, error.detail)
    answer.headers.update(error.headers or {})
    return answer


async def _own_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for nothing else
    answer = _said(request, error.status, error.detail)
    answer.headers.update(error.headers)
    return answer


async def _disk_problem(request: Request, error: Exception) -> Response:
    answer = _said(request, 503, "The database cannot be used at the moment; try again later.")
    answer.headers["Retry-After"] = come_back_s()
    return answer


def _said(request: Request, status: int, sentence: str) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return problem(status, sentence)
    return html_page(message_page(HTTPStatus(status).phrase, sentence), status)


def _as_json(stored: Stored, base: str) -> bytes:
    page = f"{base}reports/{stored.reference}"
    return msgspec.json.encode(
        {
            "reference": stored.reference,
            "state": "accepted",
            "page": page,
            "received_at": stored.received_at,
            "repeats": stored.repeats,
            "alike": stored.alike,
            "attachments": [
                {
                    "name": file.name,
                    "content_type": file.content_type,
                    "size_bytes": file.size_bytes,
                    "url": f"{page}/attachments/{position}",
                }
                for position, file in enumerate(stored.attachments)
            ],
            "report": msgspec.Raw(stored.report_json),
        }
    )


def _file(content: bytes, content_type: str, name: str, *, disposition: str = "attachment") -> Response:
    disposition = f"{disposition}; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
    return Response(
        content, headers=SAFE_HEADERS | {"Content-Disposition": disposition, "Content-Type": content_type}
    )


def _prefers_json(accept: str) -> bool:
    """True where JSON is asked for and a page is not."""
    return "application/json" in accept and "text/html" not in accept


def _credentials(header: str) -> bytes:
    """What stands in a Basic ``Authorization`` header; empty when nothing usable does."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded.strip().encode(), validate=True)
    except (binascii.Error, ValueError):
        return b""
