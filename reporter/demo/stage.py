"""The demo, in order: an inbox, an application with a fault, a guarded login, the dialog, the receipt."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import msgspec

import reporter
from reporter import agent, outbox
from reporter.capture import success
from reporter.capture.handover import Farewell
from reporter.delivery.receipt import Receipt, State
from reporter.demo import servers
from reporter.diagnosis.verdict import Verdict
from reporter.errors import UsageError
from reporter.inbox.server import Inbox
from reporter.texts import N_, Translator, translator

LOGIN_TIMEOUT_S = 5
DELIVERY_LIMIT_S = 20
# How the person wants to see the demo; all other settings are its own.
KEPT = ("REPORTER_APPEARANCE", "REPORTER_FACE", "REPORTER_LANGUAGE")


class Scenario(msgspec.Struct, frozen=True):
    """``open_server`` serves the fault and gives the address of the login; ``inbox_is_up``: at first."""

    summary: str
    open_server: Callable[[Path], AbstractContextManager[str]]
    inbox_is_up: bool = True


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What ``reporter demo --json`` prints."""

    scenario: str
    signed_in: bool
    verdict: Verdict | None
    report: dict[str, str] | None
    receipt: Receipt | None


def play(name: str, *, given: Mapping[str, str], quiet: bool) -> Result:
    """Play one scenario; ``given`` overrides settings, ``quiet`` keeps standard output for JSON.

    Raises UsageError for a scenario that does not exist.
    """
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise UsageError(f"There is no scenario {name!r}; choose one of: {', '.join(SCENARIOS)}.")
    texts = translator(given.get("language") or os.environ.get("REPORTER_LANGUAGE", ""))

    def tell(sentence: str) -> None:
        print(sentence, file=sys.stderr if quiet else sys.stdout, flush=True)

    # The spool stays after the demo only where a report could not be delivered, so the folder can go.
    with tempfile.TemporaryDirectory(prefix="reporter-demo-", ignore_cleanup_errors=True) as home:
        listen = f"127.0.0.1:{servers.closed_port()}"
        inbox = Inbox(Path(home) / "inbox.sqlite", listen)
        if scenario.inbox_is_up:
            inbox.start()
        with (
            scenario.open_server(Path(home)) as address,
            _environment(Path(home), f"http://{listen}/", given, texts),
        ):
            tell(texts.say("Signing in to {address} …", address=address))
            signed_in, farewell = _sign_in(address, Path(home) / "ca.pem")
            if signed_in:
                tell(texts.say("The login succeeded."))
            verdict = None if farewell is None else farewell.verdict
            if verdict is not None:
                tell(f"{verdict.headline} ({verdict.cause})")
            receipt = None if farewell is None else farewell.receipt
            if receipt is not None and receipt.state is State.QUEUED:
                if not scenario.inbox_is_up:
                    tell(_line(texts, receipt))
                    tell(texts.say("Support's endpoint is started now; the report that waits is sent."))
                    inbox.start()
                receipt = _deliver(receipt)
        _conclude(texts, tell, receipt, interactive=not quiet and agent.at_a_terminal())
        inbox.stop()
    return Result(
        scenario=name,
        signed_in=signed_in,
        verdict=verdict,
        report=None if receipt is None else {"reference": receipt.reference},
        receipt=receipt,
    )


def _sign_in(address: str, authority: Path) -> tuple[bool, Farewell | None]:
    """The host application's part: a login by requests, guarded; whether it succeeded, and the farewell."""
    import requests

    def login(access_code: str = "") -> None:
        answer = requests.post(
            address,
            data={"user": "demo", "access_code": access_code},
            timeout=LOGIN_TIMEOUT_S,
            verify=str(authority) if authority.exists() else True,
        )
        answer.raise_for_status()

    success.ask_nobody()  # the process that asks would outlive the demo and its folder
    guarded = reporter.guard(target=address, application="Example ERP", version=reporter.__version__)
    try:
        guarded.run(login)
    except requests.RequestException:
        return False, guarded.farewell
    return True, guarded.farewell


def _deliver(receipt: Receipt) -> Receipt:
    """Send what waits, as the next start or a timer would."""
    loaded = agent.load_settings()
    deadline = time.monotonic() + DELIVERY_LIMIT_S
    while receipt.state is State.QUEUED and time.monotonic() < deadline:
        with outbox.spool() as kept:
            receipt = outbox.postman(kept, loaded).deliver(receipt.reference)
    return receipt


