"""Base: what the policies of every system have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import msgspec

from reporter import program
from reporter.settings.names import slug
from reporter.settings.source import Layer, Said

if TYPE_CHECKING:
    from reporter.ui.brand import Brand


class Vendor(msgspec.Struct, frozen=True):
    """Under whose name the program is installed and its policies are kept.

    ``name``, ``product``: the last two keys in the registry; ``bundle_id``: the preferences on macOS;
    ``command``: what a person types, and the name of its folders, in ``/etc`` as in the person's home.
    """

    name: str = program.PRODUCT
    product: str = program.PRODUCT
    bundle_id: str = "org.reporter.agent"
    command: str = program.NAME

    @property
    def policies_key(self) -> str:
        """The key of the mandatory policies, below both hives of the registry."""
        return rf"Software\Policies\{self.name}\{self.product}"

    @property
    def recommended_key(self) -> str:
        """The key of the recommended policies, below both hives of the registry."""
        return rf"{self.policies_key}\Recommended"

    @property
    def installer_key(self) -> str:
        """The key of what the installer was given, below the hive of the computer."""
        return rf"Software\{self.name}\{self.product}"


def vendor_of(brand: Brand) -> Vendor:
    """Under whose name the policies of a branded program are kept."""
    own = Vendor()
    product = brand.product or own.product
    return Vendor(
        name=brand.vendor or product,
        product=product,
        bundle_id=brand.bundle_id or own.bundle_id,
        command=brand.command or slug(brand.product) or own.command,
    )


def _own() -> Vendor:
    if not program.is_agent():
        return Vendor()
    from reporter.settings.brand import beside_program

    return vendor_of(beside_program())


VENDOR = _own()


class Policies(ABC):
    """The policies of one system."""

    @abstractmethod
    def read(self) -> dict[Layer, Said]:
        """What they say, by layer. A place that cannot be read closes what concerns privacy."""
