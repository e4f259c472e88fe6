"""From a cause and its evidence to sentences in the person's language."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from string import Formatter
from urllib.parse import urlsplit

from reporter.diagnosis import differential
from reporter.diagnosis.evidence import Evidence
from reporter.diagnosis.extension import AppCause, installed
from reporter.texts import Translator
from reporter.texts.causes import CAUSES, THE_SERVER
from reporter.texts.safe import one_line

NAMES_SHOWN = 5
TEXT_LIMIT_CHARS = 1_000
ADVICE_LIMIT_ITEMS = 12

_COMMON_NAME = re.compile(r"(?:^|, )(?:CN|O)=([^,]+)")


def sentences(
    cause: str, evidence: Evidence, until: datetime | None, texts: Translator
) -> tuple[str, list[str]]:
    """The headline and the advice for a cause; sentences whose values are not known are left out."""
    if (added := installed().find(cause)) is not None:
        return _added(added, texts.language)
    words = CAUSES[cause]
    known = values(evidence, until)
    known.setdefault("host", texts.say(THE_SERVER))
    advice = [texts.say(line, **known) for line in words.advice if _placeholders(line) <= known.keys()]
    return texts.say(words.headline, **known), advice


def values(evidence: Evidence, until: datetime | None) -> dict[str, str]:
    """The values of the placeholders that this evidence knows."""
    known: dict[str, str | None] = {"until": _minute(until)}
    if (target := evidence.target) is not None:
        port = target.port if evidence.tcp is None else evidence.tcp.port
        known |= {"host": target.host, "port": str(port), "url": target.display}
    if (certificate := None if evidence.tls is None else evidence.tls.certificate) is not None:
        issuer = _COMMON_NAME.search(certificate.issuer)
        known |= {
            "names": ", ".join(certificate.names[:NAMES_SHOWN]),
            "issuer": issuer[1] if issuer is not None else certificate.issuer,
        }
        # an authority's certificate can be the one that ran out; the server's own dates say nothing then
        if certificate.not_after < evidence.taken_at:
            known["expired_on"] = _day(certificate.not_after)
        if certificate.not_before > evidence.taken_at:
            known["valid_from"] = _day(certificate.not_before)
    clock = evidence.tls if evidence.tls is not None and evidence.tls.skew_s is not None else evidence.http
    if clock is not None and clock.server_date is not None and clock.skew_s is not None:
        own = clock.server_date - timedelta(seconds=clock.skew_s)
        known |= {"server_time": _minute(clock.server_date), "own_time": _minute(own)}
    if (proxy := evidence.proxy) is not None:
        known["proxy"] = proxy.address
    if (pac := evidence.pac) is not None:
        known["pac"] = pac.address
    known["vendor"] = differential.vendor(differential.issuer(evidence))
    if (control := differential.answering_control(evidence)) is not None:
        known["control"] = urlsplit(control.address).hostname
    if (sibling := differential.answering_sibling(evidence)) is not None:
        known["sibling"] = str(sibling.port)
    if (http := evidence.http) is not None:
        known["status"] = None if http.status is None else str(http.status)
        known["min_version"] = None if http.problem is None else http.problem.minimum
    return {name: value for name, value in known.items() if value}


def _added(cause: AppCause, language: str) -> tuple[str, list[str]]:
    """The words of an application's own cause, made safe like everything from outside."""
    headline, advice = cause.words.get(language) or cause.words["en"]
    return (
        one_line(headline, TEXT_LIMIT_CHARS),
        [one_line(line, TEXT_LIMIT_CHARS) for line in advice[:ADVICE_LIMIT_ITEMS]],
    )


def _placeholders(message: str) -> set[str]:
    return {field for _text, field, _spec, _conversion in Formatter().parse(message) if field}


def _minute(moment: datetime | None) -> str | None:
    return None if moment is None else _local(moment).strftime("%Y-%m-%d %H:%M")


def _day(moment: datetime) -> str:
    return _local(moment).strftime("%Y-%m-%d")


def _local(moment: datetime) -> datetime:
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment  # at the ends of the calendar there is no local time
