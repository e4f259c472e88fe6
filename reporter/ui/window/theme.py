"""Theme: fonts, measures, styles and pictures of the window.

On Windows and macOS the controls are the system's own. Elsewhere, and on Windows in dark mode, they
are drawn here: flat, rounded, with a ring around whatever has the keyboard's focus.
"""

from __future__ import annotations

import tkinter
from collections.abc import Callable, Mapping
from tkinter import ttk

from reporter.ui.window import screen
from reporter.ui.window.marks import Mark, draw_icon, draw_mark
from reporter.ui.window.palette import DARK, LIGHT, MACOS, WINDOWS
from reporter.ui.window.raster import Colour, Raster

# The first that is installed; every one of them has Latin, Greek and Cyrillic letters.
UI_FAMILIES = ("Inter", "Cantarell", "Ubuntu", "Noto Sans", "Open Sans", "Roboto", "Liberation Sans", "DejaVu Sans")
FIXED_FAMILIES = (
    "JetBrains Mono",
    "Ubuntu Mono",
    "Noto Sans Mono",
    "DejaVu Sans Mono",
    "Liberation Mono",
    "Courier New",
)

# Measures in pixels at 96 dpi, on a grid of eight.
WIDTH = 656
MARGIN = 32
GAP = 16
RING = 3
RADIUS = 6
SCROLLBAR = 10
MARK = 40

Font = tuple[str, int] | tuple[str, int, str]


