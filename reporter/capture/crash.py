"""install: an exception that nobody caught opens the dialog as well.

The hooks that were there before are called first and keep their effect; KeyboardInterrupt and
SystemExit stay untouched. The dialog runs in a process of its own, so the crashed host need not live
to show it.
"""

from __future__ import annotations

import sys
import threading
from types import TracebackType

_application = ""
_version = ""
_installed = False


def install(*, application: str = "", version: str = "") -> None:
    """Show the dialog for unhandled exceptions of this process, in the main thread and in others.

    Calling it again only changes the names.
    """
    global _application, _version, _installed  # noqa: PLW0603 - sys has one hook, so there is one installation
    _application, _version = application, version
    if not _installed:
        _installed = True
        _chain_main_hook()
        _chain_thread_hook()


def _chain_main_hook() -> None:
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        previous(kind, error, trace)
        _show(error)

    sys.excepthook = hook


def _chain_thread_hook() -> None:
    previous = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        previous(arguments)
        if arguments.exc_value is not None:
            _show(arguments.exc_value)

    threading.excepthook = hook


def _show(error: BaseException) -> None:
    if not isinstance(error, Exception):
        return
    try:
        from datetime import UTC, datetime

        from reporter.capture.failure import Application, Failure, tidy
        from reporter.capture.handover import HostSide, Opening
        from reporter.capture.unwrap import describe, response, safe_str

        failure = Failure(
            occurred_at=datetime.now(UTC).astimezone(),
            action="run",
            message=safe_str(error) or type(error).__name__,
            exception=describe(error),
            application=Application(name=_application, version=_version),
            response=response(error),
        )
        opening = Opening(failure=tidy(failure), can_retry=False, accepts_access_code=False, terminal=False)
        HostSide(opening).leave()
    except Exception:  # noqa: BLE001, S110 - never a second crash from us
        pass
