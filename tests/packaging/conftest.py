"""What the tests of packaging share."""

from __future__ import annotations

import subprocess
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


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A checkout with four files that git knows, and three that it does not."""
    root = tmp_path / "checkout"
    (root / "reporter").mkdir(parents=True)
    (root / ".gitignore").write_text("dist/\n*.mo\n", encoding="utf-8")
    for name in ("pyproject.toml", "reporter/a.py", "run"):
        (root / name).write_text(name, encoding="utf-8")
    (root / "run").chmod(0o775)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "First"]):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", root, *who, *words], check=True, capture_output=True)
    for name in ("reporter/texts.mo", "notes.txt", "dist/old.whl"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).touch()
    return root
