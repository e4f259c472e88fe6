"""install: an exception that nobody caught opens the dialog as well.

The hooks that were there before are called first and keep their effect; KeyboardInterrupt and
SystemExit stay untouched. The dialog runs in a process of its own, so the crashed host need not live
to show it; a crash of the interpreter itself is told at the next start.

Nothing here may make a crash worse: whatever goes wrong on the way to the dialog, the host sees only its own
exception. Local variables and the command line never get into the Failure.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Hashable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from reporter.capture.throttle import Throttle

if TYPE_CHECKING:
    from reporter.capture.failure import ExceptionInfo, Failure

MEMBERS_LIMIT = 10_000
RESERVE_BYTES = 8 * 1024 * 1024
HANDOVER_LIMIT_S = 5.0
FAILURE_FILE_VARIABLE = "REPORTER_FAILURE_FILE"
"""Where `reporter watch` listens; see ``watched``."""


class _Installed:
    """What the one installation of this process knows. ``pid``: the process it was made for."""

    def __init__(self) -> None:
        self.application = ""
        self.version = ""
        self.restart: list[str] = []
        self.folder = ""
        self.pid = 0
        self.hooks = False
        self.throttle = Throttle()
        self.lock = threading.Lock()
        # Address space alone, which costs nothing until memory runs out and telling of it needs some.
        self.reserve: bytes | None = None


_installed = _Installed()


def install(
    *, application: str = "", version: str = "", restart: bool | Sequence[str] = False, native: bool = True
) -> None:
    """Show the dialog for unhandled exceptions of this process, and for the crash that ended it last time.

    Heard are exceptions of the main thread, of other threads, of asyncio tasks, and those that Python can
    only print ("unraisable"). ``application`` and ``version`` name the host. ``restart``: True, or a
    command of the host's own, lets the person start the program again from the dialog. ``native``: Python's
    faulthandler writes crashes of the interpreter into a file of ours, unless the host uses it already.

    Calling it again only changes the names and the command. A forked child stays quiet until it calls it
    itself. Never raises.
    """
    _installed.application, _installed.version = application, version
    is_new_process = _installed.pid != os.getpid()
    if is_new_process:
        _installed.pid = os.getpid()
        _installed.throttle, _installed.lock = Throttle(), threading.Lock()
    try:
        from reporter.capture import restart as restarting

        _installed.restart = restarting.command(restart)
        _installed.folder = os.getcwd() if _installed.restart else ""  # noqa: PTH109
    except Exception:  # noqa: BLE001 - the folder is gone, or the command is none
        _installed.restart = []
    if not _installed.hooks:
        _installed.hooks = True
        _installed.reserve = bytes(RESERVE_BYTES)
        _chain_main_hook()
        _chain_thread_hook()
        _chain_unraisable_hook()
        _listen_to_loops()
    if native and is_new_process:
        _watch_native()


def _chain_main_hook() -> None:
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        try:
            previous(kind, error, trace)
        finally:
            _show(error, ends=True)

    sys.excepthook = hook


def _chain_thread_hook() -> None:
    previous = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        try:
            previous(arguments)
        finally:
            _show(arguments.exc_value)

    threading.excepthook = hook


def _chain_unraisable_hook() -> None:
    previous = sys.unraisablehook

    def hook(arguments: sys.UnraisableHookArgs) -> None:
        try:
            previous(arguments)
        finally:
            _show(arguments.exc_value)

    sys.unraisablehook = hook


def _listen_to_loops() -> None:
    from reporter.capture import loops

    loops.listen(_show)


def _watch_native() -> None:
    """Tell of the crash that ended this program last time, and be ready for the next one."""
    try:
        from reporter.capture import native

        where = native.folder(os.environ)
        crash = native.collect(where, application=_installed.application)
        native.keep(_installed.application, _installed.version, where=where)
        if crash is not None:
            _open(native.as_failure(crash), restart=False)
    except Exception:  # noqa: BLE001, S110 - a full disk or a folder of somebody else is no reason not to start
        pass


def _show(error: BaseException | None, *, ends: bool = False) -> None:
    """Open the dialog for ``error``, if it is a fault and not one too many. ``ends``: so does the program."""
    state = _installed
    if error is None or state.pid != os.getpid() or sys.is_finalizing():
        return
    # Whoever comes meanwhile is counted: another thread, or an object that dies within this very function.
    if not state.lock.acquire(blocking=False):
        state.throttle.keep_back()
        return
    try:
        if issubclass(type(error), MemoryError):
            state.reserve = None
        if not _is_meant(error) and state.throttle.admits(_kind(error)):
            _open(_of_exception(error, state.throttle.take_unshown(), ends=ends), restart=ends)
            if ends:
                _tell_watcher()
    except BaseException:  # noqa: BLE001, S110 - never a second crash from us, whatever a host's methods raise
        pass
    finally:
        state.lock.release()


def shown_mark(note: str, pid: int) -> str:
    """The file by which the process ``pid`` tells who watches it that its crash has a dialog already."""
    return f"{note}.{pid}.shown"


def _tell_watcher() -> None:
    note = os.environ.get(FAILURE_FILE_VARIABLE)
    if note:
        os.close(os.open(shown_mark(note, os.getpid()), os.O_CREAT | os.O_WRONLY, 0o600))


def _is_meant(error: BaseException) -> bool:
    """An end that somebody asked for, also where a group holds it among others."""
    waiting, looked_at = [error], 0
    while waiting and looked_at < MEMBERS_LIMIT:
        one = waiting.pop()
        looked_at += 1
        kind = type(one)  # isinstance would ask the host's class
        if issubclass(kind, KeyboardInterrupt | SystemExit | GeneratorExit):
            return True
        if kind.__name__ == "CancelledError" and not issubclass(kind, Exception):
            return True
        members = None
        if issubclass(kind, BaseExceptionGroup):
            # Not before: what it imports evaluates text, which makes Python forget to end by SIGINT.
            from reporter.capture.backtrace import attribute

            members = attribute(one, "exceptions")
        if isinstance(members, tuple):
            room = MEMBERS_LIMIT - looked_at - len(waiting)
            waiting.extend(member for member in members[:room] if isinstance(member, BaseException))
    return False


def _kind(error: BaseException) -> Hashable:
    """What makes two crashes the same for the throttle: type and place, known without any formatting."""
    from reporter.capture.backtrace import kept

    trace, place = kept(error, "__traceback__"), None
    while isinstance(trace, TracebackType):
        place, trace = (trace.tb_frame.f_code.co_filename, trace.tb_lineno), trace.tb_next
    return type(error), place


def _of_exception(error: BaseException, unshown: int, *, ends: bool) -> Failure:
    from datetime import UTC, datetime

    import msgspec

    from reporter.capture.backtrace import safe_str, type_name
    from reporter.capture.failure import Application, Failure
    from reporter.capture.unwrap import response

    exception = _described(error)
    if unshown:
        remark = f"\n[{unshown:,} further exceptions of this process were not shown.]\n"
        exception = msgspec.structs.replace(exception, traceback=exception.traceback + remark)
    try:
        answer = response(error)
    except Exception:  # noqa: BLE001 - what a host's exception gives away is a help, not a condition
        answer = None
    return Failure(
        occurred_at=datetime.now(UTC).astimezone(),
        action="run" if ends else "work",
        message=safe_str(error) or type_name(error),
        exception=exception,
        application=Application(name=_installed.application, version=_installed.version),
        response=answer,
    )


def _described(error: BaseException) -> ExceptionInfo:
    from reporter.capture.backtrace import text, type_name
    from reporter.capture.failure import ExceptionInfo
    from reporter.capture.unwrap import describe

    try:
        return describe(error)
    except Exception:  # noqa: BLE001 - a host's methods raised where none is expected to
        return ExceptionInfo(type=type_name(error), traceback=text(error), chain=[type_name(error)])


def _open(failure: Failure, *, restart: bool) -> None:
    from reporter.capture.failure import tidy
    from reporter.capture.handover import HostSide, Opening

    opening = Opening(
        failure=tidy(failure),
        can_retry=False,
        accepts_access_code=False,
        terminal=False,
        restart=_installed.restart if restart else [],
        restart_folder=_installed.folder if restart else "",
    )
    HostSide(opening, patience_s=HANDOVER_LIMIT_S).leave()
