"""Postman: takes reports from the spool to a destination, and writes down honestly what came of it.

One postman of this computer sends at a time. A crash between the endpoint's answer and our record only
means that the same report is posted once more, and the endpoint knows it by its reference.

Before an automatic report goes, the destination is asked how much of it is wanted. What a person sends goes
as they saw it: they were asked before the preview. The next destination is tried where one cannot be
reached; one that answers "not now" is alive, and what it does not want now waits: a storm is not passed on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from reporter import program
from reporter.delivery.backoff import next_wait_s, put_off_s
from reporter.delivery.destination import Destination, Kind, Need, Outcome
from reporter.delivery.envelope import Attempt, Envelope
from reporter.delivery.receipt import BUSY, Receipt, State
from reporter.delivery.spool import NO_DESTINATION, Spool
from reporter.errors import ReporterError, SpoolError
from reporter.files import only_one

SERVER_FAULT_LIMIT_TRIES = 8
PAUSE_S = 3600.0
LOCK_WAIT_S = 30.0
COUNTED = "counted: no more reports of this kind are needed"


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
                    f"No report {reference} is kept on this computer; “{program.command()} queue” lists "
                    "those that are."
                )
            if envelope.state in (State.ACCEPTED, State.ANSWERED) or not self._destinations:
                return self._receipt(envelope)
            if not alone:
                busy = msgspec.structs.replace(envelope, reason="another process is sending at the moment")
                return self._receipt(busy)
            return self._receipt(self._send(envelope, _Round()))

    def flush(self, *, force: bool = False) -> list[Receipt]:
        """Send what is due, oldest first; one receipt for each report that was looked at.

        ``force``: also what is planned for later, what a paused destination holds up, and automatic reports
        that were only saved. A destination that could not be reached is not tried again for the reports that
        follow; they are put off with it.
        """
        if not self._destinations:
            return []
        receipts = []
        if force:
            references, this_round = self._spool.waiting(), _Round()
        else:
            self._spool.mend_times()
            references, this_round = self._spool.due(self._now()), _Round(self._left_alone(), limited=True)
        for reference in references:
            # The lock is given back between two reports, so that a person's own one gets in.
            with self._alone() as alone:
                if not alone:
                    break
                envelope = self._spool.get(reference)
                if envelope is None or not self._still_wanted(envelope, force):
                    continue  # another process was faster
                receipts.append(self._receipt(self._send(envelope, this_round)))
        return receipts

    def inquire(self, reference: str) -> Envelope:
        """Ask the destination that has a report what became of it, and keep support's answer.

        What is kept is returned as it is where nobody has it yet, or where it cannot be asked. Raises
        SpoolError when there is no such report, or when the spool cannot be used.
        """
        envelope = self._spool.get(reference)
        if envelope is None:
            raise SpoolError(
                f"No report {reference} is kept on this computer; “{program.command()} queue” lists "
                "those that are."
            )
        takers = [row.destination for row in envelope.history if row.outcome == Kind.ACCEPTED]
        for destination in self._destinations:
            if destination.name in takers and envelope.token:
                reply = destination.status(reference, envelope.token)
                if reply is not None and reply.answer:
                    self._spool.note_answer(reference, reply.answer, reply.answered_at or self._now())
                    return self._spool.get(reference) or envelope
        return envelope

    def _left_alone(self) -> dict[Destination, Outcome]:
        """The destinations that are not tried now: they asked for time, or took nothing within the last hour
        for a reason that somebody must mend."""
        now = self._now()
        known = {
            rest.destination: Outcome(
                kind=Kind.POSTPONED,
                reason=rest.reason,
                retry_after_s=(rest.until - now).total_seconds(),
                server_fault=rest.server_fault,
            )
            for rest in self._spool.standing.rests()
        } | {
            pause.destination: Outcome(kind=Kind.PAUSED, reason=pause.reason)
            for pause in self._spool.standing.pauses()
            if 0 <= (now - pause.tried_at).total_seconds() < PAUSE_S
        }
        return {
            destination: known[destination.name]
            for destination in self._destinations
            if destination.name in known
        }

    def _hand_over(self, envelope: Envelope, destination: Destination) -> Outcome:
        """One try at one destination; a fault of our own is borne as often as a server's."""
        try:
            return self._offer(envelope, destination)
        except ReporterError:
            raise
        except Exception as error:  # noqa: BLE001 - one report must not keep the others from going
            return Outcome(
                kind=Kind.POSTPONED,
                reason=f"it could not be handed over ({type(error).__name__})",
                server_fault=True,
            )

    def _offer(self, envelope: Envelope, destination: Destination) -> Outcome:
        """Ask first where nobody waits for the report to go, then send what is wanted of it."""
        question = envelope.question()
        need = Need.EVERYTHING
        if not envelope.sent_by_person and not envelope.counts_only:
            asked = destination.precheck(question)
            if asked is not None:
                if asked.later is not None:
                    return asked.later
                self._spool.standing.spread(asked.spread_s)
                need = asked.need
        if envelope.counts_only or need is Need.NOTHING:
            counted = _count(envelope, destination)
            if counted is not None:
                return counted
        return destination.deliver(envelope if need is Need.EVERYTHING else self._reduce(envelope))

    def _still_wanted(self, envelope: Envelope, force: bool) -> bool:
        if force:
            return envelope.state in (State.QUEUED, State.SAVED)
        return self._spool.is_due(envelope.reference, self._now())

    def _send(self, envelope: Envelope, this_round: _Round) -> Envelope:
        """Try the destinations in turn and write down what came of it."""
        attempts: list[Attempt] = []
        outcomes: list[Outcome] = []
        worn_out = 0
        for destination in self._destinations:
            faults = _faults(envelope, destination)
            if this_round.limited and len(faults) >= SERVER_FAULT_LIMIT_TRIES:
                worn_out += 1
                continue
            known = this_round.out_of_reach.get(destination)
            outcome = known or self._hand_over(envelope, destination)
            outcomes.append(outcome)
            if known is None:
                attempts.append(_attempt(destination, outcome, self._now()))
                self._remember(destination, outcome)
                this_round.learn(destination, outcome)
                worn_out += outcome.server_fault and len(faults) + 1 >= SERVER_FAULT_LIMIT_TRIES
            if outcome.kind in (Kind.ACCEPTED, Kind.REFUSED) or _asks_for_time(outcome):
                break
        if not outcomes:  # each has failed it too often, and one of them is no longer in the settings
            outcomes.append(Outcome(kind=Kind.POSTPONED, reason=envelope.reason, server_fault=True))
        after = after_round(
            envelope,
            outcomes,
            faults=sum(attempt.server_fault for attempt in attempts),
            tried=bool(attempts),
            is_worn_out=worn_out == len(self._destinations),
            now=self._now(),
            random=self._random,
        )
        return self._spool.record(after, attempts)

    def _remember(self, destination: Destination, outcome: Outcome) -> None:
        """What an outcome means for other reports, later and in other processes."""
        if outcome.kind is Kind.PAUSED:
            self._spool.standing.pause(destination.name, outcome.reason)
        elif outcome.kind is Kind.ACCEPTED:
            self._spool.standing.resume(destination.name)
        elif outcome.retry_after_s:
            self._spool.standing.rest(
                destination.name,
                outcome.retry_after_s,
                outcome.reason,
                server_fault=outcome.server_fault,
            )

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


