"""Dialog: the pages in one window, its size and its end."""

from __future__ import annotations

import tkinter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from reporter.report.model import Story
from reporter.ui.presenter import Presenter
from reporter.ui.view import Page as PageName
from reporter.ui.view import View
from reporter.ui.window import screen
from reporter.ui.window.keys import bind_keys
from reporter.ui.window.message import MessagePage
from reporter.ui.window.parts import Page
from reporter.ui.window.theme import Theme

if TYPE_CHECKING:
    from reporter.ui.window.about import AboutWindow
    from reporter.ui.window.compose import ComposePage
    from reporter.ui.window.phone import PhonePage
    from reporter.ui.window.preview import PreviewWindow
    from reporter.ui.window.question import QuestionPage
    from reporter.ui.window.receipt import ReceiptPage

# A verdict usually says a little more than the first message: the window begins with room for it.
RESERVE = 64
LOWEST = 400

# By then a desktop has painted what was behind our windows.
ASIDE_MS = 350

Answer = TypeVar("Answer")


class Fetch(Protocol):
    """Runs ``work`` on another thread and gives its answer to ``give`` on that of Tk."""

    def __call__(self, work: Callable[[], Answer], give: Callable[[Answer], None]) -> None:
        """Return at once."""


class Dialog:
    """Draws views into ``root``. Lives in the thread of Tk; ``fetch`` is for what may take a moment."""

    def __init__(self, root: tkinter.Tk, theme: Theme, presenter: Presenter, fetch: Fetch) -> None:
        self.root = root
        self.theme = theme
        self.presenter = presenter
        self.say = presenter.texts.say
        self.fetch = fetch
        self._view = presenter.view()
        self._touched = False
        self._leaving = False
        self._folded_height = 0
        self._grown_height = 0
        self._compose: ComposePage | None = None
        self._phone: PhonePage | None = None
        self._receipt: ReceiptPage | None = None
        self._question: QuestionPage | None = None
        self._about: AboutWindow | None = None
        self._preview: PreviewWindow | None = None
        self._aside: list[tkinter.Tk | tkinter.Toplevel] = []
        self._message = MessagePage(self, self._view)
        self._page: Page = self._message
        self._message.draw(self._view)
        self._message.frame.pack(fill="both", expand=True)

    def show(self) -> None:
        """Place the window on the screen and bring it to the front."""
        root, px = self.root, self.theme.px
        root.title(self._view.title)
        root.protocol("WM_DELETE_WINDOW", self.ask_close)
        bind_keys(self)
        most_width, most_height = screen.room(root, self.theme.scale)
        width = min(px(screen.WIDTH), most_width)
        height = min(most_height, max(px(LOWEST), self._page.needed_height() + px(RESERVE)))
        left, top = screen.place(root, width, height)
        root.geometry(f"{width}x{height}+{left}+{top}")
        root.minsize(width, min(px(LOWEST) // 2, height))
        self.focus_first()
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
        if self._preview is not None and view.page is PageName.COMPOSE:
            self._preview.draw(view)
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
        if needed > root.winfo_height() and root.state() == "normal":
            lowest_top = root.winfo_screenheight() - needed - screen.spare(self.theme.scale) // 2
            self._resize(needed, min(root.winfo_y(), max(0, lowest_top)))

    def unfold(self) -> None:
        """Part of a page was unfolded: grow, and know the way back."""
        self._folded_height = self.root.winfo_height()
        self._grown_height = 0
        self.refit()

    def fold(self) -> None:
        """It was folded again: the person who asked for the height gives it back."""
        if self.root.winfo_height() == self._grown_height:
            needed = min(self._page.needed_height(), self._grown_height)
            self._resize(max(self._folded_height, needed), self.root.winfo_y())

    def _resize(self, height: int, top: int) -> None:
        self._grown_height = height
        self.root.geometry(f"{self.root.winfo_width()}x{height}+{self.root.winfo_x()}+{top}")

    # What a person does

    def ask_close(self) -> None:
        """Close the dialog; where a report was begun and not sent, ask first."""
        if self._view.sending:
            # The report is on its way: be gone at once, and end when it has arrived.
            self._leaving = True
            self.root.withdraw()
        elif self.presenter.has_news and self._page is not self._question:
            if self._question is None:
                from reporter.ui.window.question import QuestionPage

                self._question = QuestionPage(self)
            self._question.draw(self._view)
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
        from reporter.ui.window.about import AboutWindow

        self._about = AboutWindow(self)
        self.fetch(self.presenter.about, self._about.show)

    def open_preview(self) -> None:
        """Show exactly what would be sent; the window follows what is written and chosen meanwhile."""
        if self._preview is not None and self._preview.open:
            self._preview.lift()
            return
        from reporter.ui.window.preview import PreviewWindow

        self._preview = PreviewWindow(self)

    def content_changed(self) -> None:
        """The person has written something."""
        self.refit()
        if self._preview is not None and self._preview.open:
            self._preview.refresh_soon()

    def step_aside(self, then: Callable[[], object]) -> None:
        """Take all our windows off the screen, and call ``then`` when what was behind them is painted."""
        windows: list[tkinter.Tk | tkinter.Toplevel] = [self.root]
        windows += [child for child in self.root.winfo_children() if isinstance(child, tkinter.Toplevel)]
        self._aside = [window for window in windows if window.state() == "normal"]
        for window in self._aside:
            window.geometry(window.geometry())  # they come back to the same place
            window.withdraw()
        self.root.update_idletasks()
        self.root.after(ASIDE_MS, then)

    def come_back(self) -> None:
        """Put our windows where they were."""
        for window in self._aside:
            window.deiconify()
        self._aside = []
        self.root.lift()
        self.root.focus_force()

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self._page

    def story(self) -> Story:
        """What was typed so far, on whichever page."""
        return self.presenter.story if self._compose is None else self._compose.story()

    def escape(self) -> None:
        """Close, or return from the question whether to."""
        if self._page is self._question:
            self.keep_writing()
        elif not self._page.escape():
            self.ask_close()

    def touch(self) -> None:
        """The person has begun to work: the focus stays where they put it."""
        self._touched = True

    # The work behind it

    def _page_for(self, view: View) -> Page:
        if view.page is PageName.COMPOSE:
            if self._compose is None:
                from reporter.ui.window.compose import ComposePage

                self._compose = ComposePage(self)
            self._compose.draw(view)
            return self._compose
        if view.page is PageName.PHONE:
            if self._phone is None:
                from reporter.ui.window.phone import PhonePage

                self._phone = PhonePage(self)
            self._phone.draw(view)
            return self._phone
        if view.page is PageName.RECEIPT:
            if self._receipt is None:
                from reporter.ui.window.receipt import ReceiptPage

                self._receipt = ReceiptPage(self, view)
            self._receipt.draw(view)
            return self._receipt
        before = self._message.first_focus()
        self._message.draw(view)
        if self._page is self._message and not self._touched and self._message.first_focus() is not before:
            self.focus_first()
        return self._message

    def _turn_to(self, page: Page) -> None:
        if page is self._page:
            return
        self._page.frame.pack_forget()
        self._page = page
        page.frame.pack(fill="both", expand=True)
        self.refit()
        self.focus_first()

    def focus_first(self) -> None:
        """Give the keyboard to what the page is for."""
        widget = self._page.first_focus()
        if widget is not None:
            widget.focus_set()
