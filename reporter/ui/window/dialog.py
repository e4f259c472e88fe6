"""Dialog: the pages in one window, its size, its keys and its end."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from tkinter import ttk

from reporter.report.model import Story
from reporter.ui.presenter import Page as PageName
from reporter.ui.presenter import Presenter, View
from reporter.ui.window import screen
from reporter.ui.window.compose import ComposePage
from reporter.ui.window.message import MessagePage
from reporter.ui.window.parts import Page
from reporter.ui.window.question import QuestionPage
from reporter.ui.window.receipt import ReceiptPage
from reporter.ui.window.sheet import Sheet
from reporter.ui.window.theme import WIDTH, Theme

# A verdict usually says a little more than the first message: the window begins with room for it.
RESERVE = 64
LOWEST = 400
NARROWEST = 420

Fetch = Callable[[Callable[[], str], Callable[[str], None]], None]


class Dialog:
    """Draws views into ``root``. Lives in the thread of Tk; ``fetch`` runs its first argument on another
    thread and gives the text to the second on this one."""

    def __init__(self, root: tkinter.Tk, theme: Theme, presenter: Presenter, fetch: Fetch) -> None:
        self.root = root
        self.theme = theme
        self.presenter = presenter
        self.say = presenter.texts.say
        self._fetch = fetch
        self._view = presenter.view()
        self._touched = False
        self._leaving = False
        self._height = 0
        self._folded_height = 0
        self._compose: ComposePage | None = None
        self._receipt: ReceiptPage | None = None
        self._question: QuestionPage | None = None
        self._about: Sheet | None = None
        self._preview: Sheet | None = None
        self._message = MessagePage(self, self._view)
        self._page: Page = self._message
        self._message.draw(self._view)
        self._message.frame.pack(fill="both", expand=True)

    def show(self) -> None:
        """Place the window on the screen and bring it to the front."""
        root, px = self.root, self.theme.px
        root.title(self._view.title)
        self._bind_keys()
        most_width, most_height = screen.room(root, self.theme.scale)
        width = min(px(WIDTH), most_width)
        self._height = min(most_height, max(px(LOWEST), self._page.needed_height() + px(RESERVE)))
        left, top = screen.place(root, width, self._height)
        root.geometry(f"{width}x{self._height}+{left}+{top}")
        root.minsize(min(px(NARROWEST), width), min(px(LOWEST) // 2, self._height))
        self._focus_first()
        root.deiconify()
        root.lift()

    def draw(self, view: View) -> bool:
        """Show ``view``; false once the dialog is at its end."""
        if self._leaving and not view.sending:
            self.presenter.close()
            return False
        if view.closed:
            return False
        if view == self._view and self._page is not self._question:
            return True
        self._view = view
        if self._question is not None and self._page is self._question and view.page is not PageName.RECEIPT:
            return True
        self._turn_to(self._page_for(view))
        self.refit()
        return True

    def refit(self) -> None:
        """Grow where the page needs it and the screen has room; never shrink under the pointer."""
        root = self.root
        _, most_height = screen.room(root, self.theme.scale)
        needed = min(self._page.needed_height(), most_height)
        height = root.winfo_height()
        if needed <= height or root.state() != "normal":
            return
        left, top = root.winfo_x(), root.winfo_y()
        lowest_top = max(0, root.winfo_screenheight() - needed - (root.winfo_screenheight() - most_height) // 2)
        root.geometry(f"{root.winfo_width()}x{needed}+{left}+{min(top, lowest_top)}")

    # What a person does

    def ask_close(self) -> None:
        """Close the dialog; where something typed would be lost, ask first."""
        if self._view.sending:
            # The report is on its way: be gone at once, and end when it has arrived.
            self._leaving = True
            self.root.withdraw()
        elif self._view.receipt_state is None and self.story() != Story() and self._page is not self._question:
            if self._question is None:
                self._question = QuestionPage(self)
            self._turn_to(self._question)
        else:
            self.presenter.close()

    def keep_writing(self) -> None:
        """Return to the story."""
        self.presenter.compose()
        self._turn_to(self._page_for(self.presenter.view()))

    def open_about(self) -> None:
        """Show the platform and configuration information in a window of its own."""
        self.presenter.stop_countdown()
        if self._about is not None and self._about.open:
            self._about.lift()
            return
        self._about = sheet = Sheet(
            self.root,
            self.theme,
            self.say,
            title=self.say("About"),
            heading=self.say("About this computer and its configuration"),
            waiting=self.say("Collecting…"),
        )
        self._fetch(self.presenter.about, sheet.show)

    def open_preview(self) -> None:
        """Show exactly what would be sent with what is typed now."""
        if self._preview is not None and self._preview.open:
            self._preview.close()
        self._preview = sheet = Sheet(
            self.root,
            self.theme,
            self.say,
            title=self.say("What will be sent"),
            heading=self.say("Exactly this is sent, and nothing else:"),
            waiting=self.say("Collecting…"),
        )
        story = self.story()
        self._fetch(lambda: self.presenter.preview(story), sheet.show)

    def story(self) -> Story:
        """What was typed so far, on whichever page."""
        return Story() if self._compose is None else self._compose.story()

    # The work behind it

    def _page_for(self, view: View) -> Page:
        if view.page is PageName.COMPOSE:
            if self._compose is None:
                self._compose = ComposePage(self)
            self._compose.draw(view)
            return self._compose
        if view.page is PageName.RECEIPT:
            if self._receipt is None:
                self._receipt = ReceiptPage(self, view)
            self._receipt.draw(view)
            return self._receipt
        before = self._message.first_focus()
        self._message.draw(view)
        if self._page is self._message and not self._touched and self._message.first_focus() is not before:
            self._focus_first()
        return self._message

    def _turn_to(self, page: Page) -> None:
        if page is self._page:
            return
        self._page.frame.pack_forget()
        self._page = page
        page.frame.pack(fill="both", expand=True)
        self.refit()
        self._focus_first()

    def _focus_first(self) -> None:
        widget = self._page.first_focus()
        if widget is not None:
            widget.focus_set()

    def _bind_keys(self) -> None:
        root = self.root
        root.protocol("WM_DELETE_WINDOW", self.ask_close)
        root.bind("<Escape>", lambda _: self._escape())
        for key in ("<Return>", "<KP_Enter>"):
            root.bind(key, self._enter)
        root.bind("<Key>", lambda _: self._touch(), add=True)
        root.bind("<Button>", lambda _: self._touch(), add=True)
        root.bind("<FocusIn>", self._reveal, add=True)
        for key, number, what in (
            ("Up", -1, "units"),
            ("Down", 1, "units"),
            ("Prior", -1, "pages"),
            ("Next", 1, "pages"),
        ):
            root.bind(f"<{key}>", lambda e, n=number, w=what: self._scroll(e.widget, n, w))  # type: ignore[misc]
        for wheel in ("<MouseWheel>", "<Button-4>", "<Button-5>"):
            root.bind(wheel, self._wheel)
        _bind_cyrillic(root)

    def _touch(self) -> None:
        self._touched = True

    def _escape(self) -> None:
        if self._page is self._question:
            self.keep_writing()
        else:
            self.ask_close()

    def _enter(self, event: tkinter.Event[tkinter.Misc]) -> None:
        widget = event.widget
        if isinstance(widget, ttk.Button):
            widget.invoke()
        elif isinstance(widget, tkinter.Text) and str(widget.cget("state")) == "normal":
            return  # a new line in the story
        elif self._page.primary is not None:
            self._page.primary.invoke()

    def _reveal(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if self._page.area.holds(event.widget):
            self._page.area.reveal(event.widget)

    def _scroll(self, widget: tkinter.Misc, number: int, what: str) -> None:
        if not isinstance(widget, tkinter.Text):
            self._page.area.scroll(number, what)

    def _wheel(self, event: tkinter.Event[tkinter.Misc]) -> None:
        if isinstance(event.widget, tkinter.Text) and event.widget.yview() != (0.0, 1.0):
            return
        up = event.num == 4 or event.delta > 0
        self._page.area.scroll(-3 if up else 3)


def _bind_cyrillic(root: tkinter.Tk) -> None:
    """Let Ctrl+C and its kin work while the keyboard is switched to Russian.

    X11 reports the letter of the layout; Windows only the key's code.
    """
    pairs = {
        "<<Copy>>": ("Cyrillic_es", 67),
        "<<Paste>>": ("Cyrillic_em", 86),
        "<<Cut>>": ("Cyrillic_che", 88),
        "<<SelectAll>>": ("Cyrillic_ef", 65),
        "<<Undo>>": ("Cyrillic_ya", 90),
    }
    system = root.tk.call("tk", "windowingsystem")
    if system == "x11":
        for event, (keysym, _) in pairs.items():
            root.event_add(event, f"<Control-{keysym}>")
        root.event_add("<<SelectAll>>", "<Control-a>")
    elif system == "win32":
        codes = {code: event for event, (_, code) in pairs.items()}

        def by_code(event: tkinter.Event[tkinter.Misc]) -> None:
            if event.keysym == "??" and event.keycode in codes:
                event.widget.event_generate(codes[event.keycode])

        root.bind_all("<Control-Key>", by_code)
