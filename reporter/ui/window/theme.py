"""Theme: fonts, measures, colours and pictures of the window.

On Windows and macOS the controls are the system's own. Elsewhere, and on Windows in dark mode, the
module ``controls`` draws them.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Mapping
from tkinter import ttk

from reporter.ui.brand import OWN, Brand
from reporter.ui.window import screen
from reporter.ui.window.controls import OwnControls
from reporter.ui.window.marks import Mark, draw_icon, draw_mark
from reporter.ui.window.palette import DARK, LIGHT, MACOS, WINDOWS, branded
from reporter.ui.window.raster import LEVELS, Colour, Raster

# The first that is installed; every one of them has Latin, Greek and Cyrillic letters.
UI_FAMILIES = (
    "Inter",
    "Cantarell",
    "Ubuntu",
    "Noto Sans",
    "Open Sans",
    "Roboto",
    "Liberation Sans",
    "DejaVu Sans",
)
FIXED_FAMILIES = (
    "JetBrains Mono",
    "Ubuntu Mono",
    "Noto Sans Mono",
    "DejaVu Sans Mono",
    "Liberation Mono",
    "Courier New",
)

# Measures in pixels at 96 dpi, on a grid of eight.
MARGIN = 32
GAP = 16
RING = 3
MARK = 40
LOGO_WIDTH = 200
LOGO_HEIGHT = 28

Font = tuple[str, int] | tuple[str, int, str]


class Theme:
    """Everything about how the window looks; made once, before its first widget.

    ``system`` is ``sys.platform``; ``dark`` tells whether the desktop is dark, and may wait for the answer.
    """

    def __init__(
        self,
        root: tkinter.Tk,
        *,
        system: str,
        dark: Callable[[], bool],
        environ: Mapping[str, str],
        brand: Brand = OWN,
    ) -> None:
        self._root = root
        self._brand = brand
        self._pictures: dict[str, tkinter.PhotoImage] = {}
        family, fixed = self._families(system)
        self.scale = screen.scale_factor(root, system, environ, family)
        self.body: Font = (family, -self.px(14))
        self.strong: Font = (family, -self.px(14), "bold")
        self.small: Font = (family, -self.px(13))
        self.headline: Font = (family, -self.px(20), "bold")
        self.fixed: Font = (fixed, -self.px(13))
        self.number: Font = (fixed, -self.px(14), "bold")
        self.large_number: Font = (fixed, -self.px(26), "bold")
        self.style = ttk.Style(root)
        self._own: OwnControls | None = None
        self.dark = dark()
        self.native = (system == "win32" and not self.dark) or system == "darwin"
        if self.native:
            self.palette = WINDOWS if system == "win32" else MACOS
            self.style.theme_use("vista" if system == "win32" else "aqua")
            self._native_controls()
        else:
            self.palette = branded(DARK, brand.dark) if self.dark else branded(LIGHT, brand.light)
            self.style.theme_use("clam")
            self._own = OwnControls(self)
        root.configure(background=self.palette.window)
        self._surfaces()

    def px(self, length: float) -> int:
        """``length`` at 96 dpi, in pixels of this screen."""
        return round(length * self.scale)

    def measure(self, text: str, font: Font) -> int:
        """The width of ``text`` in pixels."""
        return self._root.tk.getint(self._root.tk.call("font", "measure", font, text))

    def line_height(self, font: Font) -> int:
        """The height of one line in pixels."""
        return self._root.tk.getint(self._root.tk.call("font", "metrics", font, "-linespace"))

    def leading(self, font: Font) -> int:
        """The distance from line to line that reads well, in pixels."""
        return round(-font[1] * (1.35 if font[1] < self.body[1] else 1.55))

    def need_fields(self) -> None:
        """Make ready what entries and text boxes are drawn with; the first view has none of them."""
        if self._own is not None:
            self._own.need_fields()

    def need_choices(self) -> None:
        """Make ready what check boxes, segments and small buttons are drawn with."""
        if self._own is not None:
            self._own.need_choices()
        else:
            from reporter.ui.window.choices import borrow_choices

            borrow_choices(self)

    def scrollbar(
        self, parent: tkinter.Misc, command: Callable[..., tuple[float, float] | None], ground: str = "window"
    ) -> ttk.Scrollbar:
        """A scrollbar on the ground that the palette calls ``ground``."""
        style = "Vertical.TScrollbar" if self._own is None else self._own.need_scrollbar(ground)
        return ttk.Scrollbar(parent, command=command, style=style)

    def mark(self, mark: Mark) -> tkinter.PhotoImage:
        """The picture that stands beside a headline."""
        name = f"mark-{mark}"
        if name not in self._pictures:
            palette = self.palette
            tint, ink = {
                Mark.CAUTION: (palette.caution_tint, palette.caution),
                Mark.SUCCESS: (palette.success_tint, palette.success),
                Mark.NOTE: (palette.info_tint, palette.info),
                Mark.WAITING: (palette.info_tint, palette.info),
            }[mark]
            size = self.px(MARK)
            picture = Raster(size, size, self.rgb(palette.window))
            draw_mark(picture, mark, self.rgb(tint), self.rgb(ink))
            self.keep(name, picture)
        return self._pictures[name]

    def logo(self) -> tkinter.PhotoImage | None:
        """The brand's logo, small; None where there is none."""
        if not self._brand.logo:
            return None
        if "logo" not in self._pictures:
            from reporter.ui.window.logo import small

            dark = self.dark and self._brand.logo_dark
            content = small(dark or self._brand.logo, self.px(LOGO_WIDTH), self.px(LOGO_HEIGHT))
            try:
                self._pictures["logo"] = tkinter.PhotoImage(master=self._root, data=content, format="png")
            except tkinter.TclError:  # it only began like a PNG
                self._brand = OWN
                return None
        return self._pictures["logo"]

    def icon(self) -> list[tkinter.PhotoImage]:
        """The window's icon, in the sizes desktops ask for."""
        pictures = []
        for size in (64, 32):
            picture = Raster(size, size)
            draw_icon(picture, self.rgb(LIGHT.accent), self.rgb(LIGHT.on_accent))
            pictures.append(self.keep(f"icon-{size}", picture))
        return pictures

    def drawn(self, name: str, draw: Callable[[], Raster]) -> tkinter.PhotoImage:
        """The picture of that name, drawn when it is first asked for."""
        return self._pictures[name] if name in self._pictures else self.keep(name, draw())

    def keep(self, name: str, picture: Raster) -> tkinter.PhotoImage:
        """``picture`` as Tk's; it lives as long as the theme."""
        palette = f"{LEVELS}/{LEVELS}/{LEVELS}"
        made = tkinter.PhotoImage(master=self._root, data=picture.png(), format="png", palette=palette)
        self._pictures[name] = made
        return made

    def rgb(self, colour: str) -> Colour:
        """The channels of ``#rrggbb`` or of a system colour."""
        if colour.startswith("#"):
            return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
        red, green, blue = self._root.winfo_rgb(colour)
        return red >> 8, green >> 8, blue >> 8

    def _families(self, system: str) -> tuple[str, str]:
        call = self._root.tk.call
        if system in ("win32", "darwin"):
            return (
                str(call("font", "actual", "TkDefaultFont", "-family")),
                str(call("font", "actual", "TkFixedFont", "-family")),
            )
        installed = set(self._root.tk.splitlist(call("font", "families")))
        family = next((name for name in UI_FAMILIES if name in installed), "sans-serif")
        fixed = next((name for name in FIXED_FAMILIES if name in installed), "monospace")
        return family, fixed

    def _surfaces(self) -> None:
        """Grounds and texts, alike in every theme."""
        style, palette, px = self.style, self.palette, self.px
        style.configure(".", font=self.body)
        style.configure("TFrame", background=palette.window)
        style.configure("Footer.TFrame", background=palette.footer)
        style.configure("Line.TFrame", background=palette.line)
        style.configure("PanelRow.TFrame", background=palette.panel)
        style.configure("TLabel", background=palette.window, foreground=palette.text, font=self.body)
        style.configure("Strong.TLabel", font=self.strong)
        style.configure("Muted.TLabel", foreground=palette.muted, font=self.small)
        style.configure(
            "PanelHead.TLabel", background=palette.panel, foreground=palette.muted, font=self.small
        )
        for name, ground in (("Link", palette.window), ("PanelLink", palette.panel)):
            style.configure(
                f"{name}.TButton",
                background=ground,
                foreground=palette.link,
                font=self.body,
                padding=px(RING) if self.native else (0, px(1)),
                anchor="w",
                borderwidth=0,
            )
            style.map(
                f"{name}.TButton",
                background=[("", ground)],
                foreground=[("disabled", palette.disabled), ("", palette.link)],
                font=[("active !disabled", (*self.body[:2], "underline"))],
            )

    def _native_controls(self) -> None:
        """The system's controls, with links and frames of our own among them."""
        style, palette, px = self.style, self.palette, self.px
        style.configure("TButton", padding=(px(12), px(3)))
        style.configure("Panel.TFrame", background=palette.panel)
        style.configure("Field.TFrame", background=palette.field_line)
        style.map("Field.TFrame", background=[("focus", palette.ring)])
        for name in ("Link", "PanelLink"):
            style.layout(
                f"{name}.TButton",
                [("Button.focus", {"children": [("Button.padding", {"children": [("Button.label", {})]})]})],
            )
