"""The Sentry destination: for Sentry and Bugsink, a report as an event; see ``sentry_event``."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from reporter.delivery import judgement, sentry_event
from reporter.delivery.backoff import RETRY_AFTER_LIMIT_S
from reporter.delivery.destination import Check, Destination, Kind, Outcome
from reporter.delivery.transport import CLAUSE_LIMIT_CHARS, Answer, Transport, checked_url
from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    from reporter.delivery.envelope import Envelope

LOOK_LIMIT_S = 8.0
EXAMPLE = "sentry+https://KEY@sentry.example.org/1"
RATE_LIMITED_S = 60.0
"""After a 429 that names no time."""

_MENDING = "correct the key or the project in the address"
# The categories of what is sent; one that is limited for another category is no concern of ours.
_CATEGORIES = frozenset({"", "error", "default"})


class SentryDestination(Destination):
    """``sentry+https://KEY@host/PROJECT``: the project's DSN with ``sentry+`` before it.

    Raises UsageError for an address without key or project.
    """

    def __init__(
        self,
        address: str,
        transport: Transport,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        dsn = address.partition("+")[2]
        try:
            parts = urlsplit(dsn)
            key, host = parts.username or "", parts.netloc.rpartition("@")[2]
        except ValueError:
            key, host = "", ""
        prefix, _, project = parts.path.rstrip("/").rpartition("/") if host else ("", "", "")
        shown = one_line(without_secrets(address), CLAUSE_LIMIT_CHARS)
        if not is_name(key) or not is_name(project):
            raise UsageError(
                f"The destination {shown} is no DSN of Sentry or Bugsink; it should look like {EXAMPLE}."
            )
        self._url = checked_url(
            urlunsplit((parts.scheme, host, f"{prefix}/api/{project}/envelope/", "", "")), example=EXAMPLE
        )
        self._key = key
        self.name = without_secrets(address)
        self._transport = transport
        self._now = now
        self._limited_until: datetime | None = None

    def deliver(self, envelope: Envelope) -> Outcome:
        """Send the event; the same report has the same event id, which receivers store once.

        Where all of it is too large for what stands before the receiver, the event goes without the files.
        """
        now = self._now()
        if self._limited_until is not None and now < self._limited_until:
            left_s = (self._limited_until - now).total_seconds()
            return Outcome(
                kind=Kind.POSTPONED,
                reason="the receiver asked for a pause",
                retry_after_s=left_s,
                is_busy=True,
            )
        answer = self._send(envelope, has_files=True)
        if isinstance(answer, Answer) and answer.status == 413:
            answer = self._send(envelope, has_files=False)
        if isinstance(answer, str):
            return Outcome(kind=Kind.POSTPONED, reason=answer)
        now = self._now()
        limit_s = limited_s(answer)
        if limit_s:
            self._limited_until = now + timedelta(seconds=limit_s)
        return judge(answer, event_id=sentry_event.event_id(envelope), now=now)

    def check(self) -> Check:
        """Send an envelope with nothing in it, by which the receiver looks at the key and stores nothing."""
        answer = self._post(b"{}\n", self._transport.limited(LOOK_LIMIT_S))
        if isinstance(answer, Answer) and answer.status == 200:
            return Check(is_reached=True, is_let_in=True)
        if isinstance(answer, Answer) and answer.status == 404:
            said = judgement.of_status(answer, now=self._now(), mending=_MENDING).reason
            return Check(is_reached=True, reason=said)
        return judgement.of_look(answer, now=self._now())

    def _send(self, envelope: Envelope, *, has_files: bool) -> Answer | str:
        content = sentry_event.enveloped(envelope, sent_at=self._now(), has_files=has_files)
        return self._post(content, self._transport)

    def _post(self, content: bytes, transport: Transport) -> Answer | str:
        return transport.exchange(
            "POST",
            self._url,
            headers={
                "Content-Type": "application/x-sentry-envelope",
                "Content-Encoding": "gzip",
                "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={self._key}, "
                f"sentry_client={sentry_event.CLIENT}",
            },
            body=gzip.compress(content, mtime=0),
        )


def is_name(text: str) -> bool:
    """Whether this can be a key or a project: ASCII letters and digits."""
    return text.isascii() and text.isalnum()


def judge(answer: Answer, *, event_id: str, now: datetime) -> Outcome:
    """What an answer means; pure. 2xx counts only with the event's id in a JSON body.

    A limit for a while (``X-Sentry-Rate-Limits``) is a floor for the next try; a 429 that names no time
    means a minute.
    """
    if 200 <= answer.status < 300:
        stored = str(answer.json_object().get("id", "")).replace("-", "") == event_id
        return Outcome(kind=Kind.ACCEPTED) if stored else judgement.unconfirmed()
    outcome = judgement.of_status(answer, now=now, mending=_MENDING)
    if outcome.kind is not Kind.POSTPONED:
        return outcome
    floor_s = max(limited_s(answer), outcome.retry_after_s or 0.0)
    if not floor_s and answer.status == 429:
        floor_s = RATE_LIMITED_S
    return msgspec.structs.replace(outcome, retry_after_s=floor_s or None)


def limited_s(answer: Answer) -> float:
    """How long, in seconds up to a day, a limit lasts that concerns events; 0 where there is none.

    ``X-Sentry-Rate-Limits`` comes with any status and is read by its categories; an empty one means all.
    """
    longest_s = 0.0
    for limit in answer.headers.get("X-Sentry-Rate-Limits", "").split(","):
        seconds, _, rest = limit.strip().partition(":")
        categories = [category.strip().lower() for category in rest.partition(":")[0].split(";")]
        if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,6})?", seconds) and _CATEGORIES.intersection(categories):
            longest_s = max(longest_s, float(seconds))
    return min(longest_s, RETRY_AFTER_LIMIT_S)
