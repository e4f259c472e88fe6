"""What other programs would have told the person, beside Reporter's verdict, on the same injected faults.

    .venv/bin/python -m tests.benchmarks.explanations

Every program meets the faults in a room of its own (see tests/scenarios/room.py), so this needs what those
need. A program's words are taken at their best: SAYINGS maps each to the layer it points at and to the one
who could mend it, as a reader who knows the field would understand it. What names neither, names nobody;
what the server's own page would say is not counted, and there is none for most faults.
One scenario of every cause that a web address can meet, and every pair of two faults.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.scenarios import certificates, databases, proving
from tests.scenarios.room import Room, why_no_rooms
from tests.scenarios.scenario import Scenario
from tests.scenarios.table import PAIRS, TABLE

LIMIT_S = 15
WORDS_LIMIT_CHARS = 60
SIDE_BY_SIDE = 2

# A script that fails as an application with the library would, and prints only the library's words.
_REQUESTS = """
import sys, requests
try:
    requests.get(sys.argv[1], timeout=5).raise_for_status()
except Exception as error:
    print(type(error).__name__, error)
"""


class Pointer(NamedTuple):
    """What a saying points at; empty where it leaves that open."""

    layer: str
    owner: str


_OF_STATUS = {
    "401": "user", "403": "server", "404": "it", "407": "user", "408": "server", "410": "it", "413": "it",
    "421": "server", "423": "server", "429": "server", "431": "it", "451": "network",
}  # fmt: skip

# The first that is found counts. Statuses have a pattern of their own.
SAYINGS: tuple[tuple[str, Pointer], ...] = (
    # proxies
    (r"response 407|failed: 407|ERR_PROXY_AUTH|ERR_INVALID_AUTH_CREDENTIALS", Pointer("proxy", "user")),
    (r"tunnel failed, response 403|connection failed: 403", Pointer("proxy", "it")),
    (r"tunnel failed, response 50[234]|connection failed: 50[234]", Pointer("proxy", "network")),
    (r"resolve proxy|(ProxyError|proxy\.example\.org).*(resolve|resolution)", Pointer("proxy", "it")),
    (r"ProxyError.*WRONG_VERSION|proxy URL scheme", Pointer("proxy", "it")),
    (r"Proxy CONNECT aborted", Pointer("proxy", "")),
    (
        r"to proxy|proxy\.example\.org', port|ProxyError|ERR_(PROXY|TUNNEL)_CONNECTION_FAILED",
        Pointer("proxy", "network"),
    ),
    # names
    (r"ERR_NAME_NOT_RESOLVED|DNS_PROBE_FINISHED_NXDOMAIN|Name or service not known", Pointer("dns", "it")),
    (
        r"Resolving timed out|DNS_PROBE|Temporary failure in name resolution|ERR_NAME_RESOLUTION",
        Pointer("dns", "network"),
    ),
    (r"Could not resolve host|resolve|getaddrinfo|No address associated", Pointer("dns", "it")),
    (r"label|idna|IDNA|bad/illegal format|URL rejected|ERR_INVALID_URL|Invalid URL", Pointer("dns", "it")),
    # certificates, as OpenSSL and Chromium call their faults
    (r"certificate has expired|not yet valid|ERR_CERT_DATE_INVALID", Pointer("tls", "server")),
    (
        r"Hostname mismatch|no alternative certificate subject|doesn't match|ERR_CERT_COMMON_NAME_INVALID",
        Pointer("tls", "server"),
    ),
    (
        r"self[- ]signed|unable to get local issuer|ERR_CERT_AUTHORITY_INVALID|CERTIFICATE_VERIFY_FAILED",
        Pointer("tls", "it"),
    ),
    # the secure connection
    (r"UNRECOGNIZED_NAME|unrecognized name|ERR_SSL_UNRECOGNIZED_NAME", Pointer("tls", "server")),
    (r"WRONG_VERSION_NUMBER|wrong version number|ERR_SSL_PROTOCOL_ERROR", Pointer("tls", "it")),
    (r"PROTOCOL_VERSION|protocol version|ERR_SSL_VERSION_OR_CIPHER_MISMATCH", Pointer("tls", "it")),
    (r"HANDSHAKE_FAILURE|handshake failure|CERTIFICATE_REQUIRED|certificate required", Pointer("tls", "it")),
    (r"ERR_BAD_SSL_CLIENT_AUTH_CERT|ERR_SSL_CLIENT_AUTH", Pointer("tls", "it")),
    (r"UNEXPECTED_EOF|unexpected eof|SSL_ERROR_SYSCALL", Pointer("tls", "network")),
    (r"handshake operation timed out|SSL connection timeout", Pointer("tls", "network")),
    (r"SSLError|SSL", Pointer("tls", "")),
    # the connection
    (r"Network is unreachable|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED", Pointer("local", "user")),
    (r"Permission denied|Invalid argument|ERR_NETWORK_ACCESS_DENIED", Pointer("local", "it")),
    (r"refused|ERR_CONNECTION_REFUSED", Pointer("tcp", "server")),
    (r"No route to host|ERR_ADDRESS_UNREACHABLE", Pointer("tcp", "network")),
    (r"reset by peer|ConnectionResetError|ERR_CONNECTION_RESET", Pointer("tcp", "network")),
    (
        r"connect timeout|ConnectTimeout|Connection timed out|ERR_CONNECTION_TIMED_OUT",
        Pointer("tcp", "network"),
    ),
    (r"Failed to connect|ERR_CONNECTION_FAILED", Pointer("tcp", "")),
    # the answer
    (r"redirects|ERR_TOO_MANY_REDIRECTS", Pointer("http", "server")),
    (r"Empty reply|without response|RemoteDisconnected|ERR_EMPTY_RESPONSE", Pointer("http", "server")),
    (
        r"with \d+ out of|bytes remaining|IncompleteRead|ERR_CONTENT_LENGTH_MISMATCH",
        Pointer("http", "network"),
    ),
    (r"Read timed out|ReadTimeout|Operation timed out|ERR_TIMED_OUT", Pointer("http", "server")),
)
_STATUS = re.compile(
    r"(?:returned error: |HTTP ERROR |HTTPError |HTTP error )(\d{3})|(\d{3}) (?:Client|Server) Error"
)
# What pip says whatever happened.
_PIP_PHRASES = re.compile(r"Looking in indexes: \S+|ERROR: (Could not find a version|No matching dist).*")


def pointed_at(words: str) -> Pointer:
    """The layer and the owner that a program's words point at."""
    status = _STATUS.search(words)
    if status is not None:
        code = status[1] or status[2]
        return Pointer("proxy" if code == "407" else "http", _OF_STATUS.get(code, "server"))
    for pattern, pointer in SAYINGS:
        if re.search(pattern, words, re.DOTALL):
            return pointer
    return Pointer("", "")


