"""Publication: what a server publishes for the time when logins fail, read after one that worked.

A process of its own does this (``capture.success`` starts it), so that nothing of it is on the host's path:
one request of at most two seconds, without redirects, to the address that ``published_settings_url`` names.
What was read last stays until the server says something else; a server that cannot be asked changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from reporter.delivery.transport import Answer, Transport
from reporter.settings import published
from reporter.settings.database_list import INFOBASE
from reporter.settings.model import Settings
from reporter.texts.safe import one_line, without_secrets

LIMIT_S = 2.0
GONE = (404, 410)


class State(StrEnum):
    """What became of it."""

    KEPT = "kept"
    UNCHANGED = "unchanged"
    NOTHING = "nothing"
    NOT_DUE = "not_due"
    FAILED = "failed"


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """``sentence``: what happened; ``address``: that was asked; ``problems``: what of it cannot be used."""

    state: State
    sentence: str
    address: str = ""
    problems: list[str] = msgspec.field(default_factory=list)

    @property
    def is_in_order(self) -> bool:
        """Nothing is in the way of it."""
        return self.state is not State.FAILED and not self.problems


def refresh(
    target: str,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    at_once: bool = False,
    limit_s: float = LIMIT_S,
    now_s: float | None = None,
) -> Refreshed:
    """Ask what the server of ``target`` publishes, and remember it; never raises.

    It is asked at most once an hour, unless ``at_once``. ``now_s``: seconds since 1970.
    """
    now_s = time.time() if now_s is None else now_s
    result = _refresh(target, settings, environ, at_once=at_once, limit_s=limit_s, now_s=now_s)
    import logging

    for sentence in (result.sentence, *result.problems):
        logging.getLogger("reporter").info(sentence)
    return result


def _refresh(
    target: str,
    settings: Settings,
    environ: Mapping[str, str],
    *,
    at_once: bool,
    limit_s: float,
    now_s: float,
) -> Refreshed:
    try:
        address = published.address_for(settings.published_settings_url, _login(target, environ))
    except published.NotPublished as refusal:
        return Refreshed(state=State.FAILED, sentence=f"The published settings are not read: {refusal}.")
    if not address:
        return Refreshed(state=State.NOTHING, sentence="There is no address where settings are published.")
    shown = one_line(without_secrets(address), 300)
    try:
        is_due = published.is_due(target, environ, now_s=now_s)
    except (OSError, ValueError):
        return Refreshed(state=State.FAILED, address=shown, sentence="The cache folder cannot be written.")
    if not is_due and not at_once:
        return Refreshed(
            state=State.NOT_DUE, address=shown, sentence=f"{shown} was asked within the last hour."
        )
    etag = published.etag_of(target, address, environ)
    condition = {"If-None-Match": etag} if etag else {}
    answer = Transport(overall_limit_s=limit_s, read_timeout_s=limit_s).exchange(
        "GET", address, headers={"Accept": "application/json", **condition}
    )
    if isinstance(answer, str):
        return Refreshed(state=State.FAILED, address=shown, sentence=f"{shown} could not be read: {answer}.")
    if answer.status == 304 and etag:
        return Refreshed(state=State.UNCHANGED, address=shown, sentence=f"{shown} has not changed.")
    if answer.status in GONE:
        return Refreshed(state=State.NOTHING, address=shown, sentence=f"{shown} publishes nothing.")
    return _keep(answer, target, address, shown, environ)


def _login(target: str, environ: Mapping[str, str]) -> str:
    """The address that a login at ``target`` goes to; empty where there is none."""
    from reporter.diagnosis.target import parse_target
    from reporter.errors import TargetError

    if target.startswith(INFOBASE):
        from reporter.settings import paths, v8i

        lists = v8i.find(environ, cache=paths.cache(environ)).lists
        target = next(map(v8i.address, v8i.named(lists, target.removeprefix(INFOBASE))), "")
    try:
        return parse_target(target).display
    except TargetError:
        return ""


def _keep(answer: Answer, target: str, address: str, shown: str, environ: Mapping[str, str]) -> Refreshed:
    if answer.status != 200:
        return Refreshed(
            state=State.FAILED,
            address=shown,
            sentence=f"{shown} was not read: it answers with status {answer.status}.",
        )
    try:
        found = published.read(answer.body, shown)
    except published.NotPublished as refusal:
        return Refreshed(state=State.FAILED, address=shown, sentence=f"{shown} was not read: {refusal}.")
    help_table = found.values.get("help")
    is_kept = published.remember(
        target,
        help_text=str(found.values.get("help_text", "")),
        help_url=str(found.values.get("help_url", "")),
        help=help_table if isinstance(help_table, dict) else None,
        environ=environ,
        address=address,
        etag=answer.headers.get("ETag", ""),
    )
    if not is_kept:
        return Refreshed(state=State.FAILED, address=shown, sentence="The cache folder cannot be written.")
    return Refreshed(state=State.KEPT, address=shown, sentence=f"{shown} was read.", problems=found.problems)
