"""Tools: the editor's toolbar, its icons and its tips."""

from __future__ import annotations

import math
import tkinter
from collections.abc import Callable, Sequence
from enum import StrEnum
from tkinter import ttk
from typing import Any

from reporter.ui.window.raster import Colour, Point, Raster
from reporter.ui.window.theme import RING, Theme

# In pixels at 96 dpi.
ICON = 18
TIP_MS = 500
# Beside an icon with its word, and beside an icon alone.
PADDINGS = (9, 6)
ROUND_CORNERS = 20


class Tool(StrEnum):
    """What the mouse does on the picture, in the order of the keys 1 to 6."""

    SELECT = "select"
    BLACK_OUT = "black_out"
    ARROW = "arrow"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    CAPTION = "caption"


# Strokes in a square of one by one.
STROKES: dict[str, list[list[Point]]] = {
    Tool.SELECT: [
        [(0.24, 0.12), (0.24, 0.80), (0.42, 0.63), (0.72, 0.61), (0.24, 0.12)],
        [(0.45, 0.64), (0.57, 0.89)],
    ],
    Tool.ARROW: [[(0.17, 0.83), (0.83, 0.17)], [(0.44, 0.17), (0.83, 0.17), (0.83, 0.56)]],
    Tool.RECTANGLE: [[(0.12, 0.22), (0.88, 0.22), (0.88, 0.78), (0.12, 0.78), (0.12, 0.22)]],
    Tool.CAPTION: [[(0.2, 0.3), (0.2, 0.18), (0.8, 0.18), (0.8, 0.3)], [(0.5, 0.18), (0.5, 0.84)]],
    "undo": [
        [(0.36, 0.14), (0.14, 0.36), (0.36, 0.58)],
        [(0.14, 0.36), (0.60, 0.36), (0.74, 0.41), (0.83, 0.52), (0.85, 0.62)],
        [(0.85, 0.62), (0.81, 0.74), (0.72, 0.83), (0.60, 0.86), (0.40, 0.86)],
    ],
    "fit": [
        [(0.14, 0.36), (0.14, 0.18), (0.34, 0.18)],
        [(0.66, 0.18), (0.86, 0.18), (0.86, 0.36)],
        [(0.86, 0.64), (0.86, 0.82), (0.66, 0.82)],
        [(0.34, 0.82), (0.14, 0.82), (0.14, 0.64)],
    ],
    "remove": [
        [(0.14, 0.26), (0.86, 0.26)],
        [(0.38, 0.26), (0.38, 0.12), (0.62, 0.12), (0.62, 0.26)],
        [(0.24, 0.26), (0.29, 0.88), (0.71, 0.88), (0.76, 0.26)],
    ],
}
STROKES["redo"] = [[(1 - x, y) for x, y in stroke] for stroke in STROKES["undo"]]
STROKES[Tool.ELLIPSE] = [
    [
        (
            0.5 + 0.38 * math.cos(turn * math.tau / ROUND_CORNERS),
            0.5 + 0.32 * math.sin(turn * math.tau / ROUND_CORNERS),
        )
        for turn in range(ROUND_CORNERS + 1)
    ]
]


def draw_tool(name: str, size: int, ink: Colour) -> Raster:
    """The icon called ``name``, on a transparent ground."""
    picture = Raster(size, size)
    if name == Tool.BLACK_OUT:
        left, top = round(size * 0.08), round(size * 0.24)
        picture.rounded((left, top, size - 2 * left, size - 2 * top), max(1, round(size * 0.08)), ink)
    for stroke in STROKES.get(name, []):
        picture.stroke([(x * size, y * size) for x, y in stroke], size * 0.095, ink)
    return picture


