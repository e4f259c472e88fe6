"""Examination: what can be found out about a failure and about this computer, as verbs.

Measuring, judging and collecting, each with the settings in force; no room knows the settings of another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.texts import Translator, translator

if TYPE_CHECKING:
    from reporter.diagnosis.ladder import StageProgress
    from reporter.diagnosis.surroundings import Surroundings
    from reporter.facts.model import Facts
    from reporter.settings.layers import Loaded
    from reporter.settings.model import Settings


def diagnose(
    address: str,
    *,
    settings: Settings | None = None,
    failure: Failure | None = None,
    texts: Translator | None = None,
    deadline_s: float = 5.0,
    observer: Callable[[StageProgress], None] | None = None,
) -> Verdict:
    """Measure the way to an address and judge it; raises TargetError for an address that is not one.

    ``settings`` name what else in the network may be asked.
    """
    from reporter.diagnosis import rules
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import examine
    from reporter.diagnosis.target import parse_target

    reported = None if failure is None else heard(failure)
    evidence = examine(
        parse_target(address),
        surroundings=_surroundings(settings),
        reported=reported,
        deadline_s=deadline_s,
        observer=observer,
    )
    return rules.diagnose(evidence, texts)


def _surroundings(settings: Settings | None) -> Surroundings:
    from reporter.diagnosis.surroundings import Surroundings

    if settings is None:
        return Surroundings()
    return Surroundings(
        control_urls=settings.control_urls,
        portal_url=settings.portal_url,
        status_url=settings.status_url,
        language=translator(settings.language).language,
    )


def hearsay(failure: Failure, texts: Translator | None = None) -> Verdict:
    """The verdict from what the host application saw alone, where there is no address to measure."""
    from reporter.diagnosis import rules
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import unmeasured

    return rules.diagnose(unmeasured(None, heard(failure)), texts)


def collect_facts(loaded: Loaded, *, name: str = "", version: str = "") -> Facts:
    """The facts that the settings allow."""
    from reporter.facts.collect import collect

    settings = loaded.settings
    return collect(
        application_name=name,
        application_version=version,
        settings_in_force=loaded.rows(),
        include_user_name=settings.include_user_name,
        include_host_name=settings.include_host_name,
    )
