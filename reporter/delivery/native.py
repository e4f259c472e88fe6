"""The native destination: one multipart POST to an endpoint such as the inbox.

The part ``report`` holds exactly the bytes of report.json, parts ``attachment`` the files; the header
``Idempotency-Key`` the reference. A report counts as accepted only when the answer names its
reference and says so: a captive portal also answers 200.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from reporter._version import __version__
from reporter.delivery.backoff import RETRY_AFTER_LIMIT_S, retry_after_s
from reporter.delivery.destination import Check, Destination, Kind, Need, Outcome, Precheck, Question, Reply
from reporter.delivery.transport import CLAUSE_LIMIT_CHARS, Answer, Transport, checked_url, multipart
from reporter.texts.safe import one_line, plain, why_unsafe_link, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

EXAMPLE = "https://support.example.org/reports"
ASKING_LIMIT_S = 5.0
"""For a question on whose answer somebody waits; without one everything is sent."""
NO_FAULT = "none"
"""The fingerprint of a question that is asked without a fault."""
MESSAGE_LIMIT_CHARS = 4_000
EARLIEST_ANSWER = datetime(2020, 1, 1, tzinfo=UTC)
CLOCK_LEEWAY = timedelta(days=1)

# 511 is the sign of a captive portal, not a fault of the endpoint's server.
_POSTPONED = frozenset({408, 425, 429, 511})
_REFUSED = frozenset({400, 409, 413, 415, 422})
_UNKNOWN_QUESTION = frozenset({404, 405, 501})

# What an administrator can do where the destination pauses.
_LET_IN = (
    "give this computer credentials in the keyring or the credentials file, or let the endpoint take reports "
    "without a sign-in"
)
_CORRECT_ADDRESS = "correct the address of the endpoint"
_MENDING = {401: _LET_IN, 403: _LET_IN}


class NativeDestination(Destination):
    """An HTTP or HTTPS endpoint that takes reports.

    Raises UsageError for an address that cannot be posted to, or holds a user name or password.
    """

    def __init__(
        self,
        address: str,
        transport: Transport | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._url = checked_url(address, example=EXAMPLE)
        self.name = without_secrets(self._url)
        self._transport = transport or Transport()
        self._quick = self._transport.limited(ASKING_LIMIT_S)
        self._now = now

    def deliver(self, envelope: Envelope) -> Outcome:
        """Post the report; see ``judge`` for what becomes of which answer."""
        body, content_type = multipart(
            [
                ("report", ("report.json", envelope.report_json, "application/json")),
                *(
                    ("attachment", (file.name, file.content, file.content_type))
                    for file in envelope.attachments
                ),
            ]
        )
        answer = self._transport.exchange(
            "POST",
            self._url,
            headers={
                "Accept": "application/json, application/problem+json",
                "Content-Type": content_type,
                "Idempotency-Key": envelope.reference,
                **({"Report-Token": envelope.token} if envelope.token else {}),
            },
            body=body,
        )
        if isinstance(answer, str):
            return _postponed(answer)
        return judge(answer, reference=envelope.reference, now=self._now())

    def check(self) -> Check:
        """Ask how much of a report is wanted, as before every report; an endpoint that does not know the
        question is only asked whether it is there."""
        document: dict[str, object] = {"fingerprint": NO_FAULT, "agent": f"reporter-agent/{__version__}"}
        answer = self._ask("precheck", document, {})
        remark = ""
        if isinstance(answer, Answer) and answer.status in _UNKNOWN_QUESTION:
            remark = "it answers no question before a report, so only a report can tell whether it takes one"
            answer = self._quick.exchange("HEAD", self._url, headers={"Accept": "application/json"})
        if isinstance(answer, str):
            return Check(is_reached=False, reason=answer)
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            reason = judge(answer, reference="", now=self._now()).reason
            return Check(is_reached=True, is_let_in=False, reason=reason)
        if remark and (answer.status < 300 or answer.status == HTTPStatus.METHOD_NOT_ALLOWED):
            return Check(is_reached=True, remark=remark)
        if answer.status == HTTPStatus.OK and "need" in answer.json_object():
            return Check(is_reached=True, is_let_in=True)
        outcome = judge(answer, reference="", now=self._now())
        if outcome.kind is Kind.REFUSED:  # it is no report that it did not like
            return Check(is_reached=True, remark=f"asked without a report, {outcome.reason}")
        return Check(is_reached=True, reason=outcome.reason)

    def precheck(self, question: Question) -> Precheck | None:
        """Ask how much of a report is wanted; an endpoint that does not know the question wants all of it."""
        document: dict[str, object] = {
            "fingerprint": question.fingerprint,
            "cause": question.cause,
            "layer": question.layer,
            "application": {"name": question.application, "version": question.version},
            "agent": f"reporter-agent/{__version__}",
            "language": question.language,
            "sent_by_person": question.sent_by_person,
        }
        answer = self._ask("precheck", document, {})
        if isinstance(answer, str):
            return Precheck(later=_postponed(answer))
        if answer.status != HTTPStatus.OK:
            outcome = judge(answer, reference=question.reference, now=self._now())
            is_busy = outcome.kind is Kind.POSTPONED and answer.status >= HTTPStatus.BAD_REQUEST
            is_known = answer.status != HTTPStatus.NOT_IMPLEMENTED
            return Precheck(later=outcome) if is_busy and is_known else None
        try:
            said = msgspec.convert(answer.json_object(), _Said)
        except msgspec.ValidationError:
            return None
        spread_s = said.spread_s
        return Precheck(
            need=said.need,
            message=plain(said.message, MESSAGE_LIMIT_CHARS).strip(),
            spread_s=spread_s if spread_s is not None and 0 <= spread_s <= RETRY_AFTER_LIMIT_S else None,
            known=max(0, said.known),
        )

    def count_in(self, question: Question) -> Outcome | None:
        """Tell that one more has this fault; None where the endpoint does not count."""
        document: dict[str, object] = {"reference": question.reference, "fingerprint": question.fingerprint}
        headers = {"Idempotency-Key": question.reference}
        if question.token:  # who was counted learns the answer too
            headers["Report-Token"] = question.token
        answer = self._ask("count", document, headers)
        if isinstance(answer, str):
            return _postponed(answer)
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED):
            return None
        return judge(answer, reference=question.reference, now=self._now())

    def status(self, reference: str, token: str) -> Reply | None:
        """What became of a report, asked with its own secret."""
        answer = self._quick.exchange(
            "GET",
            self._beside(f"{reference}/status"),
            headers={"Accept": "application/json", "Report-Token": token},
        )
        if isinstance(answer, str) or answer.status != HTTPStatus.OK:
            return None
        document = answer.json_object()
        if document.get("reference") != reference:
            return None
        try:
            said = msgspec.convert(document, _Told)
        except msgspec.ValidationError:
            return None
        words = said.answer
        if words is None:
            return Reply(is_solved=said.solved)
        return Reply(
            answer=plain(words.text, MESSAGE_LIMIT_CHARS).strip(),
            answered_at=_moment(words.at, self._now()),
            answered_by=one_line(words.by, CLAUSE_LIMIT_CHARS),
            is_solved=said.solved,
        )

    def _ask(self, what: str, document: dict[str, object], headers: dict[str, str]) -> Answer | str:
        return self._quick.exchange(
            "POST",
            self._beside(what),
            headers={"Accept": "application/json", "Content-Type": "application/json", **headers},
            body=msgspec.json.encode(document),
        )

    def _beside(self, name: str) -> str:
        """An address below the endpoint's own."""
        parts = urlsplit(self._url)
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))


