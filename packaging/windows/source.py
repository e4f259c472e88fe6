"""Source: what wixl packs the files from.

It gets plain names alone: files are called by their ids in a folder beside the source, because wixl keeps
letters other than Latin ones in no code page. The true names are written afterwards, with everything else.
Their times are one, which the cabinet keeps.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from windows.database import FEATURE, ICON, LANGUAGE, Plan, component_of

FOLDER = "files"
CABINET = "program.cab"


def lay_out(plan: Plan, icon: bytes, folder: Path, epoch_s: int) -> None:
    """Put every file and the icon into ``folder``, under the names that the source says."""
    (folder / FOLDER).mkdir()
    for file in plan.tree.files:
        shutil.copyfile(file.source, folder / FOLDER / file.id)
    (folder / ICON).write_bytes(icon)
    for path in (*(folder / FOLDER).iterdir(), folder / ICON):
        os.utime(path, (epoch_s, epoch_s))


def source(plan: Plan) -> str:
    """The source for wixl."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    name = quoteattr(plan.identity.command)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield '<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">'
    yield (
        f'<Product Id="{plan.product_code}" Name={name} Manufacturer={name} Language="{LANGUAGE}" '
        f'Version="{plan.version}" UpgradeCode="{plan.upgrade_code}">'
    )
    yield '<Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>'
    yield f'<Media Id="1" Cabinet="{CABINET}" EmbedCab="yes"/>'
    yield f'<Icon Id="{ICON}" SourceFile="{ICON}"/>'
    yield '<Directory Id="TARGETDIR" Name="SourceDir">'
    for file in plan.tree.files:
        component = component_of(file.id)
        yield f'<Component Id="{component}" Guid="{plan.code(f"msi:file:{file.path}")}" Win64="yes">'
        yield f'<File Id="{file.id}" Name="{file.id}" Source="{FOLDER}/{file.id}" KeyPath="yes"/>'
        yield "</Component>"
    yield "</Directory>"
    yield f'<Feature Id="{FEATURE}" Level="1">'
    yield from (f'<ComponentRef Id="{component_of(file.id)}"/>' for file in plan.tree.files)
    yield "</Feature>"
    yield "</Product>"
    yield "</Wix>"
