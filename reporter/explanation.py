"""Explanation: what the person is told of a failure, before anything was measured and with the verdict.

``opening`` and ``finding`` make the notices of a dialog, each from what is Known and nothing else: the same
gives the same notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from reporter.capture.failure import Failure
from reporter.diagnosis.evidence import ServiceNotice, ServiceNoticeOutcome
from reporter.diagnosis.verdict import Retry, Verdict
from reporter.errors import TargetError
from reporter.settings.database_list import INFOBASE
from reporter.texts import N_, Translator
from reporter.ui.brand import Brand
from reporter.ui.notice import Notice

if TYPE_CHECKING:
    from reporter.settings.help import Help

FIRST_ADVICE = (
    N_("Check the network connection."),
    N_("Check that the connection parameters are right."),
)
SESSION_ADVICE = N_("This message closes by itself when the connection is back.")
CRASH_ADVICE = (
    N_("Start the program again; what was saved before is still there."),
    N_("If it happens again, send a report: it holds what support needs to find the cause."),
)
FAULT_ADVICE = (
    N_("The program goes on. To be safe, save your work and start it again."),
    N_("If it happens again, send a report: it holds what support needs to find the cause."),
)
REQUEST_ADVICE = (
    N_("If something does not work, report it: support sees what you write and what this computer can tell."),
    N_("Before anything is sent you can look at all of it, and leave parts out."),
)
UNSENT_ADVICE = N_("Reports are not in use here. Please ask your support in the usual way.")
NETWORK_LAYERS = ("local", "dns", "portal", "proxy")
"""Layers whose faults keep every server out of reach, not only this one."""
HOST_LIMIT_CHARS = 80


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice is made from. ``verdict``: the last one, None before the first.

    ``application``: its name, or empty; ``help``: what the administrator offers for this verdict;
    ``can_send``: reports are in use; ``has_host``: a host waits that can try the login again,
    ``accepts_access_code``: also with a code, ``automatic``: also without the person asking.
    """

    failure: Failure
    verdict: Verdict | None
    application: str
    help: Help
    brand: Brand
    can_send: bool
    has_host: bool
    accepts_access_code: bool
    automatic: bool


def opening(known: Known, texts: Translator) -> Notice:
    """What can be said without a verdict; of a session or a request also what an earlier one found."""
    say, failure = texts.say, known.failure
    if failure.is_session:
        return _of_session(known, texts)
    if failure.is_request:
        return _of_request(known, texts)
    if not failure.is_crash:
        host = host_of(failure.target) or say("the server")
        headline, advice = say("No connection to {host} could be made", host=host), FIRST_ADVICE
    else:
        name = known.application or say("The program")
        if failure.action == "run":
            headline, advice = say("{application} has ended unexpectedly", application=name), CRASH_ADVICE
        else:
            headline, advice = say("A part of {application} did not work", application=name), FAULT_ADVICE
    return _notice(known, texts, headline, [say(sentence) for sentence in advice])


def finding(known: Known, texts: Translator) -> Notice:
    """What the verdict says; a crash is no matter of connections, and its opening stands."""
    if known.failure.is_session:
        return _of_session(known, texts)
    if known.verdict is None or known.failure.is_crash or known.failure.is_request:
        return opening(known, texts)
    return _notice(known, texts, known.verdict.headline, known.verdict.advice)


def is_cut_off(verdict: Verdict | None) -> bool:
    """What was found keeps every server out of reach, support's too."""
    return verdict is not None and verdict.layer in NETWORK_LAYERS


def told_to_all(verdict: Verdict | None) -> ServiceNotice | None:
    """What the startup-error service says to everybody; None where it says nothing."""
    notice = verdict.evidence.service_notice if verdict is not None else None
    return notice if notice is not None and notice.outcome is ServiceNoticeOutcome.VALID else None


def host_of(target: str) -> str:
    """The server in a target, as a person knows it; of a database in the lists its name."""
    from reporter.diagnosis.target import parse_target

    try:
        return parse_target(target).host
    except TargetError:
        return target.removeprefix(INFOBASE)[:HOST_LIMIT_CHARS]


def _of_request(known: Known, texts: Translator) -> Notice:
    """For a person who comes without a failure; of a target that was named, what was found."""
    say, verdict = texts.say, known.verdict
    found = [] if verdict is None else [verdict.headline, *verdict.advice]
    offered = REQUEST_ADVICE if known.can_send else (UNSENT_ADVICE,)
    about = say("If support asks about this computer, “{about}” has it, ready to copy.", about=say("About…"))
    advice = [*found, *(say(sentence) for sentence in offered), about]
    return _notice(known, texts, say("What can we do for you?"), advice)


def _of_session(known: Known, texts: Translator) -> Notice:
    """For a running session: that its connection is being restored, then why it was lost."""
    say, verdict = texts.say, known.verdict
    host = host_of(known.failure.target) or say("the server")
    advice: list[str] = []
    if verdict is not None:
        reason = [] if verdict.cause == "ok" else [verdict.headline]
        # Of what passes by itself only the explanation: nobody need try again.
        passes = verdict.retry in (Retry.AUTOMATIC, Retry.AT)
        advice = [*reason, *(verdict.advice[:1] if passes else verdict.advice)]
    is_by_hand = verdict is not None and _retry_policy(known.failure, verdict) is Retry.BY_HAND
    if not known.has_host or is_by_hand:
        return _notice(known, texts, say("The connection to {host} was lost.", host=host), advice)
    headline = say("The connection to {host} was lost. It is being restored.", host=host)
    return _notice(known, texts, headline, [*advice, say(SESSION_ADVICE)])


def _notice(known: Known, texts: Translator, headline: str, advice: list[str]) -> Notice:
    """What every notice has, below its own headline and advice."""
    failure, verdict = known.failure, known.verdict
    service = told_to_all(verdict)
    is_locked = verdict is not None and verdict.cause == "app.session_locked"
    may_pass = verdict is not None and verdict.layer != "" and verdict.retry is not Retry.BY_HAND
    return Notice(
        headline=headline,
        advice=advice,
        help_text=known.help.text or _contact(known.brand, texts),
        help_url=known.help.url or known.brand.url,
        retry=_retry_policy(failure, verdict) if verdict and known.automatic else Retry.AFTER_FIX,
        retry_at=verdict.retry_at if verdict else None,
        asks_access_code=is_locked and known.accepts_access_code,
        may_recover=may_pass and not failure.is_request,
        service_message=service.message if service else "",
        service_until=service.until if service else None,
        service_url=service.url if service else "",
        is_crash=failure.is_crash,
        is_session=failure.is_session,
        is_request=failure.is_request,
        is_cut_off=is_cut_off(verdict),
    )


def _retry_policy(failure: Failure, verdict: Verdict) -> Retry:
    """A session also waits for what somebody has to mend, and for what passed before it was measured;
    never after an answer about a person, nor after one that may be about a person."""
    if not failure.is_session:
        return verdict.retry
    if verdict.cause in ("ok", "unknown"):
        return Retry.AUTOMATIC if failure.is_of_the_network else Retry.BY_HAND
    return Retry.AUTOMATIC if verdict.retry is Retry.AFTER_FIX else verdict.retry


def _contact(brand: Brand, texts: Translator) -> str:
    """How the brand's support is reached; shown where the administrator offers no help of their own."""
    say = texts.say
    phone = say("Telephone: {phone}", phone=brand.phone) if brand.phone else ""
    email = say("E-mail: {email}", email=brand.email) if brand.email else ""
    return "\n".join(line for line in (phone, email) if line)
