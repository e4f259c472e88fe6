"""Failure: what a program knows about the moment its login did not work.

Any program in any language can write one as JSON (schema ``failure/1``); ``message`` and
``target`` suffice. Unknown members are ignored, so that newer programs work with older agents;
an unknown schema version is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from reporter.errors import FailureFormatError
from reporter.texts.safe import one_line, plain

SCHEMA = "failure/1"
SESSION = "session"
REQUEST = "request"
FAILURE_LIMIT_BYTES = 32 * 1024 * 1024
MESSAGE_LIMIT_CHARS = 16_384
TRACEBACK_LIMIT_CHARS = 65_536
NAME_LIMIT_CHARS = 256
TARGET_LIMIT_CHARS = 2_048
PROBLEM_MEMBERS = ("type", "title", "status", "detail", "code", "until", "min", "retry_after")
PROBLEM_CODES = ("type", "code", "until")
PROBLEM_LIMIT_CHARS = 1_000
HIDDEN = "<access code>"
NUMBER_LIMIT = 2**53  # what every reader of JSON can hold


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """The host application, as it names itself."""

    name: str = ""
    version: str = ""


class ExceptionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The root exception, reduced to what a rule may decide on.

    ``errno``: number of the operating system; ``gai_code``: result of getaddrinfo;
    ``reason``: OpenSSL's reason name; ``verify_code``: X.509 verification code;
    ``sqlstate``: five characters by which SQL databases tell what happened; ``ldap_code``: result code of a
    directory, ``ldap_data``: Active Directory's sub-code, the token after "data" in its diagnostic message;
    ``chain``: the type names from the exception caught down to the root.
    ``message`` is for people and never decided on.
    """

    type: str = ""
    message: str = ""
    traceback: str = ""
    errno: int | None = None
    gai_code: int | None = None
    reason: str | None = None
    verify_code: int | None = None
    timed_out: bool = False
    sqlstate: str = ""
    ldap_code: int | None = None
    ldap_data: str = ""
    chain: list[str] = msgspec.field(default_factory=list)


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the server that the host application saw, if it saw one.

    ``problem`` is the parsed body when its type was ``application/problem+json`` (RFC 9457).
    """

    status: int
    content_type: str = ""
    retry_after: str = ""
    problem: dict[str, Any] | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failed attempt; times are RFC 3339 with zone.

    ``action``: ``login``; ``session`` where a running session lost its server; ``run`` where the program
    ended by itself, ``work`` where a part of it failed and it goes on; ``request`` where nothing of the kind
    is known and a person asks for help.
    """

    schema: str = SCHEMA
    occurred_at: datetime | None = None
    action: str = "login"
    target: str = ""
    message: str = ""
    exception: ExceptionInfo | None = None
    application: Application | None = None
    response: Response | None = None

    @property
    def is_crash(self) -> bool:
        """A fault of the program itself, in which a login has no part."""
        return self.action in ("run", "work")

    @property
    def is_request(self) -> bool:
        """A person asks for help; no login was tried."""
        return self.action == REQUEST

    @property
    def is_of_the_network(self) -> bool:
        """The operating system or TLS reported it, or nothing is known but that a server was lost: no answer
        about a person is behind it."""
        error = self.exception
        if error is None:
            return self.response is None and not self.message
        return error.timed_out or (error.errno, error.gai_code, error.reason) != (None, None, None)

    @property
    def is_session(self) -> bool:
        """A running session lost its server, and the connection is to be restored."""
        return self.action == SESSION


