"""What all tests share."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine is slow, not wrong: no example is judged by its time.
settings.register_profile("reporter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reporter")


def pytest_configure() -> None:
    """Signals act as in a terminal, also where the tests are started behind ``&`` or by nohup."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        # What is started has it unset, and the run itself outlives its terminal still.
        signal.signal(signal.SIGHUP, lambda number, frame: None)


@pytest.fixture(autouse=True)
def _no_server_is_asked_after_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guarded login that works would have the server's published help read, on the real network."""
    monkeypatch.setattr("reporter.capture.success.ask", lambda target: None)