Program = Callable[[Room, Scenario, Mapping[str, str]], str]


def curl(room: Room, scenario: Scenario, environment: Mapping[str, str]) -> str:
    """Its message, with the exit status."""
    words = ["curl", "-sS", "-L", "--fail", "-o", "/dev/null", "--max-time", "8", scenario.target]
    ended = room.run(_limited(words), environment)
    return f"({ended.returncode}) {ended.stderr}" if ended.returncode else ""


def requests(room: Room, scenario: Scenario, environment: Mapping[str, str]) -> str:
    """The exception."""
    ended = room.run(_limited([sys.executable, "-c", _REQUESTS, scenario.target]), environment)
    return ended.stdout


def chromium(room: Room, scenario: Scenario, environment: Mapping[str, str]) -> str:
    """The code on its error page; it trusts the company's authority by policy."""
    managed = room.folder / "chromium/policies/managed"
    managed.mkdir(parents=True)
    pem = certificates.company().cert_pem.bytes().decode("ascii")
    body = "".join(line for line in pem.splitlines() if "-----" not in line)
    (managed / "policy.json").write_text(json.dumps({"CACertificates": [body]}), encoding="utf-8")
    room.mounts["/etc/chromium"] = room.folder / "chromium"
    words = [
        "chromium",
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--user-data-dir={room.folder / 'profile'}",
    ]
    if proxy := environment.get("HTTPS_PROXY"):
        words.append(f"--proxy-server={proxy}")
    ended = room.run(_limited([*words, "--dump-dom", scenario.target]), environment)
    if "ERR_NETWORK_CHANGED" in ended.stderr:  # a new room's network was not quite ready
        ended = room.run(_limited([*words, "--dump-dom", scenario.target]), environment)
    found = re.search(r"net::(ERR_[A-Z_]+)", ended.stderr) or re.search(
        r"\b(DNS_PROBE_[A-Z_]+)", ended.stdout
    )
    if found is None:
        return ""
    return _http_error(room, scenario, environment) if "RESPONSE_CODE" in found[1] else found[1]


