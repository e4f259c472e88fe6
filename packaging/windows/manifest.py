"""Manifest: what a winget repository says of the installer.

Three files in YAML of the schema 1.6: the version, the installer and how it is described. A value in JSON is
one in YAML as well, so that no text of a brand can become anything but a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from release.errors import PackagingError
from release.identity import DESCRIPTION, SUMMARY
from release.order import Order
from windows.database import Plan

SCHEMA = "1.6.0"
LOCALE = "en-US"
LICENSE = "MIT"
PART_LIMIT_CHARS = 32
"""Of each part of an identifier."""

# Of the codes of Windows Installer those that winget shall understand.
_RETURN_CODES = (
    (1618, "installInProgress"),
    (1638, "alreadyInstalled"),
    (1641, "rebootInitiated"),
    (3010, "rebootRequiredToFinish"),
)


def manifests(order: Order, package: str, sha256: str, plan: Plan) -> dict[str, str]:
    """The files by name; ``package``: the name of the installer. Raises PackagingError."""
    identity = order.identity
    if min(len(identity.vendor), len(identity.product)) < 2:
        raise PackagingError(
            f"winget wants names of two letters at least, and {identity.brand} has the vendor "
            f"{identity.vendor!r} and the product {identity.product!r}; choose longer names, or do without."
        )
    name = package_identifier(identity.vendor, identity.product, identity.bundle_id)
    common = {"PackageIdentifier": name, "PackageVersion": order.version}
    installer = {
        "Platform": ["Windows.Desktop"],
        "MinimumOSVersion": "10.0.14393.0",
        "InstallerType": "msi",
        "Scope": "machine",
        "InstallModes": ["silent", "silentWithProgress"],
        "InstallerSwitches": {"Custom": "/norestart"},
        "UpgradeBehavior": "install",
        "Commands": [identity.command],
        "ProductCode": plan.product_code,
        "AppsAndFeaturesEntries": [
            {
                "DisplayName": identity.product,
                "Publisher": identity.vendor,
                "DisplayVersion": order.version,
                "ProductCode": plan.product_code,
                "UpgradeCode": plan.upgrade_code,
            }
        ],
        "ExpectedReturnCodes": [
            {"InstallerReturnCode": code, "ReturnResponse": response} for code, response in _RETURN_CODES
        ],
        "Installers": [
            {
                "Architecture": "x64",
                "InstallerUrl": address(order.download_url, package),
                "InstallerSha256": sha256,
            }
        ],
    }
    described = {
        "PackageLocale": LOCALE,
        "Publisher": identity.vendor,
        **({"PublisherSupportUrl": identity.help_url} if identity.help_url else {}),
        "PackageName": identity.product,
        "License": LICENSE,
        "ShortDescription": SUMMARY,
        "Description": DESCRIPTION,
        "Moniker": identity.command,
    }
    return {
        f"{name}.yaml": _file("version", {**common, "DefaultLocale": LOCALE}),
        f"{name}.installer.yaml": _file("installer", {**common, **installer}),
        f"{name}.locale.{LOCALE}.yaml": _file("defaultLocale", {**common, **described}),
    }


def package_identifier(vendor: str, product: str, bundle_id: str) -> str:
    """``Vendor.Product``; of the bundle's name where those are not in Latin letters."""
    parts = [re.sub(r"[^A-Za-z0-9-]", "", part)[:PART_LIMIT_CHARS] for part in (vendor, product)]
    if (vendor + product).isascii() and all(parts):
        return ".".join(parts)
    return ".".join(part[:PART_LIMIT_CHARS] for part in bundle_id.split(".")[-2:])


def address(given: str, package: str) -> str:
    """Where the installer is downloaded: an address that ends in a slash is of its folder. Raises
    PackagingError."""
    try:
        parts = urlsplit(given)
        is_address = parts.scheme == "https" and parts.hostname and not re.search(r"[\s\x00-\x1f]", given)
    except ValueError:
        is_address = False
    if not is_address:
        raise PackagingError(
            f"The download address {given!r} is none that winget takes; write one that begins with https://."
        )
    if given.endswith("/"):
        return f"{given}{package}"
    if not given.lower().endswith(".msi"):
        raise PackagingError(
            f"The download address {given!r} is neither of a folder nor of an installer; end it with / or "
            f"with {package}."
        )
    return given


def _file(kind: str, values: Mapping[str, Any]) -> str:
    lines = [
        f"# yaml-language-server: $schema=https://aka.ms/winget-manifest.{kind}.{SCHEMA}.schema.json",
        "",
    ]
    for name, value in {**values, "ManifestType": kind, "ManifestVersion": SCHEMA}.items():
        lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