class Theme:
    """Everything about how the window looks; made once, before its first widget.

    ``system`` is ``sys.platform``.
    """

    def __init__(self, root: tkinter.Tk, *, system: str, dark: Callable[[], bool], environ: Mapping[str, str]) -> None:
        self._root = root
        self._pictures: dict[str, tkinter.PhotoImage] = {}
        family, fixed = self._families(system)
        self.scale = screen.scale_factor(root, system, environ, family)
        self.dark = dark()
        self.native = (system == "win32" and not self.dark) or system == "darwin"
        if self.native:
            self.palette = WINDOWS if system == "win32" else MACOS
        else:
            self.palette = DARK if self.dark else LIGHT
        self.body: Font = (family, -self.px(14))
        self.strong: Font = (family, -self.px(14), "bold")
        self.small: Font = (family, -self.px(13))
        self.headline: Font = (family, -self.px(20), "bold")
        self.fixed: Font = (fixed, -self.px(13))
        self.number: Font = (fixed, -self.px(14), "bold")
        self.large_number: Font = (fixed, -self.px(26), "bold")
        self.style = ttk.Style(root)
        root.configure(background=self.palette.window)
        if self.native:
            self.style.theme_use("vista" if system == "win32" else "aqua")
            self._native_controls()
        else:
            self.style.theme_use("clam")
            self._own_controls()
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

    def mark(self, mark: Mark) -> tkinter.PhotoImage:
        """The picture that stands beside a headline."""
        name = f"mark-{mark}"
        if name not in self._pictures:
            grounds = {
                Mark.CAUTION: (self.palette.caution_tint, self.palette.caution),
                Mark.SUCCESS: (self.palette.success_tint, self.palette.success),
                Mark.NOTE: (self.palette.info_tint, self.palette.info),
                Mark.WAITING: (self.palette.info_tint, self.palette.info),
            }
            tint, ink = grounds[mark]
            size = self.px(MARK)
            picture = Raster(size, size, self._rgb(self.palette.window))
            draw_mark(picture, mark, self._rgb(tint), self._rgb(ink))
            self._keep(name, picture)
        return self._pictures[name]

    def icon(self) -> list[tkinter.PhotoImage]:
        """The window's icon, in the sizes desktops ask for."""
        pictures = []
        for size in (64, 32):
            picture = Raster(size, size)
            draw_icon(picture, self._rgb(LIGHT.accent), self._rgb(LIGHT.on_accent))
            pictures.append(self._keep(f"icon-{size}", picture))
        return pictures

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
        style.configure("TLabel", background=palette.window, foreground=palette.text, font=self.body)
        style.configure("Headline.TLabel", font=self.headline)
        style.configure("Strong.TLabel", font=self.strong)
        style.configure("Muted.TLabel", foreground=palette.muted, font=self.small)
        style.configure("Panel.TLabel", background=palette.panel)
        style.configure("PanelHead.TLabel", background=palette.panel, foreground=palette.muted, font=self.small)
        style.configure("TEntry", padding=(px(11), px(8)))
        for name, ground in (("Link", palette.window), ("PanelLink", palette.panel)):
            style.configure(
                f"{name}.TButton",
                background=ground,
                foreground=palette.link,
                font=self.body,
                padding=(0, px(1)),
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
        focus_and_label = [
            (
                "Button.focus",
                {"sticky": "nswe", "children": [("Button.padding", {"children": [("Button.label", {})]})]},
            )
        ]
        style.layout("Link.TButton", focus_and_label)
        style.layout("PanelLink.TButton", focus_and_label)

    def _own_controls(self) -> None:
        palette, px, style = self.palette, self.px, self.style
        style.configure(
            ".",
            background=palette.window,
            foreground=palette.text,
            selectbackground=palette.selection,
            selectforeground=palette.text,
            insertcolor=palette.text,
            insertwidth=max(1, px(1)),
            borderwidth=0,
            focuscolor=palette.ring,
        )
        self._buttons()
        self._fields()
        self._links()
        self._scrollbar()
        self._progress()

    def _buttons(self) -> None:
        palette, px, style = self.palette, self.px, self.style
        self._ring("footer", palette.footer, px(RADIUS) + px(RING))
        faces = {
            "primary": (palette.accent, palette.accent_hover, palette.accent_pressed, None),
            "plain": (palette.button, palette.button_hover, palette.button_pressed, palette.button_line),
        }
        for name, (normal, hover, pressed, line) in faces.items():
            style.element_create(
                f"{name}.face",
                "image",
                self._face(f"{name}-normal", palette.footer, normal, line),
                ("disabled", self._face(f"{name}-disabled", palette.footer, palette.disabled_fill, None)),
                ("pressed", self._face(f"{name}-pressed", palette.footer, pressed, line)),
                ("active", self._face(f"{name}-hover", palette.footer, hover, line)),
                border=px(RADIUS),
                padding=0,
                sticky="nswe",
            )
        for name, face in (("TButton", "plain.face"), ("Primary.TButton", "primary.face")):
            label = ("Button.padding", {"sticky": "nswe", "children": [("Button.label", {"sticky": ""})]})
            style.layout(
                name,
                [("footer.ring", {"sticky": "nswe", "children": [(face, {"sticky": "nswe", "children": [label]})]})],
            )
            primary = name.startswith("Primary")
            ink = palette.on_accent if primary else palette.text
            style.configure(name, padding=(px(18), px(6)), foreground=ink, background=palette.footer, anchor="center")
            style.configure(name, font=self.strong if primary else self.body)
            style.map(name, foreground=[("disabled", palette.disabled), ("", ink)], background=[])

    def _fields(self) -> None:
        palette, px, style = self.palette, self.px, self.style
        style.element_create(
            "own.field",
            "image",
            self._face("field", palette.window, palette.field, palette.field_line),
            ("disabled", self._face("field-disabled", palette.window, palette.disabled_fill, palette.button_line)),
            ("focus", self._face("field-focus", palette.window, palette.field, palette.ring, px(2))),
            border=px(RADIUS),
            padding=0,
            sticky="nswe",
        )
        style.layout(
            "TEntry",
            [
                (
                    "own.field",
                    {
                        "sticky": "nswe",
                        "children": [
                            (
                                "Entry.padding",
                                {"sticky": "nswe", "children": [("Entry.textarea", {"sticky": "nswe"})]},
                            )
                        ],
                    },
                )
            ],
        )
        style.map("TEntry", foreground=[("disabled", palette.disabled), ("", palette.text)])
        style.layout("Field.TFrame", [("own.field", {"sticky": "nswe"})])
        style.element_create(
            "own.panel",
            "image",
            self._face("panel", palette.window, palette.panel, None),
            border=px(RADIUS),
            sticky="nswe",
        )
        style.layout("Panel.TFrame", [("own.panel", {"sticky": "nswe"})])

    def _links(self) -> None:
        palette, px, style = self.palette, self.px, self.style
        self._ring("window", palette.window, px(RADIUS))
        self._ring("panel", palette.panel, px(RADIUS))
        for name, ring in (("Link", "window.ring"), ("PanelLink", "panel.ring")):
            style.layout(
                f"{name}.TButton",
                [
                    (
                        ring,
                        {
                            "sticky": "nswe",
                            "children": [
                                (
                                    "Button.padding",
                                    {"sticky": "nswe", "children": [("Button.label", {"sticky": "w"})]},
                                )
                            ],
                        },
                    )
                ],
            )
        style.layout(
            "Number.TEntry",
            [("window.ring", {"sticky": "nswe", "children": [("Entry.textarea", {"sticky": "nswe"})]})],
        )
        style.map("Number.TEntry", foreground=[("", palette.text)])

    def _scrollbar(self) -> None:
        palette, px, style = self.palette, self.px, self.style
        width, inset = px(SCROLLBAR), px(2)
        grounds = (("window", palette.window), ("field", palette.field), ("panel", palette.panel))
        for name, ground in grounds:
            thumbs = []
            for state, colour in (("", palette.scroll), ("-hover", palette.scroll_hover)):
                picture = Raster(width, px(32), self._rgb(ground))
                bar = width - 2 * inset
                picture.rounded(inset, inset, bar, px(32) - 2 * inset, bar // 2, self._rgb(colour))
                thumbs.append(self._keep(f"thumb-{name}{state}", picture))
            style.element_create(
                f"{name}.thumb", "image", thumbs[0], ("active", thumbs[1]), border=(0, width // 2), sticky="nswe"
            )
            trough = self._keep(f"trough-{name}", Raster(width, px(64), self._rgb(ground)))
            style.element_create(f"{name}.trough", "image", trough, sticky="nswe")
            style.layout(
                f"{name}.Vertical.TScrollbar",
                [
                    (
                        f"{name}.trough",
                        {"sticky": "nswe", "children": [(f"{name}.thumb", {"expand": True, "sticky": "nswe"})]},
                    )
                ],
            )

    def _progress(self) -> None:
        palette, px, style = self.palette, self.px, self.style
        height = px(4)
        for name, width, colour in (("track", px(64), palette.line), ("runner", px(24), palette.accent)):
            picture = Raster(width, height, self._rgb(palette.line if name == "runner" else palette.window))
            picture.rounded(0, 0, width, height, height // 2, self._rgb(colour))
            style.element_create(
                f"own.{name}", "image", self._keep(name, picture), border=(height // 2, 0), sticky="we"
            )
        style.layout(
            "Horizontal.TProgressbar",
            [("own.track", {"sticky": "we", "children": [("own.runner", {"side": "left", "sticky": ""})]})],
        )

    def _ring(self, name: str, ground: str, radius: int) -> None:
        """An element that is its ground, and a ring while its control has the focus."""
        size, thickness = 2 * radius + self.px(24), max(2, self.px(2))
        quiet = Raster(size, size, self._rgb(ground))
        loud = Raster(size, size, self._rgb(ground))
        loud.rounded(0, 0, size, size, radius, self._rgb(self.palette.ring))
        inner = size - 2 * thickness
        loud.rounded(thickness, thickness, inner, inner, radius - thickness, self._rgb(ground))
        self.style.element_create(
            f"{name}.ring",
            "image",
            self._keep(f"ring-{name}", quiet),
            ("focus", self._keep(f"ring-{name}-focus", loud)),
            border=radius,
            padding=self.px(RING),
            sticky="nswe",
        )

    def _face(
        self, name: str, ground: str, fill: str, line: str | None, thickness: int = 0
    ) -> tkinter.PhotoImage:
        """A rounded face; its long middle keeps the number of tiles on a wide control small."""
        radius = self.px(RADIUS)
        width, height = 2 * radius + self.px(64), 2 * radius + self.px(22)
        picture = Raster(width, height, self._rgb(ground))
        if line is not None:
            picture.rounded(0, 0, width, height, radius, self._rgb(line))
        edge = 0 if line is None else thickness or max(1, self.px(1))
        picture.rounded(edge, edge, width - 2 * edge, height - 2 * edge, radius - edge, self._rgb(fill))
        return self._keep(name, picture)

    def _keep(self, name: str, picture: Raster) -> tkinter.PhotoImage:
        made = tkinter.PhotoImage(master=self._root, data=picture.png(), format="png")
        self._pictures[name] = made
        return made

    def _rgb(self, colour: str) -> Colour:
        if colour.startswith("#"):
            return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
        red, green, blue = self._root.winfo_rgb(colour)
        return red >> 8, green >> 8, blue >> 8