def _http_error(room: Room, scenario: Scenario, environment: Mapping[str, str]) -> str:
    """What Chromium's window writes where an error status has no page; without a window it does not."""
    words = ["curl", "-sk", "-L", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "8", scenario.target]
    return f"HTTP ERROR {room.run(_limited(words), environment).stdout}"


def pip(room: Room, scenario: Scenario, environment: Mapping[str, str]) -> str:
    """What it says when the address is its package index."""
    words = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-input", "--no-cache-dir"]
    words += ["--disable-pip-version-check", "--retries", "1", "--timeout", "5", "--dest", str(room.folder)]
    if scenario.target.startswith("http:"):
        words += ["--trusted-host", "erp.example.org"]
    ended = room.run(_limited([*words, "--index-url", scenario.target, "no-such-package"]), environment)
    return _PIP_PHRASES.sub("", ended.stderr + ended.stdout).strip()


PROGRAMS: dict[str, Program] = {"curl": curl, "requests": requests, "Chromium": chromium, "pip": pip}


def _limited(words: list[str]) -> list[str]:
    """Browsers have children; this ends them all."""
    return ["timeout", "--kill-after=2", str(LIMIT_S), *words]


def chosen() -> list[Scenario]:
    """One scenario of every cause that a web address alone can meet, and the pairs."""
    fit = [
        scenario
        for scenario in TABLE
        if scenario.target.startswith("http")
        and scenario.cause != "ok"
        and not (scenario.heard or scenario.clock or scenario.needs)
    ]
    singles = {scenario.cause: scenario for scenario in reversed(fit) if scenario not in PAIRS}
    return [*singles.values(), *(scenario for scenario in PAIRS if scenario in fit)]


def ask(scenario: Scenario, program: str) -> tuple[str, Pointer]:
    """A program's words on a scenario, and what they point at."""
    if program == "Reporter":
        verdict = proving.run(scenario, {}).verdict
        return verdict.cause, Pointer(verdict.layer, verdict.owner)
    with Room() as room:
        proving.furnish(room, scenario)
        environment = {**proving.trust(room, scenario), **scenario.environment}
        trusted = environment["SSL_CERT_FILE"]
        environment |= {"REQUESTS_CA_BUNDLE": trusted, "CURL_CA_BUNDLE": trusted, "PIP_CERT": trusted}
        words = PROGRAMS[program](room, scenario, environment)
    return words, pointed_at(words)


def main() -> None:
    """Ask all programs, and print what they said and how often they were right."""
    if why := why_no_rooms():
        sys.exit(f"NOTHING CAN BE COMPARED: {why}")
    certificates.prepare()
    scenarios = chosen()
    programs = ["Reporter", *PROGRAMS]
    with databases.made(), ThreadPoolExecutor(SIDE_BY_SIDE) as workers:
        asked = {(s.name, p): workers.submit(ask, s, p) for s in scenarios for p in programs}
        told = {key: future.result() for key, future in asked.items()}
    console = Console(width=200)
    console.print(_side_by_side(scenarios, programs, told))
    console.print(_score(scenarios, programs, told))


def _side_by_side(
    scenarios: list[Scenario], programs: list[str], told: Mapping[tuple[str, str], tuple[str, Pointer]]
) -> Table:
    table = Table(
        "injected", *programs, title="What each said (first mark: right layer, second: right owner)"
    )
    for scenario in scenarios:
        cells = []
        for program in programs:
            words, pointer = told[scenario.name, program]
            marks = "".join("✓" if right else "·" for right in _right(pointer, scenario))
            shown = re.sub(r"\s+", " ", words).strip()[-WORDS_LIMIT_CHARS:] or "nothing"
            cells.append(f"{marks} {shown}".replace("[", "\\["))
        table.add_row(f"{scenario.cause} ({scenario.name})", *cells)
    return table


def _score(
    scenarios: list[Scenario], programs: list[str], told: Mapping[tuple[str, str], tuple[str, Pointer]]
) -> Table:
    table = Table("", "right layer", "right owner", title=f"{len(scenarios)} scenarios")
    for program in programs:
        right = [_right(told[s.name, program][1], s) for s in scenarios]
        layers, owners = (sum(column) for column in zip(*right, strict=True))
        table.add_row(
            program, *(f"{n} of {len(scenarios)}  {n / len(scenarios):.0%}" for n in (layers, owners))
        )
    return table


def _right(pointer: Pointer, scenario: Scenario) -> tuple[bool, bool]:
    return pointer.layer == scenario.layer, pointer.owner == scenario.owner


if __name__ == "__main__":
    main()
