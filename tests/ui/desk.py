"""A desk for the faces' tests: it answers at once, or waits until the test opens its gate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from reporter.delivery.receipt import Receipt, State
from reporter.diagnosis.verdict import Retry
from reporter.errors import SpoolError
from reporter.report.model import Story
from reporter.ui.notice import Notice
from reporter.ui.presenter import Recovery, RetryResult

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
    """``gate``: while it is closed, diagnosing, sending and collecting wait."""

    def __init__(
        self,
        *verdicts: Notice,
        first: Notice = FIRST,
        results: tuple[RetryResult, ...] = (),
        receipt: Receipt | None = None,
        application: str = "ERP",
        has_host: bool = True,
        can_send: bool = True,
    ) -> None:
        self.reference = REFERENCE
        self.application = application
        self.can_send = can_send
        self.has_host = has_host
        self.gate = threading.Event()
        self.gate.set()
        self.told: list[str] = []
        self.sent: list[Story] = []
        self.opened: list[str] = []
        self.codes: list[str] = []
        self.recoveries: list[Recovery] = []
        self.looks = 0
        self.about_text = ABOUT
        self.disk_full = False
        self._first = first
        self._verdicts = list(verdicts) or [EXPIRED]
        self._results = list(results)
        self._receipt = receipt or receipt_of(State.ACCEPTED, page="https://support.example.org/K7QF-9M2TX")

    def first_notice(self) -> Notice:
        return self._first

    def diagnose(self, show: Callable[[Notice], None]) -> Notice:
        self.told.append("diagnose")
        self._pass_gate()
        return self._verdicts.pop(0) if len(self._verdicts) > 1 else self._verdicts[0]

    def look_again(self) -> Recovery:
        self.looks += 1
        return self.recoveries.pop(0) if self.recoveries else Recovery.NOTHING

    def retry(self, access_code: str) -> RetryResult:
        self.codes.append(access_code)
        self._pass_gate()
        return self._results.pop(0) if self._results else RetryResult.FAILED

    def preview(self, story: Story) -> str:
        self._pass_gate()
        lines = "\n".join(f'    "fact.{n:02}": "value {n}",' for n in range(30))
        return (
            f'{{\n  "schema": "report/1",\n  "reference": "{REFERENCE}",\n'
            f'  "story": {{\n    "text": "{story.text}",\n    "contact": "{story.contact}"\n  }},\n'
            f'  "facts": {{\n{lines}\n  }}\n}}\n'
        )

    def send(self, story: Story) -> Receipt:
        self.sent.append(story)
        self._pass_gate()
        if self.disk_full:
            raise SpoolError("The disk is full.")
        return self._receipt

    def about(self) -> str:
        self._pass_gate()
        return self.about_text

    def open_link(self, url: str) -> bool:
        self.opened.append(url)
        return url.startswith("https://")

    def _pass_gate(self) -> None:
        assert self.gate.wait(GATE_LIMIT_S), "the test never opened the gate"


def receipt_of(state: State, *, page: str = "", reason: str = "") -> Receipt:
    return Receipt(
        reference=REFERENCE,
        state=state,
        at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
        page=page,
        reason=reason,
    )
