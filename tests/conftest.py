"""What all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A loaded machine is slow, not wrong: no example is judged by its time.
settings.register_profile("reporter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reporter")