class ToolStyles:
    """The looks of tool buttons, made once for a theme.

    ``segment`` lies in a row on a panel, ``single`` on the window's ground.
    """

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.segment = self.single = "Toolbutton"
        if theme.native:
            return
        self.segment, self.single = "Segment.TButton", "Single.TButton"
        if "segment.face" in theme.style.element_names():
            return
        palette = theme.palette
        self._face("segment", palette.panel, palette.button_pressed, palette.accent)
        self._face("single", palette.window, palette.button_hover, palette.accent)
        for style, ground in ((self.segment, "panel"), (self.single, "window")):
            name = style.split(".", maxsplit=1)[0].lower()
            theme.style.layout(
                style, _nested(f"{ground}.ring", f"{name}.face", "Button.padding", "Button.label")
            )
            theme.style.configure(
                style,
                font=theme.small,
                background=getattr(palette, ground),
                foreground=palette.text,
                anchor="center",
                width=0,
            )
            inks = [("disabled", palette.disabled), ("selected", palette.on_accent), ("", palette.text)]
            theme.style.map(style, foreground=inks, background=[])

    def images(self, name: str) -> tuple[object, ...]:
        """The icon in the colour of each state, as ttk takes it."""
        theme, palette = self._theme, self._theme.palette
        made: list[object] = []
        chosen = palette.link if theme.native else palette.on_accent
        for state, colour in (("", palette.text), ("disabled", palette.disabled), ("selected", chosen)):
            picture = draw_tool(name, theme.px(ICON), theme.rgb(colour))
            made += [state, theme.keep(f"tool-{name}-{state}", picture)]
        return tuple(made[1:])

    def _face(self, name: str, ground: str, hover: str, chosen: str) -> None:
        theme, px = self._theme, self._theme.px
        radius, under = px(4), theme.rgb(ground)
        width, height = 2 * radius + px(16), 2 * radius + px(16)
        pictures = []
        for state, colour in (("normal", ground), ("hover", hover), ("chosen", chosen)):
            picture = Raster(width, height, under)
            picture.rounded((0, 0, width, height), radius, theme.rgb(colour))
            pictures.append(theme.keep(f"{name}-face-{state}", picture))
        normal, hovered, selected = pictures
        theme.style.element_create(
            f"{name}.face",
            "image",
            normal,
            ("disabled", normal),
            ("selected", selected),
            ("pressed", hovered),
            ("active", hovered),
            border=radius,
            padding=0,
            sticky="nswe",
        )


class ToolButton(ttk.Button):
    """An icon with its word, or alone where ``compact``; ``tip`` says the rest."""

    def __init__(
        self,
        parent: tkinter.Misc,
        styles: ToolStyles,
        theme: Theme,
        *,
        icon: str,
        word: str,
        tip: str,
        command: Callable[[], object],
        single: bool = False,
    ) -> None:
        super().__init__(parent, command=command, style=styles.single if single else styles.segment)
        self._paddings = [(theme.px(across), theme.px(5)) for across in PADDINGS]
        self._has_icon = bool(icon)
        self.configure(text=f" {word}" if icon else word)
        if icon:
            picture: Any = styles.images(icon)
            self.configure(image=picture)
        self.compact(single)
        Tip(self, theme, tip)

    def compact(self, is_compact: bool) -> None:
        """Show the icon alone, or with its word."""
        alone = is_compact and self._has_icon
        self.configure(compound="image" if alone else "left", padding=self._paddings[alone])

    def choose(self, chosen: bool) -> None:
        """Look pressed in, and be the one of its row that Tab stops at."""
        self.state(["selected" if chosen else "!selected"])
        self.configure(takefocus=chosen)

    def enable(self, enabled: bool) -> None:
        """Let it be pressed, or not."""
        self.state(["!disabled" if enabled else "disabled"])


