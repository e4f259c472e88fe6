"""A receiver of 1C's error-registration protocol that reads as a typed language would, on a real socket.

Every field is wanted, of its exact type, and nothing else; it behaves as five receivers in the field do.
"""

# ruff: noqa: N815 - the protocol's names

from __future__ import annotations

import email
import email.policy
import hashlib
import io
import threading
import uuid
import zipfile
from datetime import datetime
from email.message import EmailMessage
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

INT_32 = 2**31 - 1
INT_64 = 2**63 - 1
Number = Annotated[int, Meta(ge=0, le=INT_64)]
Line = Annotated[int, Meta(ge=0, le=INT_32)]
Hash = Annotated[str, Meta(pattern=r"^([0-9a-f]{32})?\Z")]
Locale = Annotated[str, Meta(max_length=10)]
Platform = Annotated[str, Meta(pattern=r"^((Linux|Windows|MacOS)_(x86|x86_64|ARM64))?\Z")]
Pairs = list[tuple[str, str]]


class Exact(msgspec.Struct, forbid_unknown_fields=True):
    """All members are mandatory, and there are no others."""


class SystemInfo(Exact):
    osVersion: str
    fullRAM: Number
    freeRAM: Number
    processor: str
    useragent: str
    clientID: str


class ClientInfo(Exact):
    platformType: Platform
    appVersion: str
    appName: str
    systemInfo: SystemInfo


class SessionInfo(Exact):
    userName: str
    dataSeparation: str
    platformInterfaceLanguageCode: str
    configurationInterfaceLanguageCode: str
    localeCode: Locale


class InfoBaseInfo(Exact):
    localeCode: Locale


class ServerInfo(Exact):
    type: str
    platformType: Platform
    appVersion: str
    dbms: str


class ConfigInfo(Exact):
    name: Annotated[str, Meta(pattern=r"\S")]
    description: str
    version: str
    compatibilityMode: str
    hash: Hash
    changeEnabled: bool
    extensions: Pairs
    extentions: Pairs
    disabledExtensions: Pairs
    disabledExtentions: Pairs


class SystemErrorInfo(Exact):
    clientStack: str
    clientStackHash: Hash
    serverStack: str
    serverStackHash: Hash
    systemCrash: bool


class ApplicationErrorInfo(Exact):
    errors: list[tuple[str, list[str]]]
    stack: list[tuple[str, Line, str]]
    stackHash: Hash


class ErrorInfo(Exact):
    userDescription: str
    systemErrorInfo: SystemErrorInfo
    applicationErrorInfo: ApplicationErrorInfo


class Screenshot(Exact):
    file: str


class Dump(Exact):
    type: str
    file: str
    reasonForNoDump: dict[str, str]


class Pushed(Exact):
    """``report.json`` of ``pushReport``."""

    time: Annotated[datetime, Meta(tz=True)]
    id: uuid.UUID
    clientInfo: ClientInfo
    sessionInfo: SessionInfo
    infoBaseInfo: InfoBaseInfo
    serverInfo: ServerInfo
    configInfo: ConfigInfo
    errorInfo: ErrorInfo
    screenshot: Screenshot
    additionalInfo: str
    additionalData: str
    additionalFiles: list[str]
    dump: Dump


class Asked(Exact):
    """The document of ``getInfo``."""

    configName: Annotated[str, Meta(pattern=r"\S")]
    configVersion: str
    configHash: Hash
    appStackHash: Hash
    clientStackHash: Hash
    serverStackHash: Hash
    platformType: Platform
    appName: str
    appVersion: str
    platformInterfaceLanguageCode: Locale
    configurationInterfaceLanguageCode: Locale
    clientID: str
    reportID: str
    systemCrash: bool
    ErrorCategories: list[str]


class Stored(NamedTuple):
    """A report that was understood, with the files of its zip but ``report.json``."""

    report: Pushed
    files: dict[str, bytes]


class BadConvert(Exception):
    """What a receiver cannot read."""


