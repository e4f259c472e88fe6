"""A home of its own for every story, and a real inbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reporter.demo.servers import closed_port
from reporter.inbox.server import Inbox


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "settings.toml").touch()
    monkeypatch.setenv("REPORTER_HOME", str(folder))
    monkeypatch.setenv("REPORTER_SETTINGS", str(folder / "settings.toml"))
    monkeypatch.setenv("REPORTER_LANGUAGE", "en")
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    return folder


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A running inbox that the settings name as the endpoint."""
    listen = f"127.0.0.1:{closed_port()}"
    running = Inbox(tmp_path / "inbox.sqlite", listen)
    running.start()
    monkeypatch.setenv("REPORTER_ENDPOINT", f"http://{listen}/reports")
    yield running
    running.stop()
