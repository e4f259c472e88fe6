"""Menu: the entry in the menus of desktops, with its picture."""

from __future__ import annotations

from collections.abc import Iterator

from linux.pieces import File, Piece
from release.icon import png
from release.identity import Identity
from release.order import Order

SIZES = (16, 24, 32, 48, 64, 128, 256)
"""In pixels, as the hicolor theme has them."""

# The product is a name and stays as it is.
_GENERIC_NAME = {"": "Login Help", "ru": "Помощь при входе", "uk": "Допомога при вході"}
_COMMENT = {
    "": "See why a login does not work, and get help",
    "ru": "Узнать, почему не удаётся войти, и получить помощь",
    "uk": "Дізнатися, чому не вдається увійти, й отримати допомогу",
}


def menu(order: Order) -> Iterator[Piece]:
    """The entry and its picture in every size; raises PackagingError where there is no picture."""
    command = order.identity.command
    yield File(place=f"/usr/share/applications/{command}.desktop", content=entry(order.identity).encode())
    for size in SIZES:
        place = f"/usr/share/icons/hicolor/{size}x{size}/apps/{command}.png"
        yield File(place=place, content=png(order, size))


def entry(identity: Identity) -> str:
    """The ``.desktop`` file."""
    lines = ["[Desktop Entry]", "Type=Application", f"Name={_value(identity.product)}"]
    for key, texts in (("GenericName", _GENERIC_NAME), ("Comment", _COMMENT)):
        lines += [
            f"{key}[{language}]={text}" if language else f"{key}={text}" for language, text in texts.items()
        ]
    lines += [
        f"Exec={identity.command} open",
        f"TryExec={identity.command}",
        f"Icon={identity.command}",
        "Categories=Utility;",
        "Terminal=false",
        "StartupNotify=false",
    ]
    return "\n".join([*lines, ""])


def _value(text: str) -> str:
    return text.replace("\\", "\\\\")
