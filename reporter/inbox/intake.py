"""Intake: what agents ask of the inbox; they need no password.

POST /reports                      take a report; answered only after the disk has it
POST /reports/precheck             how much of a report is wanted, before it is sent
POST /reports/count                "me too", instead of a report that is not wanted
GET  /reports/{reference}/status   what became of a report, for who has its secret token
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from reporter.inbox import upload
from reporter.inbox.answering import Problem, json_answer, problem
from reporter.inbox.kinds import Answer, token_digest
from reporter.inbox.limits import Bucket, Room, come_back_s, too_many
from reporter.inbox.store import Conflict, Store
from reporter.texts.safe import one_line

UPLOAD_LIMIT_S = 120.0
QUESTION_LIMIT_S = 10.0
QUESTION_LIMIT_BYTES = 16 * 1024
ROOM_LIMIT_BYTES = 256 * 1024 * 1024
QUESTIONS_PER_S = 2_000.0

_NOT_WRITTEN = "could not be written to the disk; send it again later."
# The same sentence for a wrong token, so that nobody learns which references there are.
_NO_STATUS = "There is no report with this reference and this token here."


class _Question(msgspec.Struct):
    """Of a precheck and of a count, what is looked at; everything else is ignored."""

    fingerprint: str
    reference: str = ""


class Intake:
    """What agents are answered. ``spread_s``: over how many seconds automatic reports are to be spread, None
    for no opinion; ``reports_per_s``: more are turned away, 0 for no limit."""

    def __init__(self, store: Store, *, spread_s: float | None = None, reports_per_s: float = 0) -> None:
        self._store = store
        self._spread_s = spread_s
        self._reports = Bucket(reports_per_s)
        self._questions = Bucket(QUESTIONS_PER_S)
        self._room = Room(ROOM_LIMIT_BYTES)

    async def take(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep a posted report and confirm it; an ASGI application of its own, because in an outage everybody
        calls it at once."""
        headers = dict(scope["headers"])
        held = _Held(self._room)
        try:
            async with asyncio.timeout(UPLOAD_LIMIT_S):
                body = await _body(receive, held)
            self._reports.let_in()
            arrival = upload.read(
                headers.get(b"content-type", b"").decode("latin-1"),
                headers.get(b"idempotency-key", b"").decode("latin-1"),
                body,
                token=headers.get(b"report-token", b"").decode("latin-1"),
            )
            del body  # its parts wait for the disk
            is_new = await self._store.kept(arrival)
        except ClientDisconnect:
            return  # nobody is there to read an answer
        except Problem as trouble:
            await trouble.answer()(scope, receive, send)
        except upload.Rejected as rejected:
            # More of the body may follow, without end; closing stops it.
            await problem(rejected.status, rejected.detail, Connection="close")(scope, receive, send)
        except Conflict:
            await problem(409, "This reference already belongs to a different report.")(scope, receive, send)
        except TimeoutError:
            sentence = f"The report did not arrive within {UPLOAD_LIMIT_S:.0f} seconds."
            await problem(408, sentence, Connection="close")(scope, receive, send)
        except sqlite3.Error:
            sentence = f"The report {_NOT_WRITTEN}"
            await problem(503, sentence, Retry_After=come_back_s())(scope, receive, send)
        else:
            base = _base(scope, headers)
            document = {
                "reference": arrival.reference,
                "state": "accepted",
                "page": f"{base}/reports/{arrival.reference}",
            }
            await _send_json(send, 201 if is_new else 200, document)
        finally:
            held.give_back()

    async def precheck(self, request: Request) -> Response:
        """How much of a report of this kind is wanted."""
        question = await self._question(request)
        kinds = self._store.kinds
        kind = kinds.remembered(question.fingerprint)
        if kind is None:
            kind = await run_in_threadpool(kinds.asked, question.fingerprint)
        return json_answer(
            {
                "need": kind.need,
                "message": kind.message,
                "spread_s": self._spread_s,
                "known": kind.reports + kind.counted,
            }
        )

    async def count(self, request: Request) -> Response:
        """One more has this fault; the same reference counts once."""
        question = await self._question(request)
        if not upload.REFERENCE.fullmatch(question.reference):
            raise Problem(422, "The member “reference” is not a reference such as 7K3D-9QX2V.")
        if request.headers.get("idempotency-key", "") != question.reference:
            raise Problem(422, "The header Idempotency-Key must hold the reference.")
        token = token_digest(_token(request))
        is_new = await self._store.kinds.count(question.reference, question.fingerprint, token)
        return json_answer({"reference": question.reference, "state": "accepted"}, 201 if is_new else 200)

    async def status(self, request: Request) -> Response:
        """Support's answer to one report."""
        self._questions.let_in()
        reference, token = request.path_params["reference"], _token(request)
        found: list[Answer] | None = None
        if token and upload.REFERENCE.fullmatch(reference):
            found = await run_in_threadpool(self._store.kinds.status, reference, token_digest(token))
        if found is None:
            raise Problem(404, _NO_STATUS)
        latest = found[0] if found else None
        words = latest and {"text": latest.text, "at": latest.written_at, "by": latest.written_by}
        return json_answer(
            {
                "reference": reference,
                "state": "answered" if latest else "accepted",
                "answer": words,
                "solved": latest is not None and latest.is_solved,
            }
        )

    async def _question(self, request: Request) -> _Question:
        self._questions.let_in()
        raw = await small_body(request, QUESTION_LIMIT_BYTES)
        try:
            question = msgspec.json.decode(raw, type=_Question)
        except msgspec.ValidationError as error:
            raise Problem(422, f"The question is not understood: {one_line(str(error), 200)}.") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Problem(400, "The body is not valid JSON.") from None
        if not 0 < len(question.fingerprint) <= upload.FINGERPRINT_LIMIT_CHARS:
            limit = upload.FINGERPRINT_LIMIT_CHARS
            raise Problem(422, f"The member “fingerprint” must hold 1 to {limit} characters.")
        return question


