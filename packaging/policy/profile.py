"""Profile: a configuration profile for macOS, to be changed and handed to a device management."""

from __future__ import annotations

import plistlib
import uuid

from policy.examples import mandatory, recommended
from reporter.settings.policy.base import Vendor


def mobileconfig(vendor: Vendor) -> bytes:
    """A profile that forces the example of every setting that may be mandatory."""
    identifier = f"{vendor.bundle_id}.policies"
    settings = {
        **mandatory(),
        "PayloadType": vendor.bundle_id,
        "PayloadIdentifier": f"{identifier}.settings",
        "PayloadUUID": _uuid(f"{identifier}.settings"),
        "PayloadVersion": 1,
        "PayloadEnabled": True,
        "PayloadDisplayName": vendor.product,
    }
    profile = {
        "PayloadContent": [settings],
        "PayloadType": "Configuration",
        "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid(identifier),
        "PayloadVersion": 1,
        "PayloadDisplayName": f"{vendor.product} (example)",
        "PayloadOrganization": vendor.name,
        "PayloadScope": "System",
        "PayloadRemovalDisallowed": False,
    }
    return plistlib.dumps(profile, sort_keys=False)


def preferences() -> bytes:
    """Examples of what to recommend, for ``/Library/Preferences``."""
    return plistlib.dumps(recommended(), sort_keys=False)


def _uuid(identifier: str) -> str:
    # Always the same: a profile with another number would be another profile, beside the old one.
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, identifier)).upper()
