"""The portal page: does plain HTTP bring the answer that is known, or does somebody else answer?

Networks that want a sign-in first answer every plain request themselves: with a redirect, with status
511 (RFC 6585), or with a page of their own.
"""

from __future__ import annotations

import time

from msgspec.structs import replace

from reporter.diagnosis.evidence import Http, HttpOutcome, Portal, PortalOutcome, Target
from reporter.diagnosis.probes import elapsed_ms, page
from reporter.texts.safe import one_line, without_secrets

LOCATION_LIMIT_CHARS = 300
# What the page may hold with status 200, white space and capitals aside; status 204 has no body.
EXPECTED_BODIES = ("", "ok", "success")


def probe(target: Target, *, deadline: float) -> Portal:
    """Ask for the page directly, past any proxy: the network in between is what is looked at."""
    started = time.monotonic()
    reply = page.fetch(target, deadline=deadline).reply
    if reply is None:
        measured = Portal(address=target.display, outcome=PortalOutcome.FAILED)
    else:
        measured = judge(target, reply.http, reply.location, reply.body)
    return replace(measured, elapsed_ms=elapsed_ms(started))


def judge(target: Target, answer: Http, location: str, body: bytes) -> Portal:
    """What an answer to the portal page means."""
    status = answer.status or 0
    is_whole = answer.outcome is HttpOutcome.ANSWERED
    if status == 204 or (status == 200 and is_whole and is_expected(body)):
        outcome = PortalOutcome.EXPECTED
    elif status == 511 or 200 <= status < 400:
        outcome = PortalOutcome.SIGNS_IN
    else:
        # the page's own server is in trouble, or has no such page: that is no sign-in
        outcome = PortalOutcome.FAILED
    return Portal(
        address=target.display,
        outcome=outcome,
        status=answer.status,
        location=one_line(without_secrets(location), LOCATION_LIMIT_CHARS),
    )


def is_expected(body: bytes) -> bool:
    """Whether a body is one of EXPECTED_BODIES."""
    return body.strip().lower().decode("ascii", "replace") in EXPECTED_BODIES