def deliver_unkept(envelope: Envelope, destinations: Sequence[Destination]) -> Receipt | None:
    """Try once to deliver a person's report that no disk takes; None where nobody confirmed it."""
    for destination in destinations:
        counted = _count(envelope, destination) if envelope.counts_only else None
        outcome = counted or destination.deliver(envelope)
        if outcome.kind is Kind.ACCEPTED:
            taken = msgspec.structs.replace(
                envelope,
                state=State.ACCEPTED,
                tries=1,
                page=outcome.page,
                history=[_attempt(destination, outcome, datetime.now(UTC))],
            )
            return taken.receipt()
        if outcome.kind is Kind.REFUSED or _asks_for_time(outcome):
            return None
    return None


def _count(envelope: Envelope, destination: Destination) -> Outcome | None:
    """Say "me too"; None where that is not known, or not taken: the report itself is better than nothing."""
    counted = destination.count_in(envelope.question())
    if counted is None or counted.kind is Kind.REFUSED:
        return None
    is_taken = counted.kind is Kind.ACCEPTED
    return msgspec.structs.replace(counted, reason=COUNTED) if is_taken else counted


class _Round:
    """What one round of the postman has learned about the destinations.

    ``out_of_reach``: what came of those that the reports which follow need not try. ``limited``: those that
    failed a report too often are not tried with it again; a person who asks for a try gets one.
    """

    def __init__(
        self, out_of_reach: dict[Destination, Outcome] | None = None, *, limited: bool = False
    ) -> None:
        self.out_of_reach = out_of_reach or {}
        self.limited = limited
        self._faulty: set[Destination] = set()

    def learn(self, destination: Destination, outcome: Outcome) -> None:
        """One server fault may be for that one report; a second one in the same round is not."""
        if outcome.kind in (Kind.ACCEPTED, Kind.REFUSED):
            return
        if outcome.server_fault and outcome.retry_after_s is None and destination not in self._faulty:
            self._faulty.add(destination)
        else:
            self.out_of_reach[destination] = outcome


