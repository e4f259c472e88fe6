"""guard: a login runs; when it cannot connect, Reporter stands in.

A login that works costs a function call and a look at the clock: no import, no I/O (``success``). A
fault of the connection opens the dialog in a process of its own; programming errors pass through
untouched. Whatever goes wrong in Reporter itself, the host sees only its own exception.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, overload

from reporter.capture import success

if TYPE_CHECKING:
    from reporter.capture.failure import Failure
    from reporter.capture.handover import Farewell, HostSide

P = ParamSpec("P")
T = TypeVar("T")


@overload
def guard(
    login: Callable[..., T],
    /,
    *,
    target: str,
    application: str = "",
    version: str = "",
    catch: tuple[type[BaseException], ...] = (),
    session: bool = False,
) -> T: ...
@overload
def guard(
    *,
    target: str,
    application: str = "",
    version: str = "",
    catch: tuple[type[BaseException], ...] = (),
    session: bool = False,
) -> Guard: ...
def guard(
    login: Callable[..., Any] | None = None,
    /,
    *,
    target: str,
    application: str = "",
    version: str = "",
    catch: tuple[type[BaseException], ...] = (),
    session: bool = False,
) -> Any:
    """Run ``login`` and return its result; or, without one, a decorator and context manager.

        session = reporter.guard(login, target="https://erp.example.org/base")

        @reporter.guard(target="https://erp.example.org/base")
        def login(access_code=""): ...

        with reporter.guard(target="https://erp.example.org/base"):
            connect()

    When the login cannot connect, the dialog opens and this call waits until it is closed. "Try again"
    calls the login again; a parameter named ``access_code`` gets what the person typed. When the person
    closes the dialog without success, the last exception is raised; it carries a note with the verdict
    and the report's number. A context manager cannot run its body again: it shows, then lets the
    exception go on.

    ``target``: the address of the login, as for ``reporter diagnose``; ``application`` and ``version``
    name the host; ``catch``: further exception types that mean a failed login. ``session``: this is no login,
    but a running session that restores its connection; the dialog says so, counts down to the next try, and
    closes itself when one works.
    """
    guarded = Guard(target, application, version, catch, session=session)
    return guarded if login is None else guarded.run(login)


class Guard:
    """What ``guard`` gives without a login: a decorator, a context manager, and ``run``."""

    __slots__ = ("_application", "_catch", "_session", "_target", "_version", "farewell")

    def __init__(
        self,
        target: str,
        application: str,
        version: str,
        catch: tuple[type[BaseException], ...],
        *,
        session: bool = False,
    ) -> None:
        self._target = target
        self._application = application
        self._version = version
        self._catch = catch
        self._session = session
        self.farewell: Farewell | None = None
        """What the last dialog ended with: verdict and receipt; None while there was none."""

    def run(self, login: Callable[..., T]) -> T:
        """Call ``login``; stand in when it cannot connect."""
        try:
            result = login()
        except Exception as error:
            if not self._is_ours(error):
                raise
            return self._stand_in(error, login)
        success.noted(self._target)
        return result

    def __call__(self, login: Callable[P, T]) -> Callable[P, T]:
        """Decorate a login function; coroutine functions too."""
        import inspect

        if inspect.iscoroutinefunction(login):
            return self._decorate_coroutine(login)

        @functools.wraps(login)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                result = login(*args, **kwargs)
            except Exception as error:
                if not self._is_ours(error):
                    raise
                return self._stand_in(error, functools.partial(login, *args, **kwargs))
            success.noted(self._target)
            return result

        return guarded

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            success.noted(self._target)
        elif self._is_ours(error):
            conversation = self._open(error, can_retry=False, accepts_access_code=False)
            if conversation is not None:
                try:
                    for _ in conversation.wishes():
                        self._tell(conversation, error)
                finally:
                    self._part(conversation, error)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            success.noted(self._target)
            return
        import asyncio

        await asyncio.to_thread(self.__exit__, kind, error, trace)

    def _decorate_coroutine(self, login: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(login)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            import asyncio

            try:
                result = await login(*args, **kwargs)
            except Exception as error:
                if not self._is_ours(error):
                    raise
                loop = asyncio.get_running_loop()
                again: Callable[..., Any] = functools.partial(login, *args, **kwargs)

                def try_again(**access_code: str) -> Any:
                    return asyncio.run_coroutine_threadsafe(again(**access_code), loop).result()

                # The dialog waits on another thread, so that the host's loop goes on.
                accepts = _accepts_access_code(login)
                return await asyncio.to_thread(self._stand_in, error, try_again, accepts_access_code=accepts)
            success.noted(self._target)
            return result

        return guarded

    def _is_ours(self, error: BaseException) -> bool:
        try:
            from reporter.capture.unwrap import is_connection_fault

            return is_connection_fault(error, self._catch)
        except Exception:  # noqa: BLE001 - never into the host
            return False

    def _stand_in(
        self, error: Exception, login: Callable[..., T], *, accepts_access_code: bool | None = None
    ) -> T:
        """The dialog, and the login again as often as the person wishes."""
        if accepts_access_code is None:
            accepts_access_code = _accepts_access_code(login)
        conversation = self._open(error, can_retry=True, accepts_access_code=accepts_access_code)
        if conversation is None:
            raise error
        try:
            for wish in conversation.wishes():
                try:
                    result = (
                        login(access_code=wish.access_code) if _uses(wish, accepts_access_code) else login()
                    )
                except Exception as again:
                    if not self._is_ours(again):
                        raise
                    error = again
                    if not self._tell(conversation, again):
                        break
                else:
                    conversation.answer(None)
                    success.noted(self._target)
                    return result
        finally:
            self._part(conversation, error)
        raise error

    def _open(self, error: BaseException, *, can_retry: bool, accepts_access_code: bool) -> HostSide | None:
        """Start the agent; None when it cannot be started."""
        try:
            from reporter.capture.handover import HostSide, Opening

            opening = Opening(
                failure=self._failure(error),
                can_retry=can_retry,
                accepts_access_code=accepts_access_code,
                terminal=_at_a_terminal(),
            )
            return HostSide(opening)
        except Exception:  # noqa: BLE001 - never into the host
            _log_trouble()
            return None

    def _tell(self, conversation: HostSide, error: BaseException) -> bool:
        """Tell the agent that a further try failed; whether that could be told."""
        try:
            conversation.answer(self._failure(error))
        except Exception:  # noqa: BLE001 - never into the host
            _log_trouble()
            return False
        return True

    def _part(self, conversation: HostSide, error: BaseException) -> None:
        """Keep what the dialog ended with, also as a note on the exception, for the host's log."""
        self.farewell = conversation.farewell
        if self.farewell is not None:
            error.add_note(str(self.farewell))
        conversation.leave()

    def _failure(self, error: BaseException) -> Failure:
        from datetime import UTC, datetime

        from reporter.capture.backtrace import safe_str
        from reporter.capture.failure import SESSION, Application, Failure, tidy
        from reporter.capture.unwrap import describe, response

        return tidy(
            Failure(
                occurred_at=datetime.now(UTC).astimezone(),
                action=SESSION if self._session else "login",
                target=self._target,
                message=safe_str(error),
                exception=describe(error),
                application=Application(name=self._application, version=self._version),
                response=response(error),
            )
        )


def _accepts_access_code(login: Callable[..., object]) -> bool:
    import inspect

    try:
        parameters = inspect.signature(login).parameters
    except (TypeError, ValueError):  # a builtin or C function without signature
        return False
    return "access_code" in parameters


def _uses(wish: Any, accepts_access_code: bool) -> bool:
    return accepts_access_code and bool(wish.access_code)


def _at_a_terminal() -> bool:
    import sys

    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):  # a windowed host has no standard streams, or closed ones
        return False


def _log_trouble() -> None:
    import logging

    logging.getLogger("reporter").warning("The dialog cannot be shown or go on.", exc_info=True)


# Before any login, which would lose the time that it takes to start a thread.
success.attendant.begin()
