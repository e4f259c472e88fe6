"""The X server of the session: a real one, and ones that answer oddly."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from reporter.facts import x11
from reporter.facts.linux import Linux


class Server(NamedTuple):
    display: str
    authority: Path


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Xvfb with a key, on a display that it chooses itself."""
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    authority = tmp_path_factory.mktemp("x11") / "Xauthority"
    key = secrets.token_bytes(16)
    authority.write_bytes(
        entry(b"elsewhere", b"", bytes(16)) + entry(socket.gethostname().encode(), b"", key)
    )
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x900x24", "-auth", str(authority)]
    with subprocess.Popen(
        [*command, "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            number = told.readline().strip().decode()
        try:
            yield Server(f":{number}", authority)
        finally:
            running.terminate()


def entry(host: bytes, number: bytes, key: bytes) -> bytes:
    fields = (host, number, b"MIT-MAGIC-COOKIE-1", key)
    return struct.pack(">H", 256) + b"".join(struct.pack(">H", len(field)) + field for field in fields)


def test_a_real_server_tells_its_monitors_and_layouts(server: Server) -> None:
    screen = x11.ask(f"{server.display}.0", server.authority)
    assert screen is not None
    assert [(one.width_px, one.height_px) for one in screen.monitors] == [(1600, 900)]
    assert screen.layouts == "us"
    assert screen.text_dpi == ""


def test_the_facts_of_a_session_with_a_display(server: Server, tmp_path: Path) -> None:
    linux = Linux({"DISPLAY": server.display, "XAUTHORITY": str(server.authority)}, root=tmp_path)
    told = linux.monitors()["monitors"]
    assert isinstance(told, list)
    assert len(told) == 1
    assert linux.keyboard() == {"keyboard_layouts": ["us"]}


def test_without_the_key_there_is_a_clear_refusal(server: Server, tmp_path: Path) -> None:
    with pytest.raises(x11.X11Error, match="does not let this program in"):
        x11.ask(server.display, tmp_path / "none")
    odd = tmp_path / "odd"
    odd.write_bytes(b"\xff" * 999)
    with pytest.raises(x11.X11Error):
        x11.ask(server.display, odd)


@pytest.mark.parametrize("display", ["far.example:0", "203.0.113.9:10.0", "", "x", ":", ":99999", "/x/x:0"])
def test_servers_of_other_computers_are_not_asked(display: str, tmp_path: Path) -> None:
    assert x11.ask(display, tmp_path / "none") is None


def test_a_display_that_is_gone_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - refused or not there, as the system likes
        x11.ask(":7643", tmp_path / "none")
    assert Linux({"DISPLAY": ":7643"}, root=tmp_path).keyboard() == {"keyboard_layouts": []}


GREETED = struct.pack("<BxHHH", 1, 11, 0, 18) + bytes(72)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x01",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff" * 4000,
        struct.pack("<BxHHH", 1, 11, 0, 2) + bytes(8),
        struct.pack("<BxHHH", 0, 11, 0, 0xFFFF) + bytes(100),
        GREETED,
        GREETED + b"\x01" + bytes(3) + b"\xff" * 4000,
        GREETED + b"\x02" * 32 * 50,
        GREETED + bytes(32) * 2,
    ],
)
def test_whatever_answers_there_is_an_error_and_no_more(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(monkeypatch, lambda line: line.sendall(answer))
    with pytest.raises((x11.X11Error, OSError)):
        x11.ask(":1", tmp_path / "none")


def test_a_server_that_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(x11, "LIMIT_S", 0.05)
    serve(monkeypatch, lambda line: bool(released.wait()))
    try:
        with pytest.raises(TimeoutError):
            x11.ask(":1", tmp_path / "none")
    finally:
        released.set()


def test_resources_and_events_of_an_answering_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    greeting = struct.pack("<16xHxxBB10x", 0, 1, 0) + struct.pack("<I16xHHH14x", 7, 1024, 768, 300)
    resources = b"Xcursor.size:\t24\nXft.dpi:\t144\n"
    padded = resources + bytes(-len(resources) % 4)
    event = struct.pack("<B31x", 34)
    told = struct.pack("<BBxxIIII12x", 1, 8, len(padded) // 4, 31, 0, len(resources)) + padded
    none = struct.pack("<B31x", 1)
    answer = struct.pack("<BxHHH", 1, 11, 0, len(greeting) // 4) + greeting + event + told + none + none
    serve(monkeypatch, lambda line: line.sendall(answer))
    assert x11.ask(":1", tmp_path / "none") == x11.Screen(
        [x11.Monitor(1024, 768, 300, is_primary=True)], "144", ""
    )


def serve(monkeypatch: pytest.MonkeyPatch, behave: Callable[[socket.socket], object]) -> None:
    """Whatever connects meets this instead of a server; everything it says is read."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(x11.LIMIT_S)

    def run() -> None:
        with ours:
            try:
                behave(ours)
                ours.shutdown(socket.SHUT_WR)
                while ours.recv(4096):
                    pass
            except OSError:  # the other side has had enough
                return

    threading.Thread(target=run, daemon=True).start()
    monkeypatch.setattr(x11, "_connected", lambda host, number: theirs)
