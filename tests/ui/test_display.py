"""A display at a standstill is noticed before the toolkit waits for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reporter.errors import FaceUnavailable
from reporter.ui.display import LIMIT_S, greeted
from reporter.ui.select import choose_face
from tests.waiting import wait_until


def is_silent(display: str, limit_s: float = LIMIT_S) -> bool:
    with greeted(display, limit_s) as answers:
        return not answers


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has Xvfb")


def test_a_server_that_answers_is_not_silent_and_one_at_a_standstill_is(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "320x240x24"],
        pass_fds=[writer],
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(writer)
        display = f":{os.read(reader, 16).decode().strip()}"
        assert not is_silent(display)
        assert not is_silent(f"{display}.0")
        server.send_signal(signal.SIGSTOP)
        assert is_silent(display, limit_s=0.3)
        with pytest.raises(FaceUnavailable, match="does not answer"):
            choose_face("window", appearance="light", terminal=False, environ={"DISPLAY": display})
        face = choose_face("auto", appearance="light", terminal=False, environ={"DISPLAY": display})
        assert face.is_silent
        server.send_signal(signal.SIGCONT)
        wait_until(lambda: not is_silent(display))
    finally:
        os.close(reader)
        server.kill()
        server.wait()


@pytest.mark.parametrize(
    "display", ["", ":4711", "elsewhere.example:0", "/private/tmp/x:0", "nonsense", ":99999999"]
)
def test_what_is_not_there_is_left_to_the_toolkit(display: str) -> None:
    assert not is_silent(display)


def test_a_port_that_takes_connections_and_says_nothing_is_silent() -> None:
    for number in range(3900, 3990):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", 6000 + number))
            except OSError:
                continue
            listener.listen()
            assert is_silent(f"localhost:{number}.0", limit_s=0.2)
            return
    pytest.fail("no free port")
