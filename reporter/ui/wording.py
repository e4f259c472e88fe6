"""Wording: what the dialog says by itself, by the kind of trouble that its notice is about.

Pure functions: the same notice and the same state give the same words. What faces say around them stands in
``reporter.ui.view``; ``say`` is a translator's.
"""

from __future__ import annotations

from collections.abc import Callable

from reporter.errors import PictureError, ReporterError
from reporter.texts.safe import one_line
from reporter.ui.desk import Recovery, RetryResult
from reporter.ui.notice import Notice
from reporter.ui.underway import UnderWay
from reporter.ui.view import local_time

TITLE_LIMIT_CHARS = 80

Say = Callable[..., str]


def title(notice: Notice, say: Say, *, application: str, product: str) -> str:
    """The title of the dialog; ``product``: the name of the brand, empty for our own."""
    application = one_line(application, TITLE_LIMIT_CHARS)
    own = product or _general_title(notice, say)
    return f"{application} – {own}" if application and product else application or own


def _general_title(notice: Notice, say: Say) -> str:
    if notice.is_session:
        return say("Connection lost")
    if notice.is_request:
        return say("Help and support")
    return say("Program help") if notice.is_crash else say("Sign-in help")


def retry_label(notice: Notice, say: Say, *, has_host: bool) -> str:
    """What trying once more means here; empty where it means nothing."""
    if notice.is_request:
        return ""
    if notice.is_crash:
        return say("Start again") if has_host else ""
    if notice.is_session and has_host:
        return say("Try now")
    return say("Try again") if has_host else say("Check again")


def service_until(notice: Notice, say: Say) -> str:
    """How long the startup-error service's message is true; empty where it has no end."""
    until = local_time(notice.service_until) if notice.service_message else ""
    return say("Until {until}", until=until) if until else ""


def busy(notice: Notice, under_way: UnderWay, say: Say) -> str:
    """What is going on, the weightiest of it; empty when nothing is."""
    if under_way.sending:
        return say("Sending the report…")
    if under_way.retrying and notice.is_crash:
        return say("Starting the program again…")
    if under_way.retrying and notice.is_session:
        return say("Restoring the connection…")
    if under_way.retrying:
        return say("Trying to sign in again…")
    if under_way.attaching:
        return say("Adding the screenshot…")
    if under_way.errand:
        return under_way.errand
    return say("Looking for the cause…") if under_way.diagnosing else ""


def recovered(recovery: Recovery, notice: Notice, say: Say) -> str:
    """What a quiet look found to be back; empty where nothing is."""
    if recovery is Recovery.NETWORK:
        return say("The network is back; the server is not within reach yet.")
    if recovery is Recovery.NOTHING:
        return ""
    if notice.is_session:
        return say("The server can be reached again.")
    return say("The server can be reached again. You can sign in now.")


def tried(result: RetryResult, say: Say, *, with_code: bool) -> str:
    """What became of one more try, and what to do; empty where it succeeded."""
    if result is RetryResult.SUCCEEDED:
        return ""
    if result is RetryResult.HOST_GONE:
        return say("The program has ended. Please start it again.")
    if with_code:
        return say("It did not work with this access code. Please check it and try again.")
    return say("It did not work yet.")


def unsent(error: ReporterError, say: Say) -> str:
    """The report is nowhere but in the dialog."""
    return say("The report could not be kept, and was not sent. {trouble}", trouble=str(error))


def reason(error: ReporterError, say: Say) -> str:
    """Why a step could not be done; a PictureError says it with a message id."""
    return say(str(error)) if isinstance(error, PictureError) else str(error)


def unfinished(say: Say) -> str:
    """A step ended in a fault of our own."""
    return say("This step could not be finished. Please try again.")


def unopened(url: str, say: Say) -> str:
    """No browser took the address."""
    return say("The address could not be opened: {url}", url=url)
