"""Judgement: what the status of an answer means, where a kind's own protocol says nothing else."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from reporter.delivery.backoff import retry_after_s
from reporter.delivery.destination import Check, Kind, Outcome
from reporter.delivery.transport import CLAUSE_LIMIT_CHARS, Answer
from reporter.texts.safe import one_line, without_secrets

# 511 is the sign of a captive portal, not a fault of the receiver.
_POSTPONED = frozenset({408, 425, 429, 511})
_REFUSED = frozenset({400, 409, 413, 415, 422})


def unconfirmed() -> Outcome:
    """A success that does not say that the report is stored: a portal, or another service, answered."""
    return Outcome(
        kind=Kind.POSTPONED,
        reason="what answered did not confirm the report; a sign-in page of the network, or another service, "
        "may stand at the receiver's address",
    )


def of_look(answer: Answer | str, *, now: datetime) -> Check:
    """What an answer tells that came without a report: of one who wants a report, few answers mean much."""
    if isinstance(answer, str):
        return Check(is_reached=False, reason=answer)
    remark = "only a report can tell whether it takes one"
    if answer.status < 300 or answer.status in {*_REFUSED, 404, 405}:
        return Check(is_reached=True, remark=f"{remark}: it answered {answer.status}")
    outcome = of_status(answer, now=now, mending="correct the address or the sign-in")
    is_let_in = False if answer.status in (401, 403) else None
    return Check(is_reached=True, is_let_in=is_let_in, reason=outcome.reason)


def of_status(answer: Answer, *, now: datetime, mending: str) -> Outcome:
    """What an answer other than 2xx means; pure. ``mending``: what an administrator can do, as a clause.

    408, 425, 429, 5xx and redirects: try again. 400, 409, 413, 415, 422: this report will never be taken.
    Everything else says that the address is wrong or reports are not let in: the destination pauses.
    """
    said = f"the receiver answered {answer.status}"
    words = answer.json_object().get("message")
    if isinstance(words, str) and words.strip():
        said += f": {one_line(words, CLAUSE_LIMIT_CHARS).rstrip('.')}"
    after_s = retry_after_s(answer.headers.get("Retry-After", ""), now)
    if answer.status in _POSTPONED or answer.status >= 500:
        return Outcome(
            kind=Kind.POSTPONED,
            reason=said,
            retry_after_s=after_s,
            server_fault=answer.status not in _POSTPONED,
            is_busy=answer.status != HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,
        )
    if 300 <= answer.status < 400:
        target = one_line(without_secrets(answer.headers.get("Location", "")), CLAUSE_LIMIT_CHARS)
        return Outcome(
            kind=Kind.POSTPONED,
            reason=f"{said} and redirects to {target or 'nowhere'}; redirects are not followed "
            "(a sign-in page of the network, or the receiver has moved)",
        )
    if answer.status in _REFUSED:
        return Outcome(kind=Kind.REFUSED, reason=said)
    return Outcome(kind=Kind.PAUSED, reason=f"{said}; {mending}")
