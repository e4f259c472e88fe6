"""OwnControls: buttons, links, fields and scrollbars drawn by ourselves.

Flat and rounded on Tk's ``clam`` theme, with a ring around whatever has the keyboard's focus. Each
face is a small picture whose corners stay and whose middle is repeated.
"""

from __future__ import annotations

import tkinter
from typing import TYPE_CHECKING, Any

from reporter.ui.window.raster import Raster

if TYPE_CHECKING:
    from reporter.ui.window.theme import Theme

# In pixels at 96 dpi. A long middle keeps the number of repetitions on a wide control small.
RADIUS = 6
RING = 3
MIDDLE = (64, 22)
SCROLLBAR = 10
PROGRESS = (64, 24, 4)


class OwnControls:
    """Styles made at once are those of the first view; the others wait until they are needed."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._style = theme.style
        self._palette = palette = theme.palette
        self._px = px = theme.px
        self._ready: set[str] = set()
        self._style.configure(
            ".",
            background=palette.window,
            foreground=palette.text,
            selectbackground=palette.selection,
            selectforeground=palette.text,
            insertcolor=palette.text,
            insertwidth=max(1, px(1)),
            borderwidth=0,
        )
        self._buttons()
        self._links()
        self._panel()
        self._progress()

    def need_fields(self) -> None:
        """The faces of entries and text boxes."""
        if "fields" in self._ready:
            return
        self._ready.add("fields")
        palette, px, style = self._palette, self._px, self._style
        ground, thick = palette.window, px(2)
        style.element_create(
            "own.field",
            "image",
            self.face("field", ground, palette.field, palette.field_line),
            ("disabled", self.face("field-disabled", ground, palette.disabled_fill, palette.button_line)),
            ("focus", self.face("field-focus", ground, palette.field, palette.ring, thickness=thick)),
            border=px(RADIUS),
            padding=0,
            sticky="nswe",
        )
        style.layout("TEntry", nested("own.field", "Entry.padding", "Entry.textarea"))
        style.configure("TEntry", padding=(px(11), px(8)))
        style.map("TEntry", foreground=[("disabled", palette.disabled), ("", palette.text)])
        style.layout("Field.TFrame", nested("own.field"))

    def need_choices(self) -> None:
        """The faces of check boxes, of segments and of small buttons with a picture."""
        if "choices" not in self._ready:
            self._ready.add("choices")
            from reporter.ui.window.choices import draw_choices

            draw_choices(self._theme, self)

    def need_scrollbar(self, ground: str) -> str:
        """The style of a scrollbar on the ground that the palette calls ``ground``."""
        name = f"{ground}.Vertical.TScrollbar"
        if name in self._ready:
            return name
        self._ready.add(name)
        palette, px, style, theme = self._palette, self._px, self._style, self._theme
        width, inset, length = px(SCROLLBAR), px(2), px(32)
        bar = width - 2 * inset
        under = theme.rgb(getattr(palette, ground))
        thumbs = []
        for state, colour in (("normal", palette.scroll), ("hover", palette.scroll_hover)):
            picture = Raster(width, length, under)
            picture.rounded((inset, inset, bar, length - 2 * inset), bar // 2, theme.rgb(colour))
            thumbs.append(theme.keep(f"thumb-{ground}-{state}", picture))
        trough = theme.keep(f"trough-{ground}", Raster(width, px(MIDDLE[0]), under))
        style.element_create(f"{ground}.trough", "image", trough, sticky="nswe")
        style.element_create(
            f"{ground}.thumb",
            "image",
            thumbs[0],
            ("active", thumbs[1]),
            border=(0, width // 2),
            sticky="nswe",
        )
        style.layout(name, nested(f"{ground}.trough", f"{ground}.thumb", expand=True))
        return name

    def _buttons(self) -> None:
        palette, px, style, theme = self._palette, self._px, self._style, self._theme
        self._ring("footer", palette.footer, px(RADIUS) + px(RING))
        normal, hover, pressed = palette.button, palette.button_hover, palette.button_pressed
        self._button_face("plain", normal, hover, pressed, line=palette.button_line)
        normal, hover, pressed = palette.accent, palette.accent_hover, palette.accent_pressed
        self._button_face("primary", normal, hover, pressed)
        for name, face, ink, font in (
            ("TButton", "plain.face", palette.text, theme.body),
            ("Primary.TButton", "primary.face", palette.on_accent, theme.strong),
        ):
            style.layout(name, nested("footer.ring", face, "Button.padding", "Button.label", sticky=""))
            style.configure(name, padding=(px(18), px(6)), font=font, anchor="center")
            style.configure(name, background=palette.footer, foreground=ink)
            style.map(name, foreground=[("disabled", palette.disabled), ("", ink)], background=[])

    def _button_face(self, name: str, normal: str, hover: str, pressed: str, *, line: str = "") -> None:
        ground, disabled = self._palette.footer, self._palette.disabled_fill
        self._style.element_create(
            f"{name}.face",
            "image",
            self.face(f"{name}-normal", ground, normal, line),
            ("disabled", self.face(f"{name}-disabled", ground, disabled, "")),
            ("pressed", self.face(f"{name}-pressed", ground, pressed, line)),
            ("active", self.face(f"{name}-hover", ground, hover, line)),
            border=self._px(RADIUS),
            padding=0,
            sticky="nswe",
        )

    def _links(self) -> None:
        palette, style = self._palette, self._style
        for ground, name in (("window", "Link"), ("panel", "PanelLink")):
            self._ring(ground, getattr(palette, ground), self._px(RADIUS))
            style.layout(
                f"{name}.TButton", nested(f"{ground}.ring", "Button.padding", "Button.label", sticky="w")
            )
        style.layout("Number.TEntry", nested("window.ring", "Entry.textarea"))
        style.map("Number.TEntry", foreground=[("", palette.text)])

    def _panel(self) -> None:
        face = self.face("panel", self._palette.window, self._palette.panel, "")
        self._style.element_create("own.panel", "image", face, border=self._px(RADIUS), sticky="nswe")
        self._style.layout("Panel.TFrame", nested("own.panel"))

    def _progress(self) -> None:
        palette, px, theme, style = self._palette, self._px, self._theme, self._style
        track, runner, height = (px(length) for length in PROGRESS)
        for name, width, under, colour in (
            ("track", track, palette.window, palette.line),
            ("runner", runner, palette.line, palette.accent),
        ):
            picture = Raster(width, height, theme.rgb(under))
            picture.rounded((0, 0, width, height), height // 2, theme.rgb(colour))
            style.element_create(f"own.{name}", "image", theme.keep(name, picture), border=(height // 2, 0))
        style.layout(
            "Horizontal.TProgressbar",
            [("own.track", {"sticky": "we", "children": [("own.runner", {"side": "left", "sticky": ""})]})],
        )

    def _ring(self, name: str, ground: str, radius: int) -> None:
        """An element that is its ground, and a ring while its control has the focus."""
        theme, px = self._theme, self._px
        size, thick = 2 * radius + px(MIDDLE[1]), max(2, px(2))
        under = theme.rgb(ground)
        quiet, loud = Raster(size, size, under), Raster(size, size, under)
        loud.rounded((0, 0, size, size), radius, theme.rgb(self._palette.ring))
        loud.rounded((thick, thick, size - 2 * thick, size - 2 * thick), radius - thick, under)
        self._style.element_create(
            f"{name}.ring",
            "image",
            theme.keep(f"ring-{name}", quiet),
            ("focus", theme.keep(f"ring-{name}-focus", loud)),
            border=radius,
            padding=px(RING),
            sticky="nswe",
        )

    def face(self, name: str, ground: str, fill: str, line: str, *, thickness: int = 0) -> tkinter.PhotoImage:
        """A rounded face on ``ground``, with an outline where ``line`` is a colour."""
        theme, px = self._theme, self._px
        radius = px(RADIUS)
        width, height = (2 * radius + px(length) for length in MIDDLE)
        picture = Raster(width, height, theme.rgb(ground))
        edge = 0
        if line:
            edge = thickness or max(1, px(1))
            picture.rounded((0, 0, width, height), radius, theme.rgb(line))
        picture.rounded((edge, edge, width - 2 * edge, height - 2 * edge), radius - edge, theme.rgb(fill))
        return theme.keep(name, picture)


def nested(*elements: str, sticky: str = "nswe", expand: bool = False) -> Any:
    """A layout of elements one within the other; ``sticky`` and ``expand`` are the innermost's."""
    *outer, inner = elements
    layout = [(inner, {"sticky": sticky, "expand": expand})]
    for element in reversed(outer):
        layout = [(element, {"sticky": "nswe", "children": layout})]
    return layout
