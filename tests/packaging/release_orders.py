"""Orders for the tests of packaging: of our own names or others, small and of a fixed version."""

from __future__ import annotations

import json
from pathlib import Path

from release.identity import OWN_BRAND, identify
from release.order import Order
from release.source import ROOT, Source

VERSION = "1.2.3"
EPOCH_S = 1_700_000_001
OTHER_BRAND = """\
product = "Anmeldehilfe"
vendor = "Müller & Söhne"
bundle_id = "de.mueller.anmeldehilfe"
command = "anmeldehilfe"
maintainer = "IT <it@mueller.example>"

[support]
url = "https://hilfe.mueller.example/"
"""


def order(out: Path, *, brand: str = "", payload: Path | None = None) -> Order:
    """An order of version 1.2.3 under our own names, or under those of the text of a ``brand.toml``."""
    file = OWN_BRAND
    if brand:
        file = out.parent / "brand.toml"
        file.write_text(brand, encoding="utf-8")
    made_from = Source(version=VERSION, epoch_s=EPOCH_S)
    return Order(identity=identify(file), source=made_from, out=out, payload=payload)


def put_beside(folder: Path, brand: Path, version: str) -> None:
    """What lies beside every frozen program: its brand, the licences, and the SBOM with its version."""
    (folder / "licenses").mkdir(parents=True)
    (folder / "licenses" / "Python.txt").write_text("As Python says.\n")
    (folder / "LICENSE").write_bytes((ROOT / "LICENSE").read_bytes())
    (folder / "brand.toml").write_bytes(brand.read_bytes())
    (folder / "sbom.cdx.json").write_text(json.dumps({"metadata": {"component": {"version": version}}}))