class _Said(msgspec.Struct):
    """The endpoint's answer to a precheck."""

    need: Need
    message: str = ""
    spread_s: float | None = None
    known: int = 0


class _Words(msgspec.Struct):
    text: str = ""
    at: object = None
    by: str = ""


class _Told(msgspec.Struct):
    """The endpoint's answer about one report."""

    answer: _Words | None = None
    solved: bool = False


def _moment(at: object, now: datetime) -> datetime | None:
    """When support answered; None where the endpoint's clock or its spelling cannot be trusted, which takes
    nothing from the answer itself."""
    try:
        moment = msgspec.convert(at, datetime)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (msgspec.ValidationError, ValueError, OverflowError):
        return None
    return moment if EARLIEST_ANSWER <= moment <= now + CLOCK_LEEWAY else None


def judge(answer: Answer, *, reference: str, now: datetime) -> Outcome:
    """What an answer means; pure.

    1xx is no answer. 2xx counts only with a JSON confirmation of this reference. 3xx, 408, 425, 429
    and 5xx: try again. 400, 409, 413, 415, 422: it will never be taken. Everything else (401, 403, 404…)
    says that the address is wrong or reports are not let in: the destination pauses.
    """
    status, headers = answer.status, answer.headers
    if 200 <= status < 300:
        return _confirmation(answer, reference)
    said = _said(answer)
    if status < 200:
        return _postponed(f"{said}, which is no final answer")
    after_s = retry_after_s(headers.get("Retry-After", ""), now)
    if status in _POSTPONED:
        is_portal = status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED
        return Outcome(kind=Kind.POSTPONED, reason=said, retry_after_s=after_s, is_busy=not is_portal)
    if status >= 500:
        return Outcome(
            kind=Kind.POSTPONED, reason=said, retry_after_s=after_s, server_fault=True, is_busy=True
        )
    if 300 <= status < 400:
        target = one_line(without_secrets(headers.get("Location", "")), CLAUSE_LIMIT_CHARS)
        return _postponed(
            f"{said} and redirects to {target or 'nowhere'}; redirects are not followed "
            "(a sign-in page of the network, or the endpoint has moved)"
        )
    if status in _REFUSED:
        return Outcome(kind=Kind.REFUSED, reason=said)
    return Outcome(kind=Kind.PAUSED, reason=f"{said}; {_MENDING.get(status, _CORRECT_ADDRESS)}")


def _confirmation(answer: Answer, reference: str) -> Outcome:
    document = answer.json_object()
    if document.get("reference") != reference or document.get("state") != "accepted":
        return _postponed(
            "what answered did not confirm the report; a sign-in page of the network, or another service, "
            "may stand at the endpoint's address"
        )
    page = document.get("page")
    if not isinstance(page, str) or why_unsafe_link(page) is not None:
        page = ""
    return Outcome(kind=Kind.ACCEPTED, page=page)


def _said(answer: Answer) -> str:
    """“the endpoint answered 422 Unprocessable Entity: …”, with the detail of a problem document."""
    try:
        name = f" {HTTPStatus(answer.status).phrase}"
    except ValueError:
        name = ""
    detail = answer.json_object().get("detail")
    more = (
        f": {one_line(detail, CLAUSE_LIMIT_CHARS).rstrip('.')}" if isinstance(detail, str) and detail else ""
    )
    return f"the endpoint answered {answer.status}{name}{more}"


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)