def after_round(
    envelope: Envelope,
    outcomes: Sequence[Outcome],
    *,
    faults: int = 0,
    tried: bool,
    is_worn_out: bool = False,
    now: datetime,
    random: Callable[[], float],
) -> Envelope:
    """The envelope after a round of delivery with these ``outcomes``, the last of which counts where it ended
    the round; pure.

    ``faults``: server faults of this round; ``is_worn_out``: every destination has had its limit of them.
    ``tried`` is false when every destination was already known to be out of reach: such a round only
    plans the next one and does not count. The next try is planned for the destination whose time comes first.
    """
    last = outcomes[-1]
    replace = msgspec.structs.replace
    envelope = replace(
        envelope,
        tries=envelope.tries + tried,
        server_faults=envelope.server_faults + faults,
        next_try_at=None,
    )
    if last.kind is Kind.ACCEPTED:
        return replace(envelope, state=State.ACCEPTED, page=last.page, reason="", wait_s=0.0)
    if last.kind is Kind.REFUSED:
        return replace(envelope, state=State.REFUSED, reason=last.reason)
    if is_worn_out:
        kept = f", for the {envelope.server_faults}th time; it is kept and not tried again by itself"
        return replace(envelope, state=State.REFUSED, reason=last.reason + kept)
    wait_s = next_wait_s(envelope.wait_s, random)
    delays = [_delay_s(outcome, wait_s, random) for outcome in outcomes]
    soonest = delays.index(min(delays))
    return replace(
        envelope,
        state=State.QUEUED,
        wait_s=wait_s,
        next_try_at=now + timedelta(seconds=delays[soonest]),
        reason=outcomes[soonest].reason,
    )


def _delay_s(outcome: Outcome, wait_s: float, random: Callable[[], float]) -> float:
    if outcome.kind is Kind.PAUSED:
        return PAUSE_S + wait_s
    return put_off_s(wait_s, outcome.retry_after_s, random)


def _attempt(destination: Destination, outcome: Outcome, now: datetime) -> Attempt:
    return Attempt(
        at=now,
        destination=destination.name,
        outcome=BUSY if outcome.is_busy else outcome.kind,
        reason=outcome.reason,
        server_fault=outcome.server_fault,
    )


def _faults(envelope: Envelope, destination: Destination) -> Sequence[Attempt]:
    return [row for row in envelope.history if row.server_fault and row.destination == destination.name]


def _asks_for_time(outcome: Outcome) -> bool:
    """It is alive and said when to come again; a server fault is no sign of life, whatever it says."""
    return outcome.kind is Kind.POSTPONED and outcome.retry_after_s is not None and not outcome.server_fault


def _random() -> float:
    import random

    return random.random()  # noqa: S311 - spreads retries, protects nothing