def parse(raw: bytes) -> Failure:
    """The Failure in a JSON document, its texts made safe and bounded.

    Raises FailureFormatError, its sentence naming what is wrong and where.
    """
    if len(raw) > FAILURE_LIMIT_BYTES:
        raise FailureFormatError(
            f"The failure document has {len(raw):,} bytes; at most {FAILURE_LIMIT_BYTES:,} are read. "
            "Shorten its message or traceback."
        )
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FailureFormatError(
            f"The failure document is not valid JSON ({error}). "
            'Give at least {"target": "https://…", "message": "…"}.'
        ) from None
    if not isinstance(document, dict):
        raise FailureFormatError(
            'The failure document must be a JSON object, for example {"target": "https://…", "message": "…"}.'
        )
    schema = document.get("schema", SCHEMA)
    if schema != SCHEMA:
        raise FailureFormatError(
            f"The failure document has the schema {plain(str(schema), 60)!r}; "
            f"this version reads {SCHEMA!r}. Update this program, or write {SCHEMA!r}."
        )
    if not document.get("message") and not document.get("target"):
        raise FailureFormatError(
            "The failure document has neither a message nor a target; give at least one, best both."
        )
    try:
        failure = msgspec.convert(document, Failure)
    except (msgspec.ValidationError, RecursionError) as error:
        raise FailureFormatError(
            f"The failure document does not follow {SCHEMA}: {plain(str(error), 300)}."
        ) from None
    return tidy(failure)


def tidy(failure: Failure) -> Failure:
    """The same failure with every text free of control characters and within its limit.

    Of the server's problem only the known members stay, whoever wrote the failure.
    """
    replace = msgspec.structs.replace
    exception = failure.exception
    if exception is not None:
        exception = replace(
            exception,
            type=plain(exception.type, NAME_LIMIT_CHARS),
            message=plain(exception.message, MESSAGE_LIMIT_CHARS),
            traceback=plain(exception.traceback, TRACEBACK_LIMIT_CHARS),
            reason=None if exception.reason is None else plain(exception.reason, NAME_LIMIT_CHARS),
            sqlstate=plain(exception.sqlstate, NAME_LIMIT_CHARS),
            ldap_data=plain(exception.ldap_data, NAME_LIMIT_CHARS),
            chain=[plain(name, NAME_LIMIT_CHARS) for name in exception.chain[:32]],
        )
    application = failure.application
    if application is not None:
        application = replace(
            application,
            name=plain(application.name, NAME_LIMIT_CHARS),
            version=plain(application.version, NAME_LIMIT_CHARS),
        )
    response = failure.response
    if response is not None:
        response = replace(
            response,
            content_type=one_line(response.content_type, NAME_LIMIT_CHARS),
            retry_after=one_line(response.retry_after, NAME_LIMIT_CHARS),
            problem=None if response.problem is None else known_problem(response.problem),
        )
    return replace(
        failure,
        action=plain(failure.action, NAME_LIMIT_CHARS),
        target=plain(failure.target, TARGET_LIMIT_CHARS).strip(),
        message=plain(failure.message, MESSAGE_LIMIT_CHARS),
        exception=exception,
        application=application,
        response=response,
    )


def without(failure: Failure, access_code: str) -> Failure:
    """The same failure where no text quotes the code with which a locked system was tried."""
    if not access_code:
        return failure
    replace = msgspec.structs.replace

    def hide(text: str) -> str:
        return text.replace(access_code, HIDDEN)

    exception, response = failure.exception, failure.response
    if exception is not None:
        exception = replace(exception, message=hide(exception.message), traceback=hide(exception.traceback))
    if response is not None and response.problem is not None:
        problem = {
            name: hide(value) if isinstance(value, str) and name not in PROBLEM_CODES else value
            for name, value in response.problem.items()
        }
        response = replace(response, problem=problem)
    return replace(failure, message=hide(failure.message), exception=exception, response=response)


def known_problem(members: Mapping[str, Any]) -> dict[str, Any]:
    """Of a problem (RFC 9457) the members that a rule or a person needs: plain values, texts bounded."""
    known: dict[str, Any] = {}
    for name in PROBLEM_MEMBERS:
        value = members.get(name)
        if isinstance(value, str):
            known[name] = one_line(value, PROBLEM_LIMIT_CHARS)
        elif isinstance(value, int | float) and abs(value) <= NUMBER_LIMIT:
            known[name] = value
    return known
