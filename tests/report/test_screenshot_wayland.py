"""The portal of a Wayland desktop: a real session bus of our own, and a portal that does as it is told."""

from __future__ import annotations

import contextlib
import io
import os
import select
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from jeepney import DBusAddress, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from PIL import Image

from reporter.errors import PictureError
from reporter.report import screenshot
from reporter.report.drawing import Picture
from reporter.report.screenshot import wayland
from reporter.report.screenshot.desktop import NOT_TAKEN

COLOUR = (12, 34, 56)
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


class Bus(NamedTuple):
    """A session bus of our own."""

    address: str
    daemon: subprocess.Popen[str]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Bus]:
    """A session bus where nothing is, and nothing is started."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed: the portal was NOT tested; install the package dbus")
    configuration = tmp_path / "bus.conf"
    configuration.write_text(CONFIGURATION.format(folder=tmp_path))
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={configuration}", "--print-address=1", "--nofork", "--nopidfile"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert daemon.stdout is not None
    try:
        address = daemon.stdout.readline().strip()
        assert address, "dbus-daemon did not start"
        yield Bus(address, daemon)
    finally:
        daemon.terminate()
        daemon.wait()
        daemon.stdout.close()


@pytest.fixture
def bus(daemon: Bus) -> str:
    """Its address."""
    return daemon.address


class Portal:
    """Answers calls of Screenshot. ``answer``: the body of the signal; None for silence."""

    def __init__(
        self,
        address: str,
        answer: Callable[[], tuple[int, dict[str, Any]]] | None,
        *,
        refuses: bool = False,
        answers_before_it_returns: bool = False,
    ) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self._answer = answer
        self._refuses = refuses
        self._is_hasty = answers_before_it_returns
        self._bus = open_dbus_connection(address)
        reply = self._bus.send_and_get_reply(message_bus.RequestName(wayland.BUS_NAME))
        assert reply.body == (1,)
        self._is_asked_to_end, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve_while_there_is_a_bus)
        self._thread.start()

    def end(self) -> None:
        os.write(self._end, b".")
        self._thread.join()
        os.close(self._end)
        os.close(self._is_asked_to_end)
        self._bus.close()

    def _serve_while_there_is_a_bus(self) -> None:
        with contextlib.suppress(OSError):
            self._serve()

    def _serve(self) -> None:
        while True:
            readable, _, _ = select.select([self._bus.sock, self._is_asked_to_end], [], [])
            if self._is_asked_to_end in readable:
                return
            message = self._bus.receive()
            if message.header.message_type == MessageType.method_call:
                self._serve_one(message)

    def _serve_one(self, message: Any) -> None:
        if self._refuses:
            self._bus.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
            return
        self.asked.append(message.body)
        sender = message.header.fields[7].removeprefix(":").replace(".", "_")
        path = f"{wayland.OBJECT_PATH}/request/{sender}/{message.body[1]['handle_token'][1]}"
        returned = new_method_return(message, "o", (path,))
        if self._is_hasty:
            self._signal(path)
        self._bus.send(returned)
        if not self._is_hasty:
            self._signal(path)

    def _signal(self, path: str) -> None:
        if self._answer is not None:
            request = DBusAddress(path, interface=wayland.REQUEST_INTERFACE)
            self._bus.send(new_signal(request, "Response", "ua{sv}", self._answer()))


def environ(address: str) -> dict[str, str]:
    return {"WAYLAND_DISPLAY": "wayland-0", "DBUS_SESSION_BUS_ADDRESS": address}


def take(address: str) -> Picture:
    return screenshot.take("monitor-1", None, environ=environ(address), system="linux")


def picture_in(path: Path) -> dict[str, Any]:
    Image.new("RGB", (300, 200), COLOUR).save(path, "PNG")
    return {"uri": ("s", f"file://{quote(str(path))}")}


@pytest.mark.parametrize("is_hasty", [False, True])
def test_the_portal_takes_the_picture_and_its_file_is_removed(
    bus: str, tmp_path: Path, is_hasty: bool
) -> None:
    made = tmp_path / "Знімок екрана 1.png"
    portal = Portal(
        bus,
        lambda: (0, picture_in(made)),
        answers_before_it_returns=is_hasty,
    )
    try:
        assert screenshot.why_not(environ(bus), "linux") is None
        (source,) = screenshot.sources(None, environ=environ(bus), system="linux")
        assert (source.id, source.kind, source.number) == ("monitor-1", "monitor", 1)
        picture = take(bus)
    finally:
        portal.end()
    assert (picture.width, picture.height, picture.marks) == (300, 200, [])
    with Image.open(io.BytesIO(picture.png)) as image:
        assert image.getpixel((10, 10)) == COLOUR
    assert not made.exists()
    (asked,) = portal.asked
    assert asked[1]["interactive"] == ("b", False)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((1, {}), wayland.DENIED),
        ((2, {}), NOT_TAKEN),
        ((0, {}), NOT_TAKEN),
        ((0, {"uri": ("s", "https://example.org/picture.png")}), NOT_TAKEN),
        ((0, {"uri": ("u", 7)}), NOT_TAKEN),
        ((0, {"uri": ("s", "file:///nonexistent/picture.png")}), NOT_TAKEN),
    ],
)
def test_a_portal_that_gives_no_picture_is_a_sentence(
    bus: str, answer: tuple[int, dict[str, Any]], sentence: str
) -> None:
    portal = Portal(bus, lambda: answer)
    try:
        with pytest.raises(PictureError) as refused:
            take(bus)
    finally:
        portal.end()
    assert str(refused.value) == sentence


def test_a_portal_without_screenshots_is_a_sentence(bus: str) -> None:
    portal = Portal(bus, None, refuses=True)
    try:
        with pytest.raises(PictureError) as refused:
            take(bus)
    finally:
        portal.end()
    assert str(refused.value) == wayland.NO_PORTAL


def test_a_person_who_does_not_answer_is_not_waited_for_without_end(
    bus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wayland, "ANSWER_LIMIT_S", 0.1)
    portal = Portal(bus, None)
    try:
        with pytest.raises(PictureError) as refused:
            take(bus)
    finally:
        portal.end()
    assert str(refused.value) == wayland.NO_ANSWER


def test_a_bus_that_goes_away_is_a_sentence(daemon: Bus) -> None:
    def vanish() -> tuple[int, dict[str, Any]]:
        daemon.daemon.terminate()
        daemon.daemon.wait()
        return 0, {}

    portal = Portal(daemon.address, vanish)
    try:
        with pytest.raises(PictureError) as refused:
            take(daemon.address)
    finally:
        portal.end()
    assert str(refused.value) == NOT_TAKEN


def test_a_session_without_a_portal_is_a_sentence(bus: str) -> None:
    assert screenshot.why_not(environ(bus), "linux") == wayland.NO_PORTAL
    with pytest.raises(PictureError) as refused:
        take(bus)
    assert str(refused.value) == wayland.NO_PORTAL


@pytest.mark.parametrize("address", ["unix:path=/nonexistent/bus", "nonsense", "tcp:host=x"])
def test_a_session_without_a_bus_is_a_sentence(address: str) -> None:
    assert screenshot.why_not(environ(address), "linux") == wayland.NO_PORTAL


def test_a_bus_that_does_not_speak_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(wayland, "CALL_LIMIT_S", 0.1)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        address = f"unix:path={tmp_path / 'bus'}"
        assert screenshot.why_not(environ(address), "linux") in (wayland.NO_PORTAL, wayland.NO_ANSWER)


def test_without_its_library_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jeepney", "jeepney.auth", "jeepney.io.blocking"):
        monkeypatch.setitem(sys.modules, name, None)
    assert screenshot.why_not(environ("unix:path=/x"), "linux") == wayland.JEEPNEY_MISSING
