"""A desk for the faces' tests: it answers at once, or waits until the test opens its gate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from reporter.delivery.receipt import Receipt, State
from reporter.diagnosis.verdict import Retry
from reporter.errors import PictureError, SpoolError
from reporter.report.drawing import BlackOut, Mark, Picture, Source
from reporter.report.model import Enclosure, Story
from reporter.ui.about import About, Group, Row
from reporter.ui.desk import (
    Answer,
    ByTelephone,
    Precheck,
    Preview,
    Recovery,
    RetryResult,
    Section,
)
from reporter.ui.notice import Notice
from reporter.ui.window.raster import Raster

REFERENCE = "K7QF-9M2TX"
GATE_LIMIT_S = 20

HELP = (
    "The service desk is there for you from 7:00 to 19:00.\n"
    "Telephone 4455, or write to servicedesk@example.org."
)
HELP_URL = "https://intranet.example.org/help/erp"

FIRST = Notice(
    headline="ERP cannot be reached at the moment.",
    advice=["Check that this computer is connected to the network."],
    help_text=HELP,
    help_url=HELP_URL,
    details="ConnectionError: https://erp.example.org/base\n",
)
EXPIRED = Notice(
    headline="The identity certificate of erp.example.org has expired.",
    advice=[
        "This is for the people who run the server to mend; nothing is wrong with your computer or your "
        "password.",
        "Please tell support: they can renew the certificate.",
    ],
    help_text=HELP,
    help_url=HELP_URL,
    details=(
        "Failure\n  target       https://erp.example.org/base\n"
        "  exception    ssl.SSLCertVerificationError\n"
        "  message      [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired\n"
        "\nEvidence\n  dns          192.0.2.17 in 4 ms\n  tcp          connected in 12 ms\n"
        "  tls          verify code 10, not after 2026-11-01\n  clock        right to 2 s\n"
    ),
)
RUSSIAN = Notice(
    headline="Срок действия удостоверяющего сертификата сервера erp.example.org истёк.",
    advice=[
        "Исправить это могут те, кто отвечает за сервер; с вашим компьютером и паролем всё в порядке.",
        "Сообщите, пожалуйста, в службу поддержки: там смогут обновить сертификат.",
    ],
    help_text=(
        "Служба поддержки работает для вас с 7:00 до 19:00.\nТелефон 4455, почта servicedesk@example.org."
    ),
    help_url=HELP_URL,
    details=EXPIRED.details,
)
UKRAINIAN = Notice(
    headline="Строк дії посвідчувального сертифіката сервера erp.example.org закінчився.",
    advice=[
        "Виправити це можуть ті, хто відповідає за сервер; з вашим комп’ютером і паролем усе гаразд.",
        "Будь ласка, повідомте службу підтримки: там зможуть оновити сертифікат.",
    ],
    help_text=(
        "Служба підтримки працює для вас із 7:00 до 19:00.\nТелефон 4455, пошта servicedesk@example.org."
    ),
    help_url=HELP_URL,
    details=EXPIRED.details,
)
REFUSED = Notice(
    headline="The server erp.example.org does not answer on port 443.",
    advice=["It is probably being restarted. We will try again by ourselves."],
    retry=Retry.AUTOMATIC,
    details="ConnectionRefusedError: [Errno 111] Connection refused",
)
LOCKED = Notice(
    headline="The database is locked for maintenance.",
    advice=["The administrator has closed it for a while. With an access code you can enter now."],
    retry=Retry.BY_HAND,
    asks_access_code=True,
    details="HTTP 423 Locked",
)
LOST = Notice(
    headline="The connection to erp.example.org was lost. It is being restored.",
    advice=["This message closes by itself when the connection is back."],
    retry=Retry.AUTOMATIC,
    may_recover=True,
    is_session=True,
    help_text="The service desk is there for you from 7:00 to 19:00.\nTelephone 4455.",
    details="ConnectionResetError: [Errno 104] Connection reset by peer",
)
CRASHED = Notice(
    headline="ERP has ended unexpectedly",
    advice=[
        "Start the program again; what was saved before is still there.",
        "If it happens again, send a report: it holds what support needs to find the cause.",
    ],
    is_crash=True,
    details="Segmentation fault in libexample.so\n",
)
BY_TELEPHONE = ByTelephone(
    lines=[
        "The number of my report is K 7 Q F – 9 M 2 T X.",
        "The certificate of erp.example.org has run out.",
        "It was at 09:00 on 2026-11-22, in ERP 3.1.4.",
        "The server is erp.example.org, port 443.",
        "Before that it worked: name in 3 ms, connection in 12 ms.",
        "For support: tls.expired, code 10, certain.",
    ],
    code="06DVZ JPWVF",
    link="https://help.example.org/login#r=06DVZJPWVF",
    squares=[[(row * column + row // 3) % 3 == 0 for column in range(45)] for row in range(45)],
)
SECTIONS = (
    Section(name="story", title="What you wrote", is_on=True),
    Section(name="failure", title="The failure", is_on=True, is_locked=True),
    Section(name="verdict", title="The cause that was found", is_on=True),
    Section(name="facts", title="This computer", is_on=True),
    Section(name="memory", title="Memory and processor", is_on=True, parent="facts"),
    Section(name="network", title="Network and name servers", is_on=True, parent="facts"),
    Section(name="display", title="Displays and their scaling", is_on=True, parent="facts"),
    Section(name="user", title="Your user name", is_on=False, is_locked=True),
    Section(name="logs", title="The last lines of the program’s log", is_on=False),
)
SOURCES = (
    Source(id="monitor-1", kind="monitor", number=1, width=1920, height=1080),
    Source(id="monitor-2", kind="monitor", number=2, width=2560, height=1440),
    Source(id="window-7", kind="window", title="ERP: invoice 4711", width=800, height=600, is_ours=True),
    Source(id="window-8", kind="window", title="Mail to a colleague " * 9, width=800, height=600),
)
ABOUT = "\n".join(
    [
        "Application   ERP 3.1.4",
        "Agent         Reporter 0.1.0",
        "System        Debian GNU/Linux 12 (bookworm), x86_64",
        "Memory        16.4 GB, 9.2 GB free",
        "Disk          /home 212 GB free of 480 GB",
        "Language      en_GB.UTF-8, Europe/Berlin",
        "Proxy         http://proxy.example.org:3128 (from HTTPS_PROXY)",
    ]
    + [f"Setting {n:02}    value {n}  (from /etc/reporter/settings.toml)" for n in range(40)]
)


class FakeDesk:
    """``gate``: while it is closed, diagnosing, sending, collecting and taking pictures wait."""

    def __init__(
        self,
        *verdicts: Notice,
        first: Notice = FIRST,
        results: tuple[RetryResult, ...] = (),
        receipt: Receipt | None = None,
        application: str = "ERP",
        has_host: bool = True,
        can_send: bool = True,
        can_attach_pictures: bool = True,
        draft: Story | None = None,
    ) -> None:
        self.reference = REFERENCE
        self.application = application
        self.can_send = can_send
        self.has_host = has_host
        self.product = ""
        self.gate = threading.Event()
        self.gate.set()
        self.told: list[str] = []
        self.sent: list[Story] = []
        self.opened: list[str] = []
        self.codes: list[str] = []
        self.recoveries: list[Recovery] = []
        self.looks = 0
        self.network_changes: list[bool] = []
        self.about_text = ABOUT
        self.disk_full = False
        self.can_attach_pictures = can_attach_pictures
        self.kept: list[Story] = []
        self.taken: list[str] = []
        self.given: list[bytes] = []
        self.clipboard: Picture | None = None
        self.attached: list[tuple[Picture, list[Mark]]] = []
        self.pictures_work = True
        self.shown_sections = list(SECTIONS)
        self.shown_sources = list(SOURCES)
        self.wanted = Precheck()
        self.asked = 0
        self.inquiries = 0
        self.counted: list[bool] = []
        self.can_mail = False
        self.saved: list[tuple[Story, str]] = []
        self.mailed: list[Story] = []
        self.by_telephone = BY_TELEPHONE
        self.known_answers: list[Answer] = []
        self.latest_receipts: list[Receipt] = []
        self.new_answers: list[Answer] = []
        self.seen_answers: list[str] = []
        self._draft = draft or Story()
        self._enclosures: list[Enclosure] = []
        self._first = first
        self._details = first.details
        self._verdicts = list(verdicts) or [EXPIRED]
        self._results = list(results)
        self._receipt = receipt or receipt_of(State.ACCEPTED, page="https://support.example.org/K7QF-9M2TX")

    def first_notice(self) -> Notice:
        return self._without_details(self._first)

    def diagnose(self, show: Callable[[Notice], None]) -> Notice:
        self.told.append("diagnose")
        self._pass_gate()
        return self._without_details(self._verdicts.pop(0) if len(self._verdicts) > 1 else self._verdicts[0])

    def details(self) -> str:
        self._pass_gate()
        return self._details

    def look_again(self) -> Recovery:
        self.looks += 1
        return self.recoveries.pop(0) if self.recoveries else Recovery.NOTHING

    def network_changed(self) -> bool:
        return self.network_changes.pop(0) if self.network_changes else False

    def retry(self, access_code: str) -> RetryResult:
        self.codes.append(access_code)
        self._pass_gate()
        return self._results.pop(0) if self._results else RetryResult.FAILED

    def draft(self) -> Story:
        return self._draft

    def keep_draft(self, story: Story) -> None:
        self.kept.append(story)
        if self.disk_full:
            raise SpoolError("The disk is full.")

    def sections(self) -> list[Section]:
        return self.shown_sections

    def switch(self, name: str, is_on: bool) -> None:
        self.shown_sections = [
            msgspec.structs.replace(one, is_on=is_on) if one.name == name and not one.is_locked else one
            for one in self.shown_sections
        ]

    def sources(self) -> list[Source]:
        self._pass_gate()
        self._need_pictures()
        return self.shown_sources

    def take(self, source_id: str) -> Picture:
        self.taken.append(source_id)
        self._pass_gate()
        self._need_pictures()
        return picture()

    def picture_of(self, content: bytes) -> Picture:
        self.given.append(content)
        self._need_pictures()
        return picture()

    def pasted(self) -> Picture | None:
        self._need_pictures()
        return self.clipboard

    def scaled(self, picture: Picture, width: int) -> bytes:
        return b"%d wide" % width

    def attach(self, picture: Picture, marks: list[Mark]) -> Enclosure:
        self._pass_gate()
        self._need_pictures()
        self.attached.append((picture, marks))
        name = f"screenshot-{len(self.attached)}.png"
        enclosure = Enclosure(name=name, content_type="image/png", size_bytes=216_000, sha256="0" * 64)
        self._enclosures = [*self._enclosures, enclosure]
        return enclosure

    def attachments(self) -> list[Enclosure]:
        return self._enclosures

    def detach(self, name: str) -> None:
        self._enclosures = [one for one in self._enclosures if one.name != name]

    def preview(self, story: Story) -> Preview:
        self._pass_gate()
        lines = "\n".join(f'    "fact.{n:02}": "value {n}",' for n in range(30))
        on = [section.name for section in self.shown_sections if section.is_on]
        told = msgspec.json.format(msgspec.json.encode(story), indent=2).decode()
        exact = (
            f'{{\n  "schema": "report/2",\n  "reference": "{REFERENCE}",\n'
            f'  "story": {told},\n  "sections": "{on}",\n  "facts": {{\n{lines}\n  }}\n}}\n'
        )
        facts = "\n".join(f"  Fact {n}: value {n}" for n in range(30))
        readable = (
            f"Number {REFERENCE}\n\nWhat I wanted to do\n  {story.wanted}\n\nWhat happened\n"
            f"  {story.happened}\n\nQuestions\n  {' '.join(story.questions)}\n\nThis computer\n{facts}\n\n"
            "Taken out\n  2 passwords, 1 address\n"
        )
        return Preview(readable=readable, exact=exact)

    def precheck(self) -> Precheck:
        self.asked += 1
        return self.wanted

    def spoken(self, story: Story) -> ByTelephone:
        self._pass_gate()
        return self.by_telephone

    def save(self, story: Story, path: str) -> None:
        if self.disk_full:
            raise SpoolError("The disk is full.")
        self.saved.append((story, path))

    def mail(self, story: Story) -> str:
        self.mailed.append(story)
        return "The report is a draft in your mail program now."

    def answers(self) -> list[Answer]:
        return self.known_answers

    def latest(self) -> list[Receipt]:
        return self.latest_receipts

    def inquire(self) -> None:
        self.inquiries += 1
        self.known_answers = [*self.known_answers, *self.new_answers]

    def seen(self, answer: Answer) -> None:
        self.seen_answers.append(answer.reference)

    def send(self, story: Story, *, counts_only: bool = False) -> Receipt:
        self.sent.append(story)
        self.counted.append(counts_only)
        self._pass_gate()
        if self.disk_full:
            raise SpoolError("The disk is full.")
        return self._receipt

    def about(self) -> About:
        self._pass_gate()
        rows = [Row(label="", value=line) for line in self.about_text.splitlines()]
        groups = [Group(heading="Everything", rows=rows)]
        return About(groups=groups, text=self.about_text, json='{"schema": "about/1"}\n')

    def open_link(self, url: str) -> bool:
        self.opened.append(url)
        return url.startswith("https://")

    def _without_details(self, notice: Notice) -> Notice:
        self._details = notice.details
        return msgspec.structs.replace(notice, details="")

    def _need_pictures(self) -> None:
        if not self.pictures_work:
            raise PictureError("No picture of this screen can be taken: its owner does not allow it.")

    def _pass_gate(self) -> None:
        assert self.gate.wait(GATE_LIMIT_S), "the test never opened the gate"


def picture(width: int = 320, height: int = 200) -> Picture:
    """A small screenshot with a black-out that was suggested."""
    drawn = Raster(width, height, (240, 240, 245))
    drawn.rounded((20, 20, width - 40, height - 40), 8, (30, 90, 200))
    marks: list[Mark] = [BlackOut(x1=40, y1=40, x2=120, y2=60, reason="password")]
    return Picture(png=drawn.png(), width=width, height=height, marks=marks)


def receipt_of(state: State, *, page: str = "", reason: str = "") -> Receipt:
    return Receipt(
        reference=REFERENCE,
        state=state,
        at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
        page=page,
        reason=reason,
    )
