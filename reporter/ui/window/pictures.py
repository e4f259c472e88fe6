"""Pictures: the screenshots that travel with the report, and the choice of what to take one of."""

from __future__ import annotations

import tkinter
from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.report.drawing import Picture, Source
from reporter.report.model import Enclosure
from reporter.texts.safe import one_line
from reporter.ui.presenter import Presenter
from reporter.ui.view import View, size_text
from reporter.ui.window.icons import Icon, IconButton
from reporter.ui.window.parts import Link
from reporter.ui.window.theme import GAP, RING

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

WINDOWS_SHOWN = 5
TITLE_LIMIT_CHARS = 120
ELLIPSIS = "…"


class Pictures(ttk.Frame):
    """The list of attachments; above it, while the person chooses, what there is to take a picture of."""

    def __init__(self, parent: tkinter.Misc, dialog: Dialog, *, width_px: int) -> None:
        super().__init__(parent)
        self._dialog = dialog
        self._presenter: Presenter = dialog.presenter
        self._theme, self._say = dialog.theme, dialog.say
        self._theme.need_choices()
        self._width_px = width_px
        self._shown: list[Enclosure] = []
        self._enabled = True
        self._asked = 0
        self.columnconfigure(0, weight=1)
        self._choice: ttk.Frame | None = None
        self._list = ttk.Frame(self)
        self._list.columnconfigure(1, weight=1)

    def draw(self, view: View) -> None:
        """Show what is attached."""
        self._enabled = not (view.sending or view.attaching)
        if view.attachments != self._shown:
            self._shown = view.attachments
            self._draw_list()
        if self._shown or self._choice is not None:
            self.grid()
        else:
            self.grid_remove()

    # The choice

    def offer(self) -> None:
        """Open the choice, or close it again; what there is to choose may take a moment to come."""
        if self.fold() or not self._enabled:
            return
        self._asked += 1
        asked = self._asked
        self._open([], is_known=False)
        self._dialog.fetch(self._presenter.pictures.sources, lambda sources: self._offer(asked, sources))

    def fold(self) -> bool:
        """Close the choice; whether it was open."""
        if self._choice is None:
            return False
        self._choice.destroy()
        self._choice = None
        if not self._shown:
            self.grid_remove()
        return True

    def _offer(self, asked: int, sources: list[Source]) -> None:
        if self._choice is not None and asked == self._asked:
            self._choice.destroy()
            self._open(sources, is_known=True)

    def _open(self, sources: list[Source], *, is_known: bool, every: bool = False) -> None:
        px, say = self._theme.px, self._say
        side = px(GAP) - px(RING)
        self._choice = box = ttk.Frame(self, style="Panel.TFrame", padding=(side, px(14), side, px(12)))
        box.grid(row=0, column=0, sticky="we", padx=px(RING), pady=(0, px(12)))
        box.lower(self._list)  # Tab follows the order of the windows
        head = ttk.Label(box, text=say("Take a picture of"), style="PanelHead.TLabel")
        head.pack(anchor="w", padx=px(RING), pady=(0, px(4)))
        if not is_known:
            ttk.Label(box, text=say("Looking…"), style="PanelHead.TLabel").pack(anchor="w", padx=px(RING))
        monitors = [source for source in sources if source.kind == "monitor"]
        windows = [source for source in sources if source.kind != "monitor"]
        shown = windows if every else windows[:WINDOWS_SHOWN]
        for source in [*monitors, *shown]:
            self._link(box, self._label(source), lambda s=source: self._take(s))
        if len(shown) < len(windows):
            self._link(box, say("More windows…"), lambda: self._show_every(sources))
        row = ttk.Frame(box, style="PanelRow.TFrame")
        row.pack(anchor="w", pady=(px(8), 0))
        for label, action in (
            (say("From a file…"), self._choose_file),
            (say("Paste"), self.paste),
            (say("Cancel"), self.cancel),
        ):
            link = Link(row, label, action, style="PanelLink.TButton")
            link.pack(side="left", padx=(0, px(20)))
        self.grid()
        links = [child for child in box.winfo_children() if isinstance(child, Link)]
        (links[0] if links else row.winfo_children()[0]).focus_set()
        self._dialog.refit()
        self._dialog.page.area.reveal(box)

    def _show_every(self, sources: list[Source]) -> None:
        self.fold()
        self._open(sources, is_known=True, every=True)

    def _link(self, box: ttk.Frame, label: str, action: object) -> None:
        Link(box, label, action, style="PanelLink.TButton").pack(anchor="w")  # type: ignore[arg-type]

    def _label(self, source: Source) -> str:
        """What the person reads, cut where the panel ends."""
        if source.kind == "monitor":
            size = f"{source.width} × {source.height}"
            return self._say("Screen {number} ({size})", number=source.number, size=size)
        title = one_line(source.title, TITLE_LIMIT_CHARS) or self._say("A window without a title")
        label = self._say("Window: {title}", title=title)
        most = self._width_px - 4 * self._theme.px(GAP)
        if self._theme.measure(label, self._theme.body) <= most:
            return label
        while len(label) > 1 and self._theme.measure(label + ELLIPSIS, self._theme.body) > most:
            label = label[:-1]
        return label.rstrip() + ELLIPSIS

    # What a person chooses

    def cancel(self) -> None:
        """Close the choice; the keyboard goes back to where it was opened."""
        self.fold()
        self._dialog.focus_first()

    def paste(self, *, says_nothing: bool = False) -> None:
        """Take the picture on the clipboard; where there is none, say so, unless it ``says_nothing``."""
        if self._enabled:
            self._dialog.fetch(lambda: self._presenter.pictures.pasted(says_nothing=says_nothing), self._edit)

    def add_file(self, path: str) -> None:
        """Take the picture in a file."""
        if self._enabled and self._presenter.view().can_attach_pictures:
            self.fold()
            self._dialog.fetch(lambda: self._presenter.pictures.within(path), self._edit)

    def _choose_file(self) -> None:
        from tkinter.filedialog import askopenfilename

        kinds = [
            (self._say("Pictures"), "*.png *.jpg *.jpeg *.bmp *.gif *.webp"),
            (self._say("All files"), "*"),
        ]
        path = askopenfilename(parent=self._dialog.root, title=self._say("Choose a picture"), filetypes=kinds)
        if path:
            self.add_file(str(path))

    def _take(self, source: Source) -> None:
        self.fold()
        self._dialog.step_aside(
            lambda: self._dialog.fetch(lambda: self._presenter.pictures.take(source.id), self._taken)
        )

    def _taken(self, picture: Picture | None) -> None:
        self._dialog.come_back()
        self._edit(picture)

    def _edit(self, picture: Picture | None) -> None:
        if picture is not None:
            self.fold()
            from reporter.ui.window.editor import Editor

            Editor(
                self._dialog,
                picture,
                lambda marks: self._presenter.attach(picture, marks),
                scaled=lambda width: self._presenter.pictures.scaled(picture, width),
            )

    # The list

    def _draw_list(self) -> None:
        px = self._theme.px
        for child in self._list.winfo_children():
            child.destroy()
        if not self._shown:
            self._list.grid_remove()
            return
        self._list.grid(row=1, column=0, sticky="we")
        for line, enclosure in enumerate(self._shown):
            name = ttk.Label(self._list, text=enclosure.name)
            name.grid(row=line, column=0, sticky="w", padx=px(RING))
            size = ttk.Label(
                self._list, text=size_text(enclosure.size_bytes, self._say), style="Muted.TLabel"
            )
            size.grid(row=line, column=1, sticky="w", padx=(px(12), 0))
            words = self._say("Remove")
            remove = IconButton(
                self._list,
                self._theme,
                Icon.REMOVE,
                words,
                lambda n=enclosure.name: self._detach(n),  # type: ignore[misc]
            )
            remove.grid(row=line, column=2, sticky="e")

    def _detach(self, name: str) -> None:
        if self._enabled:
            self._presenter.detach(name)
            self._dialog.focus_first()
