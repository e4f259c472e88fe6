"""Postman: takes reports from the spool to a destination, and writes down honestly what came of it.

One postman of this computer sends at a time. A crash between the endpoint's answer and our record only
means that the same report is posted once more, and the endpoint knows it by its reference.

Before an automatic report goes, the destination is asked how much of it is wanted. What a person sends goes
as they saw it: they were asked before the preview.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from reporter.delivery.backoff import next_wait_s, with_floor
from reporter.delivery.destination import Destination, Kind, Need, Outcome
from reporter.delivery.envelope import Attempt, Envelope
from reporter.delivery.lock import only_one
from reporter.delivery.receipt import Receipt, State
from reporter.delivery.spool import NO_DESTINATION, Spool
from reporter.errors import SpoolError

SERVER_FAULT_LIMIT_TRIES = 8
PAUSE_S = 3600.0
LOCK_WAIT_S = 30.0


class Postman:
    """Delivers to the first of ``destinations`` that can be reached, in their order.

    ``now`` gives the time of day with zone, ``random`` a number in [0, 1); both are injected by tests.
    ``reduce`` gives the summary of an automatic report, where an endpoint wants no more than that.
    """

    def __init__(
        self,
        spool: Spool,
        destinations: Sequence[Destination],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[], float] | None = None,
        reduce: Callable[[Envelope], Envelope] = lambda envelope: envelope,
        lock_wait_s: float = LOCK_WAIT_S,
    ) -> None:
        self._spool = spool
        self._destinations = destinations
        self._now = now
        self._random = random or _random
        self._reduce = reduce
        self._lock_wait_s = lock_wait_s

    def deliver(self, reference: str) -> Receipt:
        """Send one report now, whatever time was planned, unless the endpoint already has it.

        Also sends one that was only saved, or refused before. Raises SpoolError when there is no such
        report, or when the spool cannot be used.
        """
        with self._alone() as alone:
            envelope = self._spool.get(reference)
            if envelope is None:
                raise SpoolError(
                    f"No report {reference} is kept on this computer; “reporter queue” lists those that are."
                )
            if envelope.state in (State.ACCEPTED, State.ANSWERED) or not self._destinations:
                return self._receipt(envelope)
            if not alone:
                busy = msgspec.structs.replace(envelope, reason="another process is sending at the moment")
                return self._receipt(busy)
            return self._receipt(self._send(envelope, {}))

    def flush(self, *, force: bool = False) -> list[Receipt]:
        """Send what is due, oldest first; one receipt for each report that was looked at.

        ``force``: also what is planned for later, what a paused destination holds up, and automatic reports
        that were only saved. A destination that could not be reached is not tried again for the reports that
        follow; they are put off with it.
        """
        if not self._destinations:
            return []
        receipts = []
        out_of_reach = {} if force else self._paused()
        for reference in self._spool.waiting() if force else self._spool.due(self._now()):
            # The lock is given back between two reports, so that a person's own one gets in.
            with self._alone() as alone:
                if not alone:
                    break
                envelope = self._spool.get(reference)
                if envelope is None or not self._still_wanted(envelope, force):
                    continue  # another process was faster
                receipts.append(self._receipt(self._send(envelope, out_of_reach)))
        return receipts

    def inquire(self, reference: str) -> Envelope:
        """Ask the destination that has a report what became of it, and keep support's answer.

        What is kept is returned as it is where nobody has it yet, or where it cannot be asked. Raises
        SpoolError when there is no such report, or when the spool cannot be used.
        """
        envelope = self._spool.get(reference)
        if envelope is None:
            raise SpoolError(
                f"No report {reference} is kept on this computer; “reporter queue” lists those that are."
            )
        takers = [row.destination for row in envelope.history if row.outcome == Kind.ACCEPTED]
        for destination in self._destinations:
            if destination.name in takers and envelope.token:
                reply = destination.status(reference, envelope.token)
                if reply is not None and reply.answer:
                    self._spool.note_answer(reference, reply.answer, reply.answered_at or self._now())
                    return self._spool.get(reference) or envelope
        return envelope

    def _paused(self) -> dict[Destination, Outcome]:
        """The destinations that took nothing within the last hour, for a reason that somebody must mend."""
        reasons = {
            pause.destination: pause.reason
            for pause in self._spool.pauses()
            if 0 <= (self._now() - pause.tried_at).total_seconds() < PAUSE_S
        }
        return {
            destination: Outcome(kind=Kind.PAUSED, reason=reasons[destination.name])
            for destination in self._destinations
            if destination.name in reasons
        }

    def _hand_over(self, envelope: Envelope, destination: Destination) -> Outcome:
        """One try at one destination, which is asked first where nobody waits for the report to go."""
        asked = None if envelope.sent_by_person else destination.precheck(envelope.question())
        if asked is not None and asked.spread_s is not None:
            self._spool.spread(asked.spread_s)
        if envelope.counts_only or (asked is not None and asked.need is Need.NOTHING):
            counted = destination.count_in(envelope.question())
            if counted is not None:
                return counted
        if asked is not None and asked.need is Need.SUMMARY:
            return destination.deliver(self._reduce(envelope))
        return destination.deliver(envelope)

    def _still_wanted(self, envelope: Envelope, force: bool) -> bool:
        if force:
            return envelope.state in (State.QUEUED, State.SAVED)
        return envelope.reference in self._spool.due(self._now())

    def _send(self, envelope: Envelope, out_of_reach: dict[Destination, Outcome]) -> Envelope:
        """Try the destinations in turn and write down what came of it.

        ``out_of_reach`` holds what came of those that failed earlier in the same round; it grows.
        """
        attempts: list[Attempt] = []
        for destination in self._destinations:
            known = out_of_reach.get(destination)
            outcome = known or self._hand_over(envelope, destination)
            if known is None:
                attempts.append(
                    Attempt(
                        at=self._now(),
                        destination=destination.name,
                        outcome=outcome.kind,
                        reason=outcome.reason,
                    )
                )
                if outcome.kind is Kind.PAUSED:
                    self._spool.pause(destination.name, outcome.reason)
                elif outcome.kind is Kind.ACCEPTED:
                    self._spool.resume(destination.name)
            if outcome.kind in (Kind.ACCEPTED, Kind.REFUSED):
                break
            out_of_reach[destination] = outcome
        after = after_round(envelope, outcome, tried=bool(attempts), now=self._now(), random=self._random)
        return self._spool.record(after, attempts)

    def _receipt(self, envelope: Envelope) -> Receipt:
        """The receipt as it may be told: without a destination nothing "will be sent by itself"."""
        receipt = envelope.receipt()
        if receipt.state is State.QUEUED and not self._destinations:
            return msgspec.structs.replace(
                receipt, state=State.SAVED, reason=NO_DESTINATION, next_try_at=None
            )
        return receipt

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """True while no other postman sends; False when another one does not come to an end."""
        lock = self._spool.path.with_name(self._spool.path.name + ".lock")
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(only_one(lock, wait_s=self._lock_wait_s))
            except TimeoutError:
                yield False
                return
            except OSError as error:
                raise SpoolError(
                    f"The file {lock} cannot be used: {error.strerror or error}. "
                    "Allow this user to write in its folder."
                ) from None
            yield True


def after_round(
    envelope: Envelope, outcome: Outcome, *, tried: bool, now: datetime, random: Callable[[], float]
) -> Envelope:
    """The envelope after a round of delivery that ended with ``outcome``; pure.

    ``tried`` is false when every destination was already known to be out of reach: such a round only
    plans the next one and does not count.
    """
    replace = msgspec.structs.replace
    tries = envelope.tries + tried
    faults = envelope.server_faults + (tried and outcome.server_fault)
    if outcome.kind is Kind.ACCEPTED:
        return replace(
            envelope,
            state=State.ACCEPTED,
            tries=tries,
            page=outcome.page,
            reason="",
            next_try_at=None,
            wait_s=0.0,
        )
    if outcome.kind is Kind.REFUSED:
        return replace(envelope, state=State.REFUSED, tries=tries, reason=outcome.reason, next_try_at=None)
    if faults >= SERVER_FAULT_LIMIT_TRIES:
        reason = f"{outcome.reason}, for the {faults}th time; it is kept and not tried again by itself"
        return replace(
            envelope, state=State.REFUSED, tries=tries, server_faults=faults, reason=reason, next_try_at=None
        )
    wait_s = next_wait_s(envelope.wait_s, random)
    floor_s = PAUSE_S if outcome.kind is Kind.PAUSED else outcome.retry_after_s
    return replace(
        envelope,
        state=State.QUEUED,
        tries=tries,
        server_faults=faults,
        wait_s=wait_s,
        next_try_at=now + timedelta(seconds=with_floor(wait_s, floor_s)),
        reason=outcome.reason,
    )


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - spreads retries, protects nothing
