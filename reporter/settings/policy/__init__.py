"""Policy: what the organisation decided for this computer and its people, one module per system.

``read`` tells what each layer of policies says. Every system has its own places, and only places that
ordinary people cannot write: see ``windows``, ``macos`` and ``linux``.
"""

from __future__ import annotations

import sys

from reporter.settings.policy.base import Policies
from reporter.settings.source import Layer, Said, unreadable

__all__ = ["Policies", "read", "select"]


def select(platform: str = sys.platform) -> Policies:
    """The policies of a system; the one place that knows all of them."""
    if platform == "win32":
        from reporter.settings.policy.windows import WindowsPolicies

        return WindowsPolicies()
    if platform == "darwin":
        from reporter.settings.policy.macos import MacPolicies

        return MacPolicies()
    from reporter.settings.policy.linux import LinuxPolicies

    return LinuxPolicies()


def read(policies: Policies | None = None) -> dict[Layer, Said]:
    """What the policies say, by layer; never raises. Without an argument, those of this system."""
    try:
        return (policies or select()).read()
    except Exception as error:  # noqa: BLE001 - what the organisation decided is unknown, so privacy is closed
        place, reason = "the policies of this computer", f"they cannot be read ({type(error).__name__})"
        return {Layer.MACHINE_POLICY: unreadable(place, reason, "ask those who manage this computer")}