def _conclude(
    texts: Translator, tell: Callable[[str], None], receipt: Receipt | None, *, interactive: bool
) -> None:
    if receipt is None:
        tell(texts.say("No report was sent."))
        return
    tell(_line(texts, receipt))
    if receipt.page:
        tell(texts.say("Support sees it here while the demo runs: {page}", page=receipt.page))
        if interactive:
            try:
                input(texts.say("The page stays open until you press Enter.") + " ")
            except (EOFError, KeyboardInterrupt):
                tell("")


def _line(texts: Translator, receipt: Receipt) -> str:
    states = {
        State.ACCEPTED: N_("Report {reference}: support has it."),
        State.QUEUED: N_("Report {reference}: waits on this computer and will be sent by itself."),
        State.REFUSED: N_("Report {reference}: was not taken."),
        State.SAVED: N_("Report {reference}: saved on this computer only."),
        State.ANSWERED: N_("Report {reference}: support has answered."),
    }
    return texts.say(states[receipt.state], reference=receipt.reference)


@contextmanager
def _environment(home: Path, support: str, given: Mapping[str, str], texts: Translator) -> Iterator[None]:
    """The settings of the demo, for this process and the agent it starts; the person's own are left out."""
    (home / "settings.toml").touch()
    before = dict(os.environ)
    settings = {
        **{name: before[name] for name in KEPT if name in before},
        "REPORTER_HOME": str(home),
        "REPORTER_SETTINGS": str(home / "settings.toml"),
        "REPORTER_ENDPOINT": f"{support}reports",
        "REPORTER_HELP_TEXT": texts.say(
            "This is a demonstration. Here your administrator's own help appears: "
            "whom to call, opening hours, what to try first."
        ),
        "REPORTER_HELP_URL": support,
        **{f"REPORTER_{name.upper()}": value for name, value in given.items()},
    }
    if (home / "ca.pem").exists():
        settings["SSL_CERT_FILE"] = str(home / "ca.pem")
    for name in [name for name in os.environ if name.startswith("REPORTER_")]:
        del os.environ[name]
    os.environ.update(settings)
    try:
        if _nobody_to_ask():
            os.environ["REPORTER_SUBMISSION"] = "auto"
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _nobody_to_ask() -> bool:
    """Whether the dialog will show nothing, for want of a display and a terminal."""
    from reporter.ui.silent import SilentFace

    return isinstance(agent.face_for(agent.load_settings(), terminal=agent.at_a_terminal()), SilentFace)


def _application(**fault: object) -> Callable[[Path], AbstractContextManager[str]]:
    @contextmanager
    def open_server(home: Path) -> Iterator[str]:
        with servers.application(home, **fault) as port:  # type: ignore[arg-type] # keyword arguments of one function
            yield f"https://{servers.HOST}:{port}/login"

    return open_server


def _nothing_at(address: Callable[[], str]) -> Callable[[Path], AbstractContextManager[str]]:
    return lambda home: nullcontext(address())


SCENARIOS: dict[str, Scenario] = {
    "expired": Scenario("the server's certificate has expired", _application(expired=True)),
    "wrong-name": Scenario(
        "the certificate belongs to another server", _application(certificate_name="intranet.example.org")
    ),
    "refused": Scenario(
        "the server program is stopped",
        _nothing_at(lambda: f"https://{servers.HOST}:{servers.closed_port()}/login"),
    ),
    "unknown-name": Scenario(
        "the server's name is unknown", _nothing_at(lambda: "https://erp.example.invalid/login")
    ),
    "plain-http": Scenario("plain HTTP is spoken on the TLS port", _application(tls=False)),
    "maintenance": Scenario(
        "the server is being maintained and says until when", _application(handler=servers.UnderMaintenance)
    ),
    "locked": Scenario(
        f"sessions are blocked; the access code {servers.ACCESS_CODE} lets in",
        _application(handler=servers.Locked),
    ),
    "endpoint-down": Scenario(
        "the certificate has expired and support cannot be reached either",
        _application(expired=True),
        inbox_is_up=False,
    ),
}
