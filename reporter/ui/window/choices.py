"""Choices: how check boxes, segments and small buttons with a picture are drawn."""

from __future__ import annotations

import tkinter
from typing import TYPE_CHECKING

from reporter.ui.window.controls import RADIUS, OwnControls, nested
from reporter.ui.window.raster import Raster

if TYPE_CHECKING:
    from reporter.ui.window.theme import Theme

# In pixels at 96 dpi.
BOX = 18
BOX_RADIUS = 4
BOX_GAP = 8


def draw_choices(theme: Theme, own: OwnControls) -> None:
    """The styles TCheckbutton, Segment.TRadiobutton, PanelLink and Icon.TButton in our own faces."""
    palette, px, style = theme.palette, theme.px, theme.style
    style.element_create(
        "own.check",
        "image",
        _box(theme, "off", palette.field, palette.field_line),
        ("selected disabled", _box(theme, "on-disabled", palette.disabled, palette.disabled, tick=True)),
        ("disabled", _box(theme, "off-disabled", palette.disabled_fill, palette.button_line)),
        ("selected", _box(theme, "on", palette.accent, palette.accent, tick=True)),
        ("active", _box(theme, "hover", palette.button_hover, palette.field_line)),
        sticky="",
    )
    style.layout(
        "TCheckbutton",
        [
            (
                "window.ring",
                {
                    "sticky": "nswe",
                    "children": [
                        ("own.check", {"side": "left", "sticky": ""}),
                        (
                            "Checkbutton.padding",
                            {"side": "left", "sticky": "we", "children": [("Checkbutton.label", {})]},
                        ),
                    ],
                },
            )
        ],
    )
    style.configure("TCheckbutton", background=palette.window)
    style.configure("TCheckbutton", padding=(px(BOX_GAP), px(1), 0, px(1)), font=theme.body)
    style.map(
        "TCheckbutton",
        background=[("", palette.window)],
        foreground=[("disabled", palette.muted), ("", palette.text)],
    )
    style.element_create(
        "own.segment",
        "image",
        own.face("segment", palette.window, palette.button, palette.button_line),
        ("selected", own.face("segment-on", palette.window, palette.info_tint, palette.ring)),
        ("active", own.face("segment-hover", palette.window, palette.button_hover, palette.button_line)),
        border=px(RADIUS),
        padding=0,
        sticky="nswe",
    )
    layout = nested("window.ring", "own.segment", "Radiobutton.padding", "Radiobutton.label", sticky="")
    style.layout("Segment.TRadiobutton", layout)
    style.configure("Segment.TRadiobutton", padding=(px(14), px(4)), font=theme.body, anchor="center")
    style.map(
        "Segment.TRadiobutton",
        background=[],
        foreground=[("selected", palette.info), ("", palette.text)],
    )
    style.layout("Icon.TButton", nested("window.ring", "Button.padding", "Button.label", sticky=""))
    style.configure("Icon.TButton", background=palette.window, padding=px(3))
    style.map("Icon.TButton", background=[("", palette.window)])


def borrow_choices(theme: Theme) -> None:
    """The same styles from the system's own theme."""
    style, palette, px = theme.style, theme.palette, theme.px
    style.configure("TCheckbutton", background=palette.window)
    style.layout("Segment.TRadiobutton", style.layout("Toolbutton"))
    style.configure("Segment.TRadiobutton", padding=(px(10), px(3)))
    style.layout("Icon.TButton", style.layout("Toolbutton"))
    style.configure("Icon.TButton", padding=px(2))


def _box(theme: Theme, name: str, fill: str, line: str, *, tick: bool = False) -> tkinter.PhotoImage:
    size, edge = theme.px(BOX), max(1, theme.px(1))
    radius = theme.px(BOX_RADIUS)
    picture = Raster(size, size, theme.rgb(theme.palette.window))
    picture.rounded((0, 0, size, size), radius, theme.rgb(line))
    picture.rounded((edge, edge, size - 2 * edge, size - 2 * edge), radius - edge, theme.rgb(fill))
    if tick:
        points = [(size * 0.26, size * 0.53), (size * 0.43, size * 0.69), (size * 0.75, size * 0.34)]
        picture.stroke(points, size * 0.11, theme.rgb(theme.palette.on_accent))
    return theme.keep(f"check-{name}", picture)
