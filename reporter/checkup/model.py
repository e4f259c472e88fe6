"""Model: what a checkup found, schema ``checkup/1``."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from reporter._version import __version__

SCHEMA = "checkup/1"


class State(StrEnum):
    """``good``; ``note``: nothing to do about it, or nothing that keeps reports from support; ``wrong``:
    reports do not get through, or will not; ``malformed``: a setting or its file cannot be used."""

    GOOD = "good"
    NOTE = "note"
    WRONG = "wrong"
    MALFORMED = "malformed"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line: ``subject`` is what was looked at, ``words`` what there is to say, in English, for IT.

    ``facts``: the same for scripts; which members there are depends on the section, see ``Section``.
    """

    state: State
    subject: str
    words: str = ""
    facts: dict[str, Any] = msgspec.field(default_factory=dict)


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the page. By ``name``, with the members of ``facts`` that scripts may rely on:

    - ``settings``: of a problem ``name``, ``place``, ``reason``, ``remedy``, ``meant``, ``layer``;
    - ``layers``: ``in_force`` and ``ignored``, numbers of settings, and ``places``;
    - ``databases``: ``place``, ``count``;
    - ``destinations``: ``is_reached``, ``is_let_in`` (both may be null), ``reason``, ``elapsed_ms``,
      ``paused_since``, ``paused_reason``, ``rests_until``; of a test report ``reference``, ``outcome``
      (accepted, postponed, refused, paused, null for no answer), ``reason`` and ``page``;
    - ``spool``: ``format``, ``size_bytes``, ``limit_bytes``, ``is_remote``, ``states``,
      ``oldest_waiting_at``, ``next_try_at``;
    - ``brand``: ``place``;
    - ``trust``, ``proxy``, ``faces``, ``clock``: none that are promised;
    - ``versions``: ``version``.
    """

    name: str
    title: str
    findings: list[Finding] = msgspec.field(default_factory=list)


class Checkup(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``status``: the exit status, 2 where anything is malformed, 1 where anything is wrong."""

    schema: str = SCHEMA
    checked_at: datetime
    elapsed_ms: int
    version: str = __version__
    status: int
    sections: list[Section]


def status_of(sections: list[Section]) -> int:
    """The exit status that the findings come to."""
    states = {finding.state for section in sections for finding in section.findings}
    return 2 if State.MALFORMED in states else 1 if State.WRONG in states else 0
