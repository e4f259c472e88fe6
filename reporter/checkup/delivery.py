"""Delivery: whether reports get to support, and what of them waits on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from reporter import outbox
from reporter.checkup import trial
from reporter.checkup.model import Finding, State
from reporter.checkup.promise import Promise
from reporter.delivery.destination import Check, Kind, Outcome
from reporter.delivery.envelope import Pause, Rest
from reporter.delivery.health import WAITING
from reporter.errors import ReporterError
from reporter.settings.layers import Loaded
from reporter.texts.safe import one_line

ADDRESS_LIMIT_CHARS = 200
DESTINATIONS_LIMIT_ITEMS = 32
MEGABYTE = 1_000_000

HoldUps = tuple[tuple[Pause, ...], tuple[Rest, ...]]


class _Test(NamedTuple):
    reference: str
    outcome: Promise[Outcome]


class _Asked(NamedTuple):
    shown: str
    check: Promise[tuple[str, Check]]
    test: _Test | None


class Destinations:
    """All destinations, looked at at the same time, from the moment this is made.

    ``send_test``: each is also given a marked report of its own, if reports may be sent at all.
    """

    def __init__(self, loaded: Loaded, *, send_test: bool) -> None:
        self._loaded = loaded
        self._send_test = send_test
        self._hold_ups = Promise[HoldUps](outbox.hold_ups)
        addresses = loaded.settings.destinations_in_order()
        self._more = len(addresses) - DESTINATIONS_LIMIT_ITEMS
        self._asked = [self._ask(address) for address in addresses[:DESTINATIONS_LIMIT_ITEMS]]

    def _ask(self, address: str) -> _Asked:
        loaded = self._loaded
        test = None
        if self._send_test and loaded.settings.submission != "off":
            bundle = trial.report()
            outcome = Promise(lambda: outbox.try_out(bundle, address, loaded))
            test = _Test(bundle.report.reference, outcome)
        shown = one_line(outbox.shown(address), ADDRESS_LIMIT_CHARS) or "unreadable address"
        return _Asked(shown, Promise(lambda: outbox.check(address, loaded)), test)

    def findings(self, until_s: float) -> list[Finding]:
        """What came of it; what has not ended at ``until_s`` of the monotonic clock is told as that."""
        settings = self._loaded.settings
        findings = []
        if not self._asked:
            words = "There is nowhere to send to: set `endpoint`."
            findings.append(Finding(state=State.WRONG, subject="none", words=words))
        if settings.submission == "off":
            origin = self._loaded.origins["submission"]
            words = f"reports are switched off (from {origin}), so none is sent"
            state = State.WRONG if self._send_test else State.NOTE
            findings.append(Finding(state=state, subject="submission", words=words))
        tested = [(asked, self._tested(asked, until_s)) for asked in self._asked]
        pauses, rests = self._known_hold_ups(until_s)
        for asked, test in tested:
            has_it = test is not None and test.state is State.GOOD  # and so it is not paused any more
            findings.append(_checked(asked, until_s, () if has_it else pauses, rests))
            if test is not None:
                findings.append(test)
        if self._more > 0:
            words = f"{self._more} more destinations are not looked at"
            findings.append(Finding(state=State.NOTE, subject="others", words=words))
        return findings

    def _known_hold_ups(self, until_s: float) -> HoldUps:
        try:
            return self._hold_ups.result(until_s)
        except (ReporterError, TimeoutError, OSError):
            return (), ()  # the section of the spool says why

    def _tested(self, asked: _Asked, until_s: float) -> Finding | None:
        if asked.test is None:
            return None
        reference, promise = asked.test
        facts: dict[str, object] = {"reference": reference, "outcome": None, "reason": "", "page": ""}
        try:
            outcome = promise.result(until_s)
        except TimeoutError:
            words = "no answer in time; support may have it nevertheless"
        except ReporterError as error:
            words = str(error)
        except Exception as error:  # noqa: BLE001 - a checkup never ends before its page is written
            words = f"it could not be tried ({type(error).__name__})"
        else:
            facts |= {"outcome": str(outcome.kind), "reason": outcome.reason, "page": outcome.page}
            words = ", ".join(part for part in (str(outcome.kind), outcome.reason, outcome.page) if part)
        is_accepted = facts["outcome"] == Kind.ACCEPTED
        return Finding(
            state=State.GOOD if is_accepted else State.WRONG,
            subject=f"test report {reference}",
            words=f"{words} ({asked.shown})",
            facts={**facts, "destination": asked.shown, "elapsed_ms": promise.elapsed_ms},
        )


def _checked(asked: _Asked, until_s: float, pauses: Sequence[Pause], rests: Sequence[Rest]) -> Finding:
    """What a look at one destination came to, and what keeps reports from it."""
    name, check = asked.shown, Check(is_reached=None)
    state, parts = State.GOOD, []
    try:
        name, check = asked.check.result(until_s)
    except TimeoutError:
        check = Check(is_reached=False, reason="no answer in time")
    except ReporterError as error:
        state, parts = State.MALFORMED, [str(error)]
    except Exception as error:  # noqa: BLE001 - a checkup never ends before its page is written
        check = Check(is_reached=None, reason=f"it could not be looked at ({type(error).__name__})")
    if check.is_reached is not None:
        took = "" if asked.check.elapsed_ms is None else f" ({asked.check.elapsed_ms} ms)"
        parts.append(("reachable" if check.is_reached else "not reachable") + took)
    if check.is_let_in is not None:
        parts.append("lets this computer in" if check.is_let_in else "does not let this computer in")
    parts += [part for part in (check.reason, check.remark) if part]
    if check.reason:
        state = State.WRONG
    elif check.remark and not check.is_let_in and state is State.GOOD:
        state = State.NOTE
    facts: dict[str, object] = {
        "is_reached": check.is_reached,
        "is_let_in": check.is_let_in,
        "reason": check.reason,
        "elapsed_ms": asked.check.elapsed_ms,
        "paused_since": None,
        "paused_reason": "",
        "rests_until": None,
    }
    for pause in pauses:
        if pause.destination == name:
            parts.append(f"paused since {_time(pause.since)}: {pause.reason}")
            facts |= {"paused_since": pause.since, "paused_reason": pause.reason}
            state = State.MALFORMED if state is State.MALFORMED else State.WRONG
    for rest in rests:
        if rest.destination == name:
            parts.append(f"asked for time until {_time(rest.until)}: {rest.reason}")
            facts["rests_until"] = rest.until
            state = State.NOTE if state is State.GOOD else state
    return Finding(state=state, subject=asked.shown, words="; ".join(parts), facts=facts)


def spool(limit_mb: int) -> list[Finding]:
    """The spool's health; raises SpoolError where it cannot be used."""
    health = outbox.health()
    if health is None:
        return [_no_spool(outbox.spool_place())]
    limit_bytes = limit_mb * MEGABYTE
    facts = {
        "format": health.format,
        "size_bytes": health.size_bytes,
        "limit_bytes": limit_bytes,
        "is_remote": health.is_remote,
        "states": health.states,
        "oldest_waiting_at": health.oldest_waiting_at,
        "next_try_at": health.next_try_at,
    }
    is_full = health.size_bytes > limit_bytes
    size = f"{health.size_bytes / MEGABYTE:.1f} of {limit_mb} MB"
    where = "a network folder" if health.is_remote else "this computer"
    findings = [
        Finding(
            state=State.WRONG if health.complaint else State.NOTE if is_full else State.GOOD,
            subject=one_line(health.path, 300),
            words=health.complaint or f"sound, format {health.format}, on {where}, {size}",
            facts=facts,
        )
    ]
    if health.remark:
        findings.append(Finding(state=State.WRONG, subject="damage", words=health.remark))
    findings += [
        Finding(
            state=State.WRONG,
            subject="set aside",
            words=f"{file}: a damaged spool that may hold reports; give it to support, then remove it",
        )
        for file in health.set_aside
        if file not in health.remark
    ]
    waiting = sum(health.states.get(state, 0) for state in WAITING)
    words = "  ".join(f"{state}: {number}" for state, number in health.states.items()) or "no reports"
    if waiting and health.oldest_waiting_at:
        words += f"; the oldest that waits is of {_time(health.oldest_waiting_at)}"
    if health.next_try_at:
        words += f"; the next try is planned for {_time(health.next_try_at)}"
    state = State.NOTE if waiting or health.states.get("refused") else State.GOOD
    return [*findings, Finding(state=state, subject="reports", words=words)]


def _no_spool(folder: Path) -> Finding:
    """Whether a spool could be begun, by a file that is gone again at once."""
    import tempfile

    subject = one_line(str(folder), 300)
    above = folder
    try:
        above = next((each for each in (folder, *folder.parents) if each.exists()), folder)
        with tempfile.TemporaryFile(dir=above):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        words = f"no spool can be made here: this user cannot write to {above} ({reason})"
        return Finding(state=State.WRONG, subject=subject, words=words)
    return Finding(state=State.GOOD, subject=subject, words="none was begun yet; it can be")


def courier() -> list[Finding]:
    """Whether a process is at work that sends what waits; one is started where a report is made."""
    is_there = outbox.has_courier()
    words = "at work: it sends what waits" if is_there else "not at work; the next report starts it"
    return [Finding(state=State.GOOD, subject="courier", words=words, facts={"is_at_work": is_there})]


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
