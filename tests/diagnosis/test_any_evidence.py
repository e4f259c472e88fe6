"""Whatever the evidence: there is a verdict, a narrative, and both survive being stored."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import StrEnum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporter.diagnosis.evidence import Evidence
from reporter.diagnosis.narrative import narrate
from reporter.diagnosis.rules import RULES
from reporter.diagnosis.verdict import Verdict
from reporter.diagnosis.weighing import diagnose
from reporter.texts import LANGUAGES, translator

TEXTS = st.text(max_size=20) | st.sampled_from(
    ["{host}", "%s", "60", "https", "tcp", "maintenance", "bad_credentials", "CN=a, O=b", "ReadTimeout"]
)
NUMBERS = st.integers(-(2**31), 2**31) | st.sampled_from(
    [-2, 10, 13, 18, 20, 62, 101, 111, 200, 401, 423, 503]
)
ZONES = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))


def anything(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that evidence is made of."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        members = {name: anything(hint) for name, hint in get_type_hints(kind).items() if name != "schema"}
        return st.builds(kind, **members)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*(anything(argument) for argument in arguments))
    if origin is list:
        return st.lists(anything(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(TEXTS, anything(arguments[1]), max_size=3)
    return {
        str: TEXTS,
        int: NUMBERS,
        bool: st.booleans(),
        type(None): st.none(),
        datetime: st.datetimes(timezones=ZONES),
    }[kind]


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)
@given(anything(Evidence), st.sampled_from(LANGUAGES))
def test_any_evidence_has_a_verdict_that_can_be_replayed(evidence: Evidence, language: str) -> None:
    verdict = diagnose(evidence, translator(language))
    assert verdict.cause in {rule.cause for rule in RULES}
    assert verdict.headline
    assert verdict.advice
    assert narrate(evidence)
    stored = msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict)
    assert diagnose(stored.evidence, translator(language)).cause == verdict.cause
