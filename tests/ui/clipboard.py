"""Clipboard: another program on the same screen, which has copied something."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol import event as events

STOP_LIMIT_S = 10


class Clipboard:
    """Owns the clipboard of the display ``name`` and hands out ``offers``, bytes by their type."""

    def __init__(self, name: str, offers: Mapping[str, bytes]) -> None:
        self._display = Display(name)
        self._offers = dict(offers)
        self._window = self._display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self._selection = self._display.intern_atom("CLIPBOARD")
        self._thread = threading.Thread(target=self._serve)
        self._over = False

    def __enter__(self) -> Self:
        self._window.set_selection_owner(self._selection, X.CurrentTime)
        self._display.sync()
        assert self._display.get_selection_owner(self._selection) == self._window
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        other = Display(self._display.get_display_name())
        window = other.create_resource_object("window", self._window.id)
        window.send_event(events.ClientMessage(window=window, client_type=Xatom.STRING, data=(8, b"x" * 20)))
        other.sync()
        other.close()
        self._thread.join(STOP_LIMIT_S)
        self._display.close()

    def _serve(self) -> None:
        while not self._over:
            asked = self._display.next_event()
            if asked.type != X.SelectionRequest:
                continue
            kind = self._display.get_atom_name(asked.target)
            answer = asked.property
            if kind == "TARGETS":
                atoms = [self._display.intern_atom(one) for one in self._offers]
                asked.requestor.change_property(answer, Xatom.ATOM, 32, atoms)
            elif kind in self._offers:
                asked.requestor.change_property(answer, asked.target, 8, self._offers[kind])
            else:
                answer = X.NONE
            asked.requestor.send_event(
                events.SelectionNotify(
                    time=asked.time,
                    requestor=asked.requestor,
                    selection=asked.selection,
                    target=asked.target,
                    property=answer,
                )
            )
            self._display.flush()
