"""Loops: exceptions of asyncio tasks and callbacks that nobody waited for.

An event loop gives them to the handler that the host set, and without one to its default handler, which logs.
That default is listened to, for every loop of the standard library, whenever it is made; a host's own handler
keeps its place, and is heard when it calls the default. asyncio is not imported for this: a program that
never uses it does not pay for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from types import ModuleType
from typing import Any

MODULE = "asyncio.base_events"
Listener = Callable[[BaseException], None]


def listen(listener: Listener) -> None:
    """Call ``listener`` with each exception that reaches a loop's default handler, after the handler."""
    module = sys.modules.get(MODULE)
    if module is not None:
        _chain(module, listener)
    else:
        sys.meta_path.insert(0, _Waiting(listener))


def _chain(module: ModuleType, listener: Listener) -> None:
    loop: Any = getattr(module, "BaseEventLoop", None)
    if loop is None:
        return
    previous = loop.default_exception_handler

    @wraps(previous)
    def default_exception_handler(self: Any, context: dict[str, Any]) -> None:
        try:
            previous(self, context)
        finally:
            error = context.get("exception")
            if isinstance(error, BaseException):
                listener(error)

    loop.default_exception_handler = default_exception_handler


class _Waiting:
    """Stands first among the finders until asyncio is imported, finds nothing itself, and leaves."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> Any:
        """The spec that the other finders give for asyncio's loop; None for everything else."""
        del path, target
        if name != MODULE:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        try:
            from importlib.util import find_spec

            spec = find_spec(name)
        except (ImportError, ValueError):
            return None
        execute = getattr(getattr(spec, "loader", None), "exec_module", None)
        if spec is None or execute is None:
            return spec

        def exec_module(module: ModuleType) -> None:
            execute(module)
            if module.__name__ == MODULE:  # the loader of a zip file loads others too
                _chain(module, self._listener)

        spec.loader.exec_module = exec_module  # type: ignore[union-attr, method-assign] # there is one
        return spec
