"""Computer: what the agent depends on here: trust, proxies, a display, and the versions of its parts."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from reporter import program
from reporter._version import __version__
from reporter.checkup.model import Finding, State
from reporter.facts.model import Facts
from reporter.settings.model import Settings
from reporter.texts.safe import one_line, without_secrets

PROXY_LIMIT_S = 4.0
DISPLAY_LIMIT_S = 3.0
DISPLAY_PORT = 6000
PACKAGES = (
    *("click", "msgspec", "platformdirs", "psutil", "requests", "rich", "segno", "truststore", "urllib3"),
    *("pillow", "keyring", "jeepney", "python-xlib", "tkinterdnd2"),
)
OPTIONAL_PACKAGES = PACKAGES[9:]

_DISPLAY = re.compile(r"([^:/]*)(?:/unix)?:(\d{1,5})(?:\.\d+)?")


def trust(facts: Facts) -> list[Finding]:
    """The store of authorities that connections are checked against."""
    import ssl

    import truststore

    truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    section: dict[str, Any] = dict(facts.sections.get("trust", {}))
    count, own = section.get("ca_count"), section.get("private_ca_count")
    words = f"{section.get('kind', 'the system’s')}: " + (
        f"{count} authorities" if count is not None else "not counted on this system"
    )
    words += f", {own} of them added here" if own else ""
    state = State.WRONG if count == 0 else State.GOOD
    if count is None and section.get("kind") == "files of the system":
        # Distributions differ in where it lies; most often it is a small system without any.
        state, words = (
            State.NOTE,
            "no list of authorities was found; install ca-certificates, or HTTPS is not trusted",
        )
    findings = [Finding(state=state, subject="trust store", words=words)]
    for row in section.get("stores_of_environment", ()):
        is_missing = row.get("exists") is False
        findings.append(
            Finding(
                state=State.WRONG if is_missing else State.GOOD,
                subject=row["variable"],
                words="names a store that is not there" if is_missing else "names a store of its own",
            )
        )
    return findings


def proxies(facts: Facts) -> list[Finding]:
    """The proxies that this session is told to use; each is asked for a connection, and nothing more."""
    from urllib.request import getproxies

    from reporter.checkup.promise import Promise

    told = {scheme: address for scheme, address in getproxies().items() if address}
    without = told.pop("no", "")
    asked = {address: Promise(_knock_at(address)) for address in dict.fromkeys(told.values())}
    findings = []
    for address, promise in asked.items():
        schemes = ", ".join(scheme for scheme, named in told.items() if named == address)
        why = promise.result(_soon())
        shown = without_secrets(address if "://" in address else f"http://{address}")
        findings.append(
            Finding(
                state=State.WRONG if why else State.GOOD,
                subject=one_line(shown, 200) or "proxy",
                words=f"for {schemes}: {why or 'takes connections'}",
            )
        )
    if without:
        findings.append(Finding(state=State.GOOD, subject="without proxy", words=one_line(without, 300)))
    for name, value in facts.sections.get("proxy", {}).items():
        if name.startswith(("auto", "pac", "wpad")):
            words = f"{one_line(str(value), 300)}; what is sent to support does not go by it"
            findings.append(Finding(state=State.NOTE, subject=name, words=words))
    return findings or [Finding(state=State.GOOD, subject="none", words="connections go straight")]


def _soon() -> float:
    import time

    return time.monotonic() + PROXY_LIMIT_S + 1


def _knock_at(address: str) -> Callable[[], str]:
    """Work that tells why there is no connection to a proxy; empty where there is one."""

    def knock() -> str:
        import socket
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(address if "://" in address else f"http://{address}")
            host, port = parts.hostname, parts.port or {"https": 443, "socks5": 1080}.get(parts.scheme, 80)
        except ValueError:
            host, port = None, 0
        if not host:
            return "its address cannot be understood; correct the variable or the setting"
        try:
            socket.create_connection((host, port), PROXY_LIMIT_S).close()
        except TimeoutError:
            return f"no connection within {PROXY_LIMIT_S:g} s"
        except OSError as error:
            return f"no connection ({error.strerror or type(error).__name__})"
        return ""

    return knock


def faces(settings: Settings, environ: Mapping[str, str], *, terminal: bool) -> list[Finding]:
    """What of the dialog a person would see who started a program here, and whether a screen can be taken.

    A session without a display, such as one of IT over the network, is nothing wrong by itself.
    """
    from reporter.report import screenshot

    why = _why_no_window(environ)
    is_wanted = settings.face == "window"
    findings = [
        Finding(
            state=State.GOOD if not why else State.WRONG if is_wanted else State.NOTE,
            subject="window",
            words=why or "a display answers, and Tk is there",
            facts={"is_possible": not why},
        ),
        Finding(
            state=State.GOOD if terminal or settings.face != "terminal" else State.NOTE,
            subject="terminal",
            words="a person is at one" if terminal else "none in this session",
            facts={"is_possible": terminal},
        ),
    ]
    shown = settings.face
    if shown == "auto":
        shown = "window" if not why else "terminal" if terminal else "none"
    findings.append(
        Finding(state=State.GOOD, subject="face", words=f"{settings.face}; in this session: {shown}")
    )
    if not settings.include_screenshot:
        return [
            *findings,
            Finding(state=State.GOOD, subject="screenshot", words="not allowed by the settings"),
        ]
    reason = screenshot.why_not(environ)
    return [
        *findings,
        Finding(
            state=State.NOTE if reason else State.GOOD,
            subject="screenshot",
            words=reason or "can be taken here",
            facts={"is_possible": not reason},
        ),
    ]


def _why_no_window(environ: Mapping[str, str]) -> str:
    from importlib.util import find_spec

    from reporter.ui.display import greeted

    if not (find_spec("tkinter") and find_spec("_tkinter")):
        return "this Python has no Tk; install it (on Debian: python3-tk)"
    if sys.platform in ("win32", "darwin"):
        return ""
    display = environ.get("DISPLAY", "")
    if not display:
        has_wayland = bool(environ.get("WAYLAND_DISPLAY"))
        return (
            "there is Wayland, and Tk needs an X server (Xwayland)" if has_wayland else "DISPLAY is not set"
        )
    if not _is_there(display):
        return f"the display {one_line(display, 60)} cannot be reached"
    with greeted(display) as answers:
        pass
    if not answers:
        return f"the display {one_line(display, 60)} does not answer"
    return ""


def _is_there(display: str) -> bool:
    """Whether something takes connections at an X display; True where its name is of another kind."""
    import socket

    named = _DISPLAY.fullmatch(display)
    if named is None:
        return True
    path = f"/tmp/.X11-unix/X{named[2]}"  # noqa: S108 - its place on every system
    places: list[tuple[int, Any]] = [(socket.AF_UNIX, "\0" + path), (socket.AF_UNIX, path)]
    if named[1] not in ("", "unix"):
        places = [(socket.AF_INET, (named[1], DISPLAY_PORT + int(named[2])))]
    for family, place in places:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.settimeout(DISPLAY_LIMIT_S)
            try:
                line.connect(place)
            except (OSError, OverflowError):
                continue
            return True
    return False


def clock(facts: Facts) -> list[Finding]:
    """The time of this computer: certificates and planned tries go by it."""
    section = facts.sections.get("time", {})
    is_set = section.get("is_clock_synchronized")
    words = "whether a time server keeps it is not told here"
    if isinstance(is_set, bool):
        words = "kept by a time server" if is_set else "not known to be kept by a time server"
    time = f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M:%S %z}"
    zone = one_line(str(section.get("zone") or "unknown"), 60)
    return [
        Finding(
            state=State.NOTE if is_set is False else State.GOOD,
            subject="clock",
            words=f"{time}, zone {zone}, {words}",
        )
    ]


def versions(facts: Facts) -> list[Finding]:
    """The agent, what it runs on, and the packages it is made of."""
    import sqlite3
    import ssl
    from importlib import metadata

    system = facts.sections.get("system", {})
    known = {
        "reporter-agent": __version__,
        "system": " ".join(str(system.get(name) or "") for name in ("name", "kernel")).strip(),
        "python": f"{platform.python_version()} ({platform.machine()}, "
        f"{'installed as one program' if program.is_agent() else sys.executable})",
        "openssl": ssl.OPENSSL_VERSION,
        "sqlite": sqlite3.sqlite_version,
    }
    findings = [_version(name, version) for name, version in known.items()]
    for package in PACKAGES:
        try:
            findings.append(_version(package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            if package in OPTIONAL_PACKAGES:
                words = "not installed; it is optional"
                findings.append(Finding(state=State.NOTE, subject=package, words=words))
            elif not program.is_agent():
                findings.append(Finding(state=State.WRONG, subject=package, words="not installed"))
    return findings


def _version(name: str, version: str) -> Finding:
    return Finding(state=State.GOOD, subject=name, words=version, facts={"version": version})
