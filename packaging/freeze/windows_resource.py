"""Windows resource: what the properties of the programs show in the Explorer."""

from __future__ import annotations

from release.identity import SUMMARY
from release.order import Order


def text(order: Order) -> str:
    """The resource as PyInstaller reads it, a Python expression. Not yet run on Windows."""
    identity = order.identity
    numbers = (*(int(number) for number in order.version.split(".")), 0)
    strings = {
        "CompanyName": identity.vendor,
        "FileDescription": identity.product,
        "Comments": SUMMARY,
        "FileVersion": order.version,
        "InternalName": identity.command,
        "OriginalFilename": f"{identity.command}.exe",
        "ProductName": identity.product,
        "ProductVersion": order.version,
    }
    table = ", ".join(f"StringStruct({name!r}, {value!r})" for name, value in strings.items())
    # 0x4: made for Windows; 0x1: a program; 040904B0: English, in Unicode.
    return (
        "VSVersionInfo(\n"
        f"  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0, OS=0x4,\n"
        "    fileType=0x1, subtype=0, date=(0, 0)),\n"
        f"  kids=[StringFileInfo([StringTable('040904B0', [{table}])]),\n"
        "    VarFileInfo([VarStruct('Translation', [0x409, 1200])])])\n"
    )