async def small_body(request: Request, limit_bytes: int) -> bytes:
    """The body of a request that has no reason to be large or slow; raises Problem for one that is."""
    body = bytearray()
    try:
        async with asyncio.timeout(QUESTION_LIMIT_S):
            async for block in request.stream():
                body += block
                if len(body) > limit_bytes:
                    raise Problem(413, f"The body is larger than {limit_bytes:,} bytes.", Connection="close")
    except TimeoutError:
        sentence = f"The body did not arrive within {QUESTION_LIMIT_S:.0f} seconds."
        raise Problem(408, sentence, Connection="close") from None
    except ClientDisconnect:
        raise Problem(400, "The connection ended before the body did.") from None
    return bytes(body)


class _Held:
    """What one request holds of the room for all of them."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._count = 0

    def take(self, count: int) -> bool:
        """Whether there is room for so much more at the moment."""
        has_room = self._room.take(count)
        self._count += count if has_room else 0
        return has_room

    def give_back(self) -> None:
        """Nothing is held any more."""
        self._room.give(self._count)
        self._count = 0


async def _body(receive: Receive, held: _Held) -> bytes:
    """The whole body.

    What cannot be taken is read and thrown away up to a limit: an answer given while the sender still
    sends would be lost with the connection, and the report would come again and again.
    """
    blocks: list[bytes] = []
    size, has_room, has_more = 0, True, True
    while has_more and size <= upload.DRAIN_LIMIT_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        block: bytes = message.get("body", b"")
        has_more = message.get("more_body", False)
        size += len(block)
        has_room = has_room and size <= upload.BODY_LIMIT_BYTES and held.take(len(block))
        if has_room:
            blocks.append(block)
        else:
            blocks.clear()
            held.give_back()
    if size > upload.BODY_LIMIT_BYTES:
        limit = upload.BODY_LIMIT_BYTES
        raise upload.Rejected(413, f"The body is larger than {limit:,} bytes; leave out attachments.")
    if not has_room:
        raise too_many()
    return blocks[0] if len(blocks) == 1 else b"".join(blocks)


def _token(request: Request) -> str:
    token = request.headers.get("report-token", "")
    if token and not upload.TOKEN.fullmatch(token):
        raise Problem(422, upload.NO_TOKEN)
    return token


def _base(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """The address that the sender used, as far as the path of this application."""
    host = headers.get(b"host", b"").decode("latin-1")
    if not host:
        name, port = scope.get("server") or ("localhost", None)
        host = name if port is None else f"{name}:{port}"
    return f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '').rstrip('/')}"


async def _send_json(send: Send, status: int, document: Any) -> None:
    body = msgspec.json.encode(document)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
