"""What the tests of packaging share."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.order import Order
from tests.packaging.linux_payload import brand, order


@pytest.fixture
def ordered(tmp_path: Path) -> Order:
    """Of an example brand, with a small payload as it is frozen on Linux."""
    return order(tmp_path, brand(tmp_path / "brand"))


@pytest.fixture
def folder(ordered: Order) -> Path:
    """The payload of ``ordered``."""
    assert ordered.payload is not None
    return ordered.payload