def read(zipped: bytes) -> Stored:
    """The report in a zip; raises BadConvert for the smallest deviation."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
        if len(files) != len(archive.namelist()) or any(set(name) & set("/\\:") for name in files):
            raise BadConvert("names")
    raw = files.pop("report.json", None)
    if raw is None or raw.startswith(b"\xef\xbb\xbf"):
        raise BadConvert("no report.json, or a byte-order mark")
    try:
        report = msgspec.json.decode(raw.decode("utf-8"), type=Pushed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadConvert(str(error)) from error
    named = report.additionalFiles + [name for name in (report.screenshot.file, report.dump.file) if name]
    if sorted(named) != sorted(files):
        raise BadConvert(f"{named} are named, {list(files)} are there")
    is_png = files.get(report.screenshot.file, b"").startswith(b"\x89PNG\r\n\x1a\n")
    if report.screenshot.file.endswith(".png") and not is_png:
        raise BadConvert("the screenshot is no PNG")
    return Stored(report, files)


class Manner(Enum):
    """How a receiver answers a push, by the language it is written in."""

    GO = "a list of what was made; null without a file; 500 for what it cannot read"
    SPRING = "an object; 500 for what it cannot read"
    C_SHARP = "an empty 200, whatever became of it; opens the screenshot that is named"
    JAVA = "an empty 200, whatever became of it"
    PYTHON = "an empty page; 500 with a page; never passes on userDescription"


class Receiver:
    """Listens on loopback below ``/api/reg``; to be closed.

    ``stored``: by id; ``pushes``: how many came; ``message``: for the person; ``needs``: what ``getInfo``
    answers, None for by what is stored.
    """

    def __init__(self, manner: Manner = Manner.GO) -> None:
        self.manner = manner
        self.stored: dict[uuid.UUID, Stored] = {}
        self.asked: list[Asked] = []
        self.pushes = 0
        self.needs: bool | None = None
        self.message: str | None = ""
        self.faults: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"onec+http://127.0.0.1:{self.port}/api/reg"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def get_info(self, body: bytes) -> tuple[int, str, bytes]:
        """Status, type and body of the answer."""
        try:
            asked = msgspec.json.decode(body, type=Asked)
        except msgspec.DecodeError as error:
            self.faults.append(str(error))
            return 400, "application/json", msgspec.json.encode({"message": str(error)})
        self.asked.append(asked)
        is_known = _mark(asked.clientStackHash, asked.appStackHash) in {
            _mark(
                one.report.errorInfo.systemErrorInfo.clientStackHash,
                one.report.errorInfo.applicationErrorInfo.stackHash,
            )
            for one in self.stored.values()
        }
        needed = not is_known if self.needs is None else self.needs
        answer = {"needSendReport": needed, "userMessage": self.message, "dumpType": 1}
        return 200, "application/json; charset=utf-8", msgspec.json.encode(answer)

    def push_report(self, message: EmailMessage) -> tuple[int, str, bytes]:
        """Status, type and body of the answer."""
        self.pushes += 1
        parts = [part for part in message.iter_parts() if part.get_filename()]
        if not parts:
            return 200, "application/json", b"null" if self.manner is Manner.GO else b""
        [part] = parts
        try:
            if (
                part.get_param("name", header="Content-Disposition"),
                part.get_filename(),
                part.get_content_type(),
            ) != ("report", "report.zip", "application/zip"):
                raise BadConvert("the part is not the zip")
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            stored = read(payload)
            if self.manner is Manner.C_SHARP and stored.report.screenshot.file not in stored.files:
                raise BadConvert("the screenshot cannot be opened")
        except (BadConvert, zipfile.BadZipFile) as error:
            self.faults.append(str(error))
            if self.manner in (Manner.GO, Manner.SPRING):
                return 500, "application/json", b'{"message": "bad convert"}'
            if self.manner is Manner.PYTHON:
                return 500, "text/html", b"<!doctype html><h1>Internal Server Error</h1>"
            return 200, "", b""
        self.stored[stored.report.id] = stored
        made = {"ID": str(uuid.uuid4()), "EventID": stored.report.id.hex}
        if self.manner is Manner.GO:
            return 200, "application/json", msgspec.json.encode([made])
        if self.manner is Manner.SPRING:
            return 200, "application/json", msgspec.json.encode(made)
        return 200, "text/html; charset=utf-8" if self.manner is Manner.PYTHON else "", b""

    def passed_on(self, stored: Stored) -> str:
        """The texts that support sees behind this receiver."""
        texts = [text for text, _ in stored.report.errorInfo.applicationErrorInfo.errors]
        if self.manner is not Manner.PYTHON:
            texts.append(stored.report.errorInfo.userDescription)
        return "\n".join(texts)


def _mark(*hashes: str) -> str:
    return hashlib.md5("".join(hashes).encode(), usedforsecurity=False).hexdigest()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.headers["Content-Type"]
            if self.path == "/api/reg/getInfo" and kind == "application/json":
                self._answer(*receiver.get_info(body))
            elif self.path == "/api/reg/pushReport" and kind.startswith("multipart/form-data"):
                head = f"Content-Type: {kind}\r\n\r\n".encode()
                message: Any = email.message_from_bytes(head + body, policy=email.policy.HTTP)
                self._answer(*receiver.push_report(message))
            else:
                self._answer(404, "text/plain", b"404 page not found")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing: the tests look at what is stored."""

    return Handler
