"""What all tests share."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# A loaded machine is slow, not wrong: no example is judged by its time.
settings.register_profile("reporter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reporter")


@pytest.fixture(autouse=True)
def _no_server_is_asked_after_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guarded login that works would have the server's published help read, on the real network."""
    monkeypatch.setattr("reporter.capture.success.ask", lambda target: None)
