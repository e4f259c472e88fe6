"""The story of one failure, from the first message to the receipt.

``stand_in`` is the main path, in order:

1. a Case is opened for the Failure, with the settings in force and a reference number;
2. a face shows the first notice at once: what is known without measuring anything;
3. ``Case.diagnose`` measures Evidence and judges it to a Verdict; the notice is refined;
4. the person reads, looks under the hood, tries again, or tells the story;
5. ``Case.send`` builds the Report from exactly what the preview showed, makes it durable in the spool,
   and hands it to the postman; the Receipt says honestly what became of it;
6. the host application goes on; whatever still waits is left to a courier, a process of its own.

Every room is known by its verb, and no detail of any: ``case`` is the dialog's desk, ``examination`` measures
and collects, ``outbox`` delivers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from reporter import outbox
from reporter.capture.failure import Failure
from reporter.capture.handover import Farewell
from reporter.case import Case, Host
from reporter.delivery.receipt import Receipt
from reporter.diagnosis.verdict import Verdict
from reporter.errors import FaceUnavailable, ReporterError
from reporter.settings.brand import find
from reporter.texts import translator
from reporter.ui.presenter import Presenter

if TYPE_CHECKING:
    from reporter.settings.layers import Loaded
    from reporter.ui.face import Face


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialog ended with; ``reporter show --json`` prints it.

    ``report`` holds the reference, null when no report was made; ``succeeded``: a further try worked.
    """

    verdict: Verdict | None
    report: dict[str, str] | None
    receipt: Receipt | None
    succeeded: bool

    @property
    def is_solved(self) -> bool:
        """Nothing is wrong any more."""
        return self.succeeded or (self.verdict is not None and self.verdict.cause == "ok")


def stand_in(
    failure: Failure, *, loaded: Loaded, face: Face, host: Host | None = None, program_pid: int = 0
) -> Outcome:
    """Show the dialog for one failure and return when it is closed; see the module's docstring.

    ``program_pid``: the process of the program that failed, 0 where it is not known.
    """
    brand = find(os.environ).brand
    case = Case(failure, loaded=loaded, host=host, program_pid=program_pid, brand=brand)
    presenter = Presenter(case, case.texts)
    face.run(presenter)
    receipt = presenter.receipt
    is_worth_telling = not failure.is_request and (failure.is_crash or not presenter.succeeded)
    if receipt is None and loaded.settings.submission == "auto" and is_worth_telling:
        receipt = case.send_automatically()
    if host is not None:
        host.close(Farewell(verdict=case.verdict, receipt=receipt))
    outbox.leave_to_courier(loaded)
    return Outcome(
        verdict=case.verdict,
        report=None if receipt is None else {"reference": receipt.reference},
        receipt=receipt,
        succeeded=presenter.succeeded,
    )


def load_settings(target: str = "", command_line: Mapping[str, object] | None = None) -> Loaded:
    """The settings in force for a login at ``target``, every problem found in them listed."""
    from reporter.settings.layers import load
    from reporter.settings.published import recall

    return load(
        environ=os.environ,
        command_line=command_line or {},
        published=recall(target, os.environ) if target else None,
        target=target,
    )


# The public API's verbs that need the whole story; see reporter/__init__.py.


def about(*, application: str = "", version: str = "") -> str:
    """The platform and configuration information as text, for a host's own "About" window."""
    from reporter.examination import collect_facts
    from reporter.facts.text import as_text

    loaded = load_settings()
    facts = collect_facts(loaded, name=application, version=version)
    return as_text(facts, translator(loaded.settings.language))


def remember(target: str, *, help_text: str = "", help_url: str = "") -> None:
    """Keep the help that the server published, after a successful login, for later failures to show.

    The values last remembered for a target are shown while nothing with more authority sets them. Never
    raises into the host: what cannot be kept is logged.
    """
    from reporter.settings import published

    try:
        published.remember(target, help_text=help_text, help_url=help_url, environ=os.environ)
    except (ReporterError, OSError):
        import logging

        logging.getLogger("reporter").warning("The published help could not be kept.", exc_info=True)


def watch(command: Sequence[str], *, target: str = "", loaded: Loaded | None = None) -> int:
    """Run a program; show the dialog when it crashes or reports a failed login; return its exit status.

    "Try again" in the dialog starts the program once more, with the access code of a locked system in the
    place of ``{access_code}``. Raises UsageError when it cannot be started.
    """
    from reporter.capture import watched

    access_code = ""
    while True:
        ended = watched.run(command, target=target, access_code=access_code)
        if ended.failure is None:
            return ended.status
        in_force = loaded or load_settings(ended.failure.target)
        host = watched.Restart(command)
        face = face_for(in_force, terminal=at_a_terminal())
        stand_in(ended.failure, loaded=in_force, face=face, host=host)
        if not host.wanted:
            return ended.status
        access_code = host.access_code


def face_for(loaded: Loaded, *, terminal: bool) -> Face:
    """The face that the settings and this system call for.

    Where the one asked for cannot be shown, the person still gets another; the reason goes to standard error.
    """
    from reporter.ui.select import choose_face

    settings = loaded.settings
    found = find(os.environ)
    for problem in found.problems:
        sys.stderr.write(f"{problem}\n")

    def choose(face: str) -> Face:
        return choose_face(
            face,
            appearance=settings.appearance,
            terminal=terminal,
            environ=os.environ,
            brand=found.brand,
        )

    try:
        return choose(settings.face)
    except FaceUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return choose("auto")


def at_a_terminal() -> bool:
    """Whether a person sits at this process's terminal."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())
