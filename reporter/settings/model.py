"""Settings: everything an administrator can say, each defined once, here.

The class below is the table: its attributes are the settings, their annotations hold the rows.
Checking, ``reporter policies`` and the documentation are made from ``TABLE``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec

from reporter.settings.destinations import DestinationAddress
from reporter.settings.help import TEXT_LIMIT_CHARS, Help, HelpOverride, HelpTable, most_specific
from reporter.settings.kinds import (
    Choice,
    FilePath,
    Flag,
    Kind,
    Language,
    Link,
    ListOf,
    Number,
    Sections,
    Text,
)
from reporter.texts import N_

# The parts of a report; its failure always keeps its time and action.
REPORT_PARTS = ("failure", "verdict", "facts", "story", "logs")
# The sections of the facts, in the order in which they are shown.
FACT_SECTIONS = (
    "application",
    "connection",
    "agent",
    "settings",
    "system",
    "processor",
    "memory",
    "storage",
    "locale",
    "time",
    "network",
    "proxy",
    "trust",
    "security",
    "display",
    "runtime",
    "identity",
)

_WEB = ("https", "http")


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table.

    ``title``, ``help``: for people, to be translated where a person reads them.
    ``closed``: for what concerns privacy, the value that a malformed one stands for; unset elsewhere.
    ``lockable``: whether a policy may take the choice from the person. ``planned``: accepted and
    checked, but not acted on by this version.
    """

    name: str = ""
    title: str
    kind: Kind
    default: object = None
    help: str
    closed: object = msgspec.UNSET
    lockable: bool = True
    planned: bool = False

    @property
    def is_private(self) -> bool:
        """Whether it decides what may leave this computer."""
        return self.closed is not msgspec.UNSET


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force. Links are checked, texts are safe to show; empty means not set."""

    help_text: Annotated[
        str,
        Setting(
            title=N_("Help text"),
            kind=Text(TEXT_LIMIT_CHARS),
            help=N_(
                "Shown under the message when a login did not work, for example whom to call. "
                "Plain text; line breaks are kept."
            ),
        ),
    ] = ""
    help_url: Annotated[
        str,
        Setting(
            title=N_("Link to help"),
            kind=Link(),
            help=N_("Opened by the link “Need help?”. Without it the link is not shown."),
        ),
    ] = ""
    help: Annotated[
        dict[str, HelpOverride],
        Setting(
            title=N_("Help for single causes"),
            kind=HelpTable(),
            help=N_(
                "Other help for single causes or layers, and per language; the most specific wins. "
                "In the environment it is written as JSON."
            ),
        ),
    ] = msgspec.field(default_factory=dict)
    endpoint: Annotated[
        str,
        Setting(
            title=N_("Address that reports go to"),
            kind=DestinationAddress(),
            help=N_(
                "The complete address that reports are posted to; the one destination most "
                "organisations need. Besides https: a 1C receiver (onec+https), Sentry or Bugsink "
                "(sentry+https), mail (smtp, smtps) or a folder (file, or \\\\server\\share). "
                "Plain http is meant for internal networks only."
            ),
        ),
    ] = ""
    destinations: Annotated[
        tuple[str, ...],
        Setting(
            title=N_("Several addresses that reports go to"),
            kind=ListOf(DestinationAddress()),
            help=N_(
                "Several addresses instead of endpoint, tried in this order. Of endpoint and "
                "destinations the one from the higher layer counts; in the same layer, destinations."
            ),
        ),
    ] = ()
    client_certificate: Annotated[
        str,
        Setting(
            title=N_("Certificate of this computer"),
            kind=FilePath(),
            help=N_(
                "A PEM file with the certificate by which this computer proves itself to a destination, and "
                "its key unless client_key names another file."
            ),
        ),
    ] = ""
    client_key: Annotated[
        str,
        Setting(
            title=N_("Key of the certificate"),
            kind=FilePath(),
            help=N_("The PEM file with the key of client_certificate."),
        ),
    ] = ""
    credentials_file: Annotated[
        str,
        Setting(
            title=N_("File with credentials"),
            kind=FilePath(),
            help=N_(
                "A TOML file with user names, passwords or tokens of destinations, used where the system's "
                "keyring has none. It must be readable by its owner or the system only."
            ),
        ),
    ] = ""
    spread_seconds: Annotated[
        int,
        Setting(
            title=N_("Spread of automatic reports, in seconds"),
            kind=Number(0, 86_400),
            help=N_(
                "Over how many seconds automatic reports are spread, so that an outage does not make every "
                "computer report at once. An endpoint may tell another number."
            ),
        ),
    ] = 60
    status_url: Annotated[
        str,
        Setting(
            title=N_("Startup-error service"),
            kind=Link(_WEB),
            help=N_(
                "The startup-error service: asked when a login fails whether the fault is known, "
                "and until when."
            ),
        ),
    ] = ""
    published_settings_url: Annotated[
        str,
        Setting(
            title=N_("Where servers publish help"),
            kind=Link(_WEB, or_path=True),
            help=N_(
                "Where a server publishes help_text, help_url and help, as JSON; read after a login that "
                "worked, at most once an hour. A path is taken at the web server that the login goes to; "
                "another server needs https."
            ),
        ),
    ] = "/.well-known/reporter.json"
    submission: Annotated[
        str,
        Setting(
            title=N_("Sending of reports"),
            kind=Choice("ask", "auto", "off"),
            closed="off",
            help=N_(
                "Whether reports are sent: ask lets the person decide each time, auto sends without "
                "asking, off sends none."
            ),
        ),
    ] = "ask"
    include_user_name: Annotated[
        bool,
        Setting(
            title=N_("User name in reports"),
            kind=Flag(),
            closed=False,
            help=N_("Whether a report names the user account."),
        ),
    ] = False
    include_host_name: Annotated[
        bool,
        Setting(
            title=N_("Name of the computer in reports"),
            kind=Flag(),
            closed=False,
            help=N_("Whether a report names this computer."),
        ),
    ] = False
    include_screenshot: Annotated[
        bool,
        Setting(
            title=N_("Screenshots in reports"),
            kind=Flag(),
            closed=False,
            help=N_("Whether the person may attach a screenshot; none is ever taken without asking."),
        ),
    ] = True
    allowed_sections: Annotated[
        tuple[str, ...],
        Setting(
            title=N_("Allowed parts of a report"),
            kind=Sections(REPORT_PARTS, FACT_SECTIONS),
            closed=(),
            help=N_(
                "What a report may hold: its parts, where facts stands for everything about this "
                "computer; or single sections of the facts. What is not listed stays here."
            ),
        ),
    ] = (*REPORT_PARTS, *FACT_SECTIONS)
    required_sections: Annotated[
        tuple[str, ...],
        Setting(
            title=N_("Required parts of a report"),
            kind=Sections(REPORT_PARTS, FACT_SECTIONS),
            help=N_("What of the allowed sections a person cannot leave out of a report."),
        ),
    ] = ()
    include_server_names: Annotated[
        bool,
        Setting(
            title=N_("Names of servers in reports"),
            kind=Flag(),
            closed=False,
            help=N_(
                "Whether a report names the servers of the login and of these settings. Without it they "
                "get pseudonyms such as host-1, as all other host names and private addresses always do; "
                "what stands for what stays on this computer."
            ),
        ),
    ] = True
    control_urls: Annotated[
        tuple[str, ...],
        Setting(
            title=N_("Control addresses"),
            kind=ListOf(Link(_WEB)),
            help=N_(
                "Internal addresses that answer when the network works, apart from the server of "
                "the login; the first four are asked. They make the diagnosis surer, above all one inside "
                "the VPN and one outside; nothing public is ever asked instead."
            ),
        ),
    ] = ()
    portal_url: Annotated[
        str,
        Setting(
            title=N_("Page that reveals sign-in pages"),
            kind=Link(("http",)),
            help=N_(
                "A page over plain http that answers with status 204, or with 200 and a body that is "
                "empty, ok or success. A redirect, status 511 or another body means that a sign-in page of "
                "the network stands in the way."
            ),
        ),
    ] = ""
    attach_logs: Annotated[
        tuple[str, ...],
        Setting(
            title=N_("Log files of the application"),
            kind=ListOf(FilePath()),
            help=N_("Log files of the application whose last kilobytes may be attached to a report."),
        ),
    ] = ()
    application_files: Annotated[
        tuple[str, ...],
        Setting(
            title=N_("Configuration files of the application"),
            kind=ListOf(FilePath()),
            help=N_(
                "Configuration files of the application of which a report tells whether they are there, "
                "their size and their time; never what stands in them."
            ),
        ),
    ] = ()
    face: Annotated[
        str,
        Setting(
            title=N_("How the dialog is shown"),
            kind=Choice("auto", "window", "terminal", "none", not_yet=("browser",)),
            lockable=False,
            help=N_(
                "How the dialog is shown; auto takes a window where there is a display, else the "
                "terminal, else nothing."
            ),
        ),
    ] = "auto"
    appearance: Annotated[
        str,
        Setting(
            title=N_("Colours of the window"),
            kind=Choice("auto", "light", "dark"),
            lockable=False,
            help=N_("The colours of the window; auto follows the desktop."),
        ),
    ] = "auto"
    language: Annotated[
        str,
        Setting(
            title=N_("Language of the dialog"),
            kind=Language(),
            lockable=False,
            help=N_(
                "The language of the dialog. Empty means the operating system's; a language without "
                "a translation is shown in English."
            ),
        ),
    ] = ""
    retention_days: Annotated[
        int,
        Setting(
            title=N_("Days that reports are kept"),
            kind=Number(1, 3650),
            help=N_("After how many days delivered and refused reports are removed from this computer."),
        ),
    ] = 30
    spool_limit_mb: Annotated[
        int,
        Setting(
            title=N_("Space for reports, in megabytes"),
            kind=Number(1, 100_000),
            help=N_("How many megabytes the reports kept on this computer may take."),
        ),
    ] = 100

    def destinations_in_order(self) -> tuple[str, ...]:
        """Where reports go, first choice first; empty where no address of support is set up."""
        if self.destinations:
            return self.destinations
        return (self.endpoint,) if self.endpoint else ()

    def help_for(self, cause: str, layer: str, language: str) -> Help:
        """The administrator's help for a verdict; most specific wins, text and link apart."""
        general = Help(text=self.help_text, url=self.help_url)
        return most_specific(general, self.help, cause=cause, layer=layer, language=language)


def _rows() -> Iterator[Setting]:
    for field in msgspec.structs.fields(Settings):
        has_factory = field.default is msgspec.NODEFAULT
        default = field.default_factory() if has_factory else field.default
        yield msgspec.structs.replace(field.type.__metadata__[0], name=field.name, default=default)


TABLE: tuple[Setting, ...] = tuple(_rows())
"""Every setting, in the order of the documentation."""

BY_NAME: Mapping[str, Setting] = {row.name: row for row in TABLE}
