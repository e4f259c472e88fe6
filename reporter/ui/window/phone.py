"""PhonePage: support without this computer's network: a code for a camera, and a text to read out."""

from __future__ import annotations

import tkinter
from tkinter import ttk
from typing import TYPE_CHECKING

from reporter.ui.desk import ByTelephone
from reporter.ui.view import View, scan_hint
from reporter.ui.window.parts import CopyLink, Link, Page, WrapLabel
from reporter.ui.window.prose import Prose
from reporter.ui.window.qr import QrCode

if TYPE_CHECKING:
    from reporter.ui.window.dialog import Dialog

# In pixels at 96 dpi.
CODE = 248
GUTTER = 28


class PhonePage(Page):
    """On the left the code, on the right what to read out, below them the ways for a file."""

    def __init__(self, dialog: Dialog) -> None:
        super().__init__(dialog.root, dialog.theme)
        self._dialog = dialog
        self._presenter = dialog.presenter
        self._say = say = dialog.say
        self._shown: ByTelephone | None = None
        self._made = 0
        px, body = self.theme.px, self.body
        self._code_px = min(px(CODE), self.inside // 2)
        self._text_px = self.inside - self._code_px - px(GUTTER)
        body.columnconfigure(1, weight=1)
        headline = Prose(body, self.theme, width_px=self.inside, font=self.theme.headline)
        headline.set([say("Reach support by telephone")])
        headline.grid(row=0, columnspan=2, sticky="we")
        hint = say("A telephone has a network of its own. Either of these two ways is enough.")
        self._muted(body, hint, self.inside - 2 * self.ring).grid(
            row=1, columnspan=2, sticky="we", padx=self.ring, pady=(px(6), 0)
        )
        self._camera = self._build_camera()
        self._reading = self._build_reading()
        self._files = self._build_files()
        self.button(say("Back"), self._presenter.back)
        self.button(say("Close"), dialog.ask_close, primary=True)

    def draw(self, view: View) -> None:
        """Show ``view``; the code is drawn again only where the report has changed."""
        self.status.draw(view.busy, view.remark)
        state = "disabled" if view.busy else "normal"
        self._save.configure(state=state)
        self._mail.configure(state=state)
        if not view.can_mail:
            self._mail.grid_remove()
        if view.telephone is not None and view.telephone != self._shown:
            self._shown = view.telephone
            self._draw_code(view.telephone)
            self._lines.set(view.telephone.lines)
            self._copy.configure(state="normal")

    def escape(self) -> bool:
        """Return to the page before."""
        self._presenter.back()
        return True

    # What it is built of

    def _build_camera(self) -> ttk.Frame:
        px = self.theme.px
        column = ttk.Frame(self.body)
        column.grid(row=2, column=0, sticky="nw", padx=(self.ring, px(GUTTER)), pady=(px(22), 0))
        self._head(column, self._say("Scan this with a telephone"), self._code_px)
        # Its place is kept, so that nothing moves when the code comes.
        self._place = ttk.Frame(column, width=self._code_px, height=self._code_px)
        self._place.grid(row=1, sticky="w", pady=(px(10), 0))
        self._place.pack_propagate(False)
        self._hint = self._muted(column, "", self._code_px)
        self._hint.grid(row=2, sticky="we", pady=(px(8), 0))
        return column

    def _build_reading(self) -> ttk.Frame:
        px, say = self.theme.px, self._say
        column = ttk.Frame(self.body)
        column.grid(row=2, column=1, sticky="nwe", pady=(px(22), 0))
        column.columnconfigure(0, weight=1)
        head = self._head(column, say("Or read this out"), self._text_px - 2 * self.ring)
        head.grid(padx=self.ring)
        self._lines = Prose(column, self.theme, width_px=self._text_px, bullets=True)
        self._lines.grid(row=1, sticky="we", pady=(px(8), 0))
        self._copy = CopyLink(column, say("Copy"), say("Copied"), self._text)
        self._copy.configure(state="disabled")
        self._copy.grid(row=2, sticky="w", pady=(px(6), 0))
        return column

    def _build_files(self) -> ttk.Frame:
        px, say = self.theme.px, self._say
        row = ttk.Frame(self.body)
        row.grid(row=3, columnspan=2, sticky="we", pady=(px(18), px(4)))
        self._save = Link(row, say("Save report to a file…"), self._choose_file)
        self._save.grid(row=0, column=0, padx=(0, px(24)))
        self._mail = Link(row, say("Send by e-mail…"), self._presenter.mail)
        self._mail.grid(row=0, column=1)
        return row

    def _head(self, parent: tkinter.Misc, text: str, width_px: int) -> WrapLabel:
        head = WrapLabel(parent, style="Strong.TLabel", text=text, width_px=width_px)
        head.grid(row=0, sticky="we")
        return head

    def _muted(self, parent: tkinter.Misc, text: str, width_px: int) -> WrapLabel:
        return WrapLabel(parent, style="Muted.TLabel", text=text, width_px=width_px)

    # What is shown

    def _draw_code(self, telephone: ByTelephone) -> None:
        for child in self._place.winfo_children():
            child.destroy()
        if not telephone.squares:
            self._camera.grid_remove()
            return
        self._made += 1
        code = QrCode(self._place, self.theme, telephone.squares, self._code_px, name=f"qr-{self._made}")
        size = code.winfo_reqwidth()
        self._place.configure(width=size, height=size)
        code.pack()
        self._hint.configure(text=scan_hint(telephone.link, self._say))

    # What a person does

    def _text(self) -> str:
        """What is copied: the sentences, and the link for whoever can paste it elsewhere."""
        if self._shown is None:
            return ""
        return "\n".join((*self._shown.lines, "", self._shown.link, ""))

    def _choose_file(self) -> None:
        from tkinter.filedialog import asksaveasfilename

        path = asksaveasfilename(
            parent=self._dialog.root,
            title=self._say("Save report to a file"),
            initialfile=f"{self._presenter.view().reference}.zip",
            defaultextension=".zip",
            filetypes=[(self._say("Report"), "*.zip")],
        )
        if path:
            self._presenter.save(str(path))
