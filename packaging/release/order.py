"""Order: what is to be made, as every builder is told it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from release.identity import Identity
from release.source import Source


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """``out``: the folder where finished artefacts appear; ``payload``: the folder of the frozen program,
    None where it was not made yet; ``download_url``: where the installer will lie, empty where nobody knows.
    """

    identity: Identity
    source: Source
    out: Path
    payload: Path | None = None
    download_url: str = ""

    @property
    def version(self) -> str:
        """Three numbers."""
        return self.source.version
