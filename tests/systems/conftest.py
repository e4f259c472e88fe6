"""What the tests of whole systems share."""

from __future__ import annotations

import msgspec
import pytest

from freeze.build import freeze
from release.identity import OWN_BRAND, identify
from release.order import Order
from release.source import source


@pytest.fixture(scope="session")
def order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    """Under our own names, with the program frozen as it stands in this checkout."""
    made = Order(
        identity=identify(OWN_BRAND), source=source(allow_changes=True), out=tmp_path_factory.mktemp("frozen")
    )
    return msgspec.structs.replace(made, payload=freeze(made))
