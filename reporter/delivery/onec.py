"""The 1C destination: the error-registration protocol of 1C:Enterprise, as its receivers implement it.

``getInfo`` is asked before, ``pushReport`` takes one zip (see ``onec_report``). Receivers answer 200 even
where they stored nothing: the body decides, and where there is none, whether a receiver stands there at all.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from reporter.delivery import judgement, onec_report
from reporter.delivery.destination import Check, Destination, Kind, Need, Outcome, Pack, Precheck, Question
from reporter.delivery.transport import Answer, Transport, checked_url, multipart
from reporter.texts.safe import plain, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

EXAMPLE = "onec+https://support.example.org/api/reg"
ASKING_LIMIT_S = 5.0
MESSAGE_LIMIT_CHARS = 4_000
NOT_CONVERTED = "bad convert"
"""What a receiver says that cannot read a report, with a 500; it never will."""


class OneCDestination(Destination):
    """``onec+https://`` and the base address of a receiver, such as ``…/api/reg``.

    Raises UsageError for an address that cannot be posted to.
    """

    def __init__(
        self,
        address: str,
        transport: Transport,
        pack: Pack,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._base = checked_url(address.partition("+")[2], example=EXAMPLE)
        self.name = f"onec+{without_secrets(self._base).rstrip('/')}"
        self._transport = transport
        self._quick = transport.limited(ASKING_LIMIT_S)
        self._pack = pack
        self._now = now
        self._known: set[str] = set()

    def deliver(self, envelope: Envelope) -> Outcome:
        """Push the report; sending the same one again is idempotent by its ``id``."""
        content = onec_report.packed(envelope, self._pack)
        body, content_type = multipart([("report", ("report.zip", content, "application/zip"))])
        answer = self._transport.exchange(
            "POST",
            self._at("pushReport"),
            headers={"Accept": "application/json", "Content-Type": content_type},
            body=body,
        )
        if isinstance(answer, str):
            return _postponed(answer)
        if 200 <= answer.status < 300 and not answer.body.strip():
            # So most receivers answer whatever became of it, and so may anything else on the way.
            asked = self.precheck(envelope.question())
            return judgement.unconfirmed() if asked is None else Outcome(kind=Kind.ACCEPTED)
        return judge(answer, now=self._now())

    def check(self) -> Check:
        """See whether it is there; a question (``getInfo``) would count as an error that somebody has."""
        answer = self._quick.exchange("HEAD", self._at("getInfo"), headers={"Accept": "application/json"})
        return judgement.of_look(answer, now=self._now())

    def precheck(self, question: Question) -> Precheck | None:
        """Ask whether a report is wanted (``getInfo``)."""
        answer = self._quick.exchange(
            "POST",
            self._at("getInfo"),
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            body=msgspec.json.encode(onec_report.info(question)),
        )
        if isinstance(answer, str) or answer.status != 200:
            return None
        document = answer.json_object()
        needed, message = document.get("needSendReport"), document.get("userMessage")
        if not isinstance(needed, bool):
            return None
        if not needed:
            self._known.add(question.reference)
        return Precheck(
            need=Need.EVERYTHING if needed else Need.NOTHING,
            message=plain(message, MESSAGE_LIMIT_CHARS).strip() if isinstance(message, str) else "",
        )

    def count_in(self, question: Question) -> Outcome | None:
        """The receiver has counted when it was asked; that it was is all that can be known."""
        if question.reference in self._known:
            return Outcome(kind=Kind.ACCEPTED)
        asked = self.precheck(question)
        if asked is None:
            return _postponed("the receiver does not answer")
        return Outcome(kind=Kind.ACCEPTED) if asked.need is Need.NOTHING else None

    def _at(self, method: str) -> str:
        parts = urlsplit(self._base)
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{method}"))


def judge(answer: Answer, *, now: datetime) -> Outcome:
    """What an answer to ``pushReport`` means; pure.

    200 counts with a JSON object or list that speaks of no error: an empty body, ``null`` or a page stored
    nothing. "bad convert", said with a 500, is for good; other 5xx are tried again, so many times.
    """
    if 200 <= answer.status < 300:
        return Outcome(kind=Kind.ACCEPTED) if _confirms(answer) else judgement.unconfirmed()
    outcome = judgement.of_status(
        answer, now=now, mending="correct the address or the sign-in of the receiver"
    )
    if outcome.server_fault and NOT_CONVERTED in outcome.reason:
        return Outcome(kind=Kind.REFUSED, reason=outcome.reason)
    return outcome


def _confirms(answer: Answer) -> bool:
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    # Receivers answer with what they made of the report, or with a list of such.
    made = document if isinstance(document, list) else [document]
    return bool(made) and all(isinstance(one, dict) and not one.get("error") for one in made)


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)
