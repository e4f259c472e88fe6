"""Identity: under which name, identifiers and folders the program is installed.

All of them come from one ``brand.toml``, so that a renamed program stands beside the original on one computer
without sharing a file, a registry key, a unit or a policy with it.
"""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec

from policy.admx import RECOMMENDED, identifier
from release.errors import PackagingError
from reporter.settings.brand import load
from reporter.settings.names import slug
from reporter.settings.policy.base import Vendor, vendor_of

OWN_BRAND = Path(__file__).resolve().parents[1] / "brand.toml"
"""The names of the program as it stands in this repository."""

SUMMARY = "Says why a login cannot connect and gets a report to support"
DESCRIPTION = (
    "Stands beside a business application. Where a login cannot connect it says why in plain words, shows "
    "the help that the administrator configured, and gets a structured report to the organisation's own "
    "support, also when support cannot be reached at that moment."
)
# Every identifier below is derived from the bundle's; this makes them ours.
_NAMESPACE = uuid.UUID("6f9a0d1e-5a0c-5c55-9d6e-8b1f3b0c7f52")


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """``command``: names the program, its packages and its folders; ``vendor``, ``product``: as people read
    them; ``maintainer``: ``Name <mail address>``; ``help_url``: empty where there is none; ``brand``: the
    file that all of it comes from.
    """

    product: str
    vendor: str
    bundle_id: str
    command: str
    maintainer: str
    help_url: str
    brand: Path
    logo: bytes = b""

    @property
    def keys(self) -> Vendor:
        """Under whose name policies and the installer's defaults are kept."""
        return Vendor(name=self.vendor, product=self.product, bundle_id=self.bundle_id, command=self.command)

    @property
    def linux_folder(self) -> str:
        """Where the program lies on Linux."""
        return f"/opt/{slug(self.vendor) or self.command}/{self.command}"

    def uuid(self, name: str) -> uuid.UUID:
        """An identifier that is the same in every build of this program and in no other program."""
        return uuid.uuid5(uuid.uuid5(_NAMESPACE, self.bundle_id), name)


def identify(brand: Path) -> Identity:
    """The identity that a ``brand.toml`` gives; raises PackagingError with everything that it lacks."""
    found = load(brand)
    if found.problems:
        raise PackagingError("\n".join(found.problems))
    keys = vendor_of(found.brand)
    given = {
        "product": found.brand.product,
        "vendor": found.brand.vendor,
        "bundle_id": found.brand.bundle_id,
        "maintainer": found.brand.maintainer,
    }
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise PackagingError(f"{brand} lacks what a package needs: add {', '.join(missing)}.")
    if not (found.brand.command or slug(found.brand.product)):
        raise PackagingError(
            f"{brand} gives the product {found.brand.product!r}, of which no command can be made; "
            'add one in small Latin letters, such as command = "login-help".'
        )
    if identifier(found.brand.product).casefold() == RECOMMENDED.casefold():
        raise PackagingError(
            f"{brand} gives the product {found.brand.product!r}, as policies call what is only recommended; "
            "choose another name."
        )
    if not found.brand.maintainer.isprintable() or "$" in found.brand.maintainer:
        # A second line would be one more field of a package, and nfpm puts in variables of the environment.
        raise PackagingError(
            f"{brand} gives the maintainer {found.brand.maintainer!r}, which no package can hold; write "
            "Name <mail address> on one line and without $."
        )
    return Identity(
        **given, command=keys.command, help_url=found.brand.url, brand=brand, logo=found.brand.logo
    )
