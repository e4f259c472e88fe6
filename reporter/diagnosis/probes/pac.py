"""The automatic proxy configuration: does the file that the system names come?

Its content is a program in JavaScript, and no interpreter comes with the agent; so the file is fetched,
and what it would have answered is not known. Windows and macOS are from their documentation.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import time
from typing import Any

from msgspec.structs import replace

from reporter.diagnosis.evidence import Pac, PacOutcome, Target
from reporter.diagnosis.probes import elapsed_ms, page
from reporter.diagnosis.target import HTTP_SCHEMES, parse_target
from reporter.errors import TargetError
from reporter.texts.safe import one_line, without_secrets

ADDRESS_LIMIT_CHARS = 300
_REGISTRY_KEY = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
_SCUTIL_LIMIT_S = 1
_MAC_MEMBER = re.compile(r"^\s*ProxyAutoConfig(Enable|URLString)\s*:\s*(\S+)\s*$", re.MULTILINE)


def configured(target: Target) -> str:
    """The address of the file as the environment or the system gives it; empty for none."""
    if target.scheme not in HTTP_SCHEMES:
        return ""
    address = next((value for name, value in os.environ.items() if name.lower() == "auto_proxy"), "")
    if not address and sys.platform == "win32":
        address = _windows_address()
    elif not address and sys.platform == "darwin":
        address = _mac_address()
    return address.strip()


def probe(address: str, *, deadline: float) -> Pac:
    """Fetch the file; what it holds is not looked at."""
    started = time.monotonic()
    shown = one_line(without_secrets(address), ADDRESS_LIMIT_CHARS)
    record = Pac(address=shown, outcome=PacOutcome.UNAVAILABLE)
    if address.lower().startswith(("file:", "data:")):
        return replace(record, outcome=PacOutcome.NOT_SUPPORTED)
    try:
        target = parse_target(address)
    except TargetError:
        return record
    reply = page.fetch(target, deadline=deadline).reply if target.scheme in HTTP_SCHEMES else None
    status = None if reply is None else reply.http.status
    if status is not None and status < 400:
        record = replace(record, outcome=PacOutcome.NOT_SUPPORTED)
    return replace(record, status=status, elapsed_ms=elapsed_ms(started))


def mac_address(listing: str) -> str:
    """The address in what ``scutil --proxy`` prints, where it is switched on."""
    members = dict(_MAC_MEMBER.findall(listing))
    return members.get("URLString", "") if members.get("Enable") == "1" else ""


def _mac_address() -> str:
    import subprocess

    try:
        listing = subprocess.run(
            ["/usr/sbin/scutil", "--proxy"],
            capture_output=True,
            text=True,
            timeout=_SCUTIL_LIMIT_S,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    return mac_address(listing)


def _windows_address() -> str:
    winreg: Any = importlib.import_module("winreg")
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _REGISTRY_KEY) as key:
            value, _kind = winreg.QueryValueEx(key, "AutoConfigURL")
    except OSError:
        return ""
    return value if isinstance(value, str) else ""