class Segments(ttk.Frame):
    """Buttons in one row of which one is chosen; the arrow keys choose its neighbours."""

    def __init__(self, parent: tkinter.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Panel.TFrame", padding=0 if theme.native else theme.px(1))
        self.buttons: list[ToolButton] = []

    def add(self, button: ToolButton) -> None:
        """Put ``button`` at the right end."""
        number = len(self.buttons)
        button.pack(side="left")
        button.bind("<Left>", lambda _: self._step(number - 1))
        button.bind("<Right>", lambda _: self._step(number + 1))
        self.buttons.append(button)

    def choose(self, number: int) -> None:
        """Show that the button of this number is chosen."""
        for at, button in enumerate(self.buttons):
            button.choose(at == number)

    def compact(self, is_compact: bool) -> None:
        """With icons alone, or with words."""
        for button in self.buttons:
            button.compact(is_compact)

    def _step(self, number: int) -> str:
        button = self.buttons[number % len(self.buttons)]
        button.focus_set()
        button.invoke()
        return "break"


class Tip:
    """A few words beside a control while the pointer rests on it."""

    def __init__(self, widget: tkinter.Misc, theme: Theme, words: str) -> None:
        self._widget = widget
        self._theme = theme
        self._words = words
        self._waiting = ""
        self._shown: tkinter.Toplevel | None = None
        widget.bind("<Enter>", lambda _: self._wait(), add=True)
        for event in ("<Leave>", "<ButtonPress>", "<FocusOut>", "<Destroy>"):
            widget.bind(event, lambda _: self._hide(), add=True)

    def _wait(self) -> None:
        self._hide()
        self._waiting = self._widget.after(TIP_MS, self._show)

    def _show(self) -> None:
        theme, widget, px = self._theme, self._widget, self._theme.px
        self._waiting = ""
        self._shown = tip = tkinter.Toplevel(widget, background=theme.palette.field_line)
        tip.withdraw()
        tip.overrideredirect(True)
        label = tkinter.Label(
            tip,
            text=self._words,
            font=theme.small,
            background=theme.palette.panel,
            foreground=theme.palette.text,
            padx=px(8),
            pady=px(4),
        )
        label.pack(padx=max(1, px(1)), pady=max(1, px(1)))
        left = min(widget.winfo_rootx(), widget.winfo_screenwidth() - label.winfo_reqwidth() - px(4))
        tip.geometry(f"+{max(0, left)}+{widget.winfo_rooty() + widget.winfo_height() + px(RING)}")
        tip.deiconify()

    def _hide(self) -> None:
        if self._waiting:
            self._widget.after_cancel(self._waiting)
            self._waiting = ""
        if self._shown is not None:
            self._shown.destroy()
            self._shown = None


def lengthwise_bar(
    parent: tkinter.Misc, theme: Theme, command: Callable[..., tuple[float, float] | None]
) -> ttk.Scrollbar:
    """A scrollbar from left to right, on the window's ground."""
    name = "Horizontal.TScrollbar"
    if not theme.native and "lengthwise.thumb" not in theme.style.element_names():
        palette, px = theme.palette, theme.px
        height, inset, length = px(10), px(2), px(32)
        bar = height - 2 * inset
        under = theme.rgb(palette.window)
        thumbs = []
        for state, colour in (("normal", palette.scroll), ("hover", palette.scroll_hover)):
            picture = Raster(length, height, under)
            picture.rounded((inset, inset, length - 2 * inset, bar), bar // 2, theme.rgb(colour))
            thumbs.append(theme.keep(f"lengthwise-{state}", picture))
        trough = theme.keep("lengthwise-trough", Raster(px(64), height, under))
        style = theme.style
        style.element_create("lengthwise.trough", "image", trough, sticky="nswe")
        style.element_create(
            "lengthwise.thumb",
            "image",
            thumbs[0],
            ("active", thumbs[1]),
            border=(height // 2, 0),
            sticky="nswe",
        )
        style.layout(name, _nested("lengthwise.trough", "lengthwise.thumb", expand=True))
    return ttk.Scrollbar(parent, orient="horizontal", command=command, style=name)


def compact_where_needed(tools: Segments, others: Sequence[tkinter.Misc], width: int) -> None:
    """Leave the words out where the row would be wider than ``width``."""
    tools.compact(False)
    tools.compact(sum(widget.winfo_reqwidth() for widget in [*tools.buttons, *others]) > width)


def _nested(*elements: str, expand: bool = False) -> Any:
    """A layout of elements one within the other; only what may ``expand`` fills the innermost room."""
    *outer, inner = elements
    layout: Any = [(inner, {"sticky": "nswe" if expand else "", "expand": expand})]
    for element in reversed(outer):
        layout = [(element, {"sticky": "nswe", "children": layout})]
    return layout
