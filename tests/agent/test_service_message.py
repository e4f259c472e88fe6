"""The startup-error service, from the setting to the dialog and the report."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer

from reporter import agent
from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Retry
from reporter.ui.recorded import RecordedFace


def look(face: RecordedFace) -> None:
    face.wait_until_idle()


def test_a_known_fault_is_told_in_the_words_of_the_service(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    told = {"userMessage": "Closing the month.", "until": until.isoformat(), "ru": {"userMessage": "Месяц."}}
    httpserver.expect_request("/status.json").respond_with_json(told)
    monkeypatch.setenv("REPORTER_STATUS_URL", httpserver.url_for("/status.json"))
    monkeypatch.setenv("REPORTER_LANGUAGE", "ru")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    failure = Failure(target=f"tcp://127.0.0.1:{port}", message="Connection refused")
    face = RecordedFace(look)
    outcome = agent.stand_in(failure, loaded=agent.load_settings(failure.target), face=face)
    assert outcome.verdict is not None
    assert (outcome.verdict.cause, outcome.verdict.runner_up) == ("app.maintenance", "tcp.refused")
    assert (outcome.verdict.retry, outcome.verdict.retry_at) == (Retry.AT, until)
    assert face.views[0].service_message == ""
    assert face.last.service_message == "Месяц."
    assert "Service  http://" in face.presenter.details()


def test_a_service_that_is_no_web_address_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTER_STATUS_URL", "file:///etc/passwd")
    assert agent.load_settings().settings.status_url == ""
