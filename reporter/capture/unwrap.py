"""From whatever a library raised down to the fault of the network or the server's answer.

Libraries wrap: ``requests.ConnectionError`` around ``urllib3.MaxRetryError`` around
``NewConnectionError`` around ``ConnectionRefusedError``. The links between them are looked at by
attribute and by the names of their modules, so none of those libraries is imported here. Nothing is
decided on the text of a message: texts are translated and change.
"""

from __future__ import annotations

import errno
import re
import socket
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

from reporter.capture import backtrace
from reporter.capture.backtrace import attribute, safe_str, type_name
from reporter.capture.failure import NUMBER_LIMIT, ExceptionInfo, Response, known_problem

LINKS_LIMIT = 64
PROBLEM_LIMIT_BYTES = 64 * 1024
DIAGNOSTIC_LIMIT_CHARS = 1_024

# Faults of the program, not of the connection: never ours, whatever they were raised from.
_PROGRAMMING = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    NotImplementedError,
    RecursionError,
    ReferenceError,
    StopAsyncIteration,
    StopIteration,
    SyntaxError,
    TypeError,
)
# Classes of SQLSTATE: connection, authorization, unknown database, no resources, operator's intervention
_CONNECTION_CLASSES = ("08", "28", "3D", "53", "57")
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_LDAP_PACKAGES = frozenset({"ldap", "ldap3"})
_LDAP_DATA = re.compile(r"\bdata ([0-9a-fA-F]{2,8})\b")
_NETWORK_PACKAGES = frozenset({"aiohttp", "httpcore", "httpx", "requests", "urllib3"})
_NETWORK_ERRNO_NAMES = (
    "EACCES",
    "EADDRNOTAVAIL",
    "ECONNABORTED",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTDOWN",
    "EHOSTUNREACH",
    "EINVAL",
    "ENETDOWN",
    "ENETRESET",
    "ENETUNREACH",
    "ENOTCONN",
    "EPERM",
    "EPIPE",
    "EPROTO",
    "ESHUTDOWN",
    "ETIMEDOUT",
)
_NETWORK_ERRNOS = frozenset(
    getattr(errno, name) for name in _NETWORK_ERRNO_NAMES if hasattr(errno, name)
) | frozenset(range(10013, 10066))  # Winsock


def is_connection_fault(error: BaseException, also: tuple[type[BaseException], ...] = ()) -> bool:
    """Whether ``error`` tells of a connection or of a server's answer, not of a bug.

    ``also``: exception types of the host that count as well. An exception of the host's own type counts
    when it was raised from, or while handling, such a fault; a builtin one only when raised ``from`` it.
    """
    if not isinstance(error, Exception):
        return False
    if also and isinstance(error, also):
        return True
    if isinstance(error, _PROGRAMMING):
        return False
    implicit = type(error).__module__ != "builtins"
    return any(_is_network_link(link) for link in _links(error, implicit=implicit))


def describe(error: BaseException) -> ExceptionInfo:
    """What rules and people may know of an exception: its root's numbers, texts and the chain of types.

    Never raises, whatever the exception's own methods do.
    """
    links = list(_links(error, implicit=True))
    root = _root(links)
    ldap_code, ldap_data = next(filter(any, map(_ldap_result, links)), (None, ""))
    return ExceptionInfo(
        type=type_name(root),
        message=safe_str(root),
        traceback=backtrace.text(error),
        errno=_integer(attribute(root, "errno")) if isinstance(root, OSError) else None,
        gai_code=_integer(attribute(root, "errno")) if isinstance(root, socket.gaierror) else None,
        reason=_text_or_none(attribute(root, "reason")) if _is_ssl(root) else None,
        verify_code=_integer(attribute(root, "verify_code")),
        timed_out=isinstance(root, TimeoutError),
        sqlstate=next(filter(None, map(_sqlstate, links)), ""),
        ldap_code=ldap_code,
        ldap_data=ldap_data,
        chain=[type_name(link) for link in links],
    )


def response(error: BaseException) -> Response | None:
    """The server's answer that an exception carries, for requests, httpx, aiohttp and urllib; else None.

    Never reads from the network: a body is used only when the library has read it already.
    """
    for link in _links(error, implicit=True):
        answer = attribute(link, "response")
        holder: Any = link if answer is None else answer
        for name in ("status_code", "status", "code"):
            status = _integer(attribute(holder, name))
            if status is not None and 100 <= status <= 599:
                headers = attribute(holder, "headers")
                content_type = _header(headers, "Content-Type")
                return Response(
                    status=status,
                    content_type=content_type,
                    retry_after=_header(headers, "Retry-After"),
                    problem=_problem(holder, content_type),
                )
    return None


def _links(error: BaseException, *, implicit: bool) -> Iterator[BaseException]:
    """The exception and all it wraps, outermost first, each once; ``implicit``: also ``__context__``."""
    seen: set[int] = set()
    waiting: deque[BaseException] = deque([error])
    while waiting and len(seen) < LINKS_LIMIT:
        link = waiting.popleft()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner: list[object] = [
            attribute(link, "reason"),
            *_attribute_tuple(link, "args")[:2],
            attribute(link, "__cause__"),
        ]
        if isinstance(link, BaseExceptionGroup):
            inner.extend(_attribute_tuple(link, "exceptions")[:LINKS_LIMIT])
        if implicit:
            inner.append(attribute(link, "__context__"))
        waiting.extend(part for part in inner if isinstance(part, BaseException))


def _attribute_tuple(link: BaseException, name: str) -> tuple[object, ...]:
    value = attribute(link, name)
    return value if isinstance(value, tuple) else ()


def _root(links: list[BaseException]) -> BaseException:
    """The link that tells most: the deepest of the highest rank."""
    return max(enumerate(links), key=lambda item: (_rank(item[1]), item[0]))[1]


def _rank(link: BaseException) -> int:
    if _integer(attribute(link, "verify_code")) is not None and _is_ssl(link):
        return 6
    if _is_ssl(link) or isinstance(link, socket.gaierror):
        return 5
    if isinstance(link, OSError) and attribute(link, "errno") in _NETWORK_ERRNOS:
        return 4
    if isinstance(link, TimeoutError | ConnectionError) or _is_bad_name(link):
        return 3
    return 2 if _is_network_link(link) else 1


def _sqlstate(link: BaseException) -> str:
    """The SQLSTATE that a database's exception carries: psycopg, asyncpg, pg8000 and others; else empty."""
    for name in ("sqlstate", "pgcode"):
        value = attribute(link, name)
        if isinstance(value, str) and _SQLSTATE.fullmatch(value):
            return value
    return ""


def _ldap_result(link: BaseException) -> tuple[int | None, str]:
    """Result code and Active Directory's sub-code of an exception of python-ldap or ldap3.

    The token "data" in the directory's own diagnostic message is a documented code, not a sentence.
    """
    if not any(base.__module__.partition(".")[0] in _LDAP_PACKAGES for base in type(link).__mro__):
        return None, ""
    told = next((part for part in _attribute_tuple(link, "args") if isinstance(part, dict)), {})
    code = _integer(told.get("result", attribute(link, "result")))
    diagnostic = told.get("info", attribute(link, "message"))
    found = _LDAP_DATA.search(diagnostic[:DIAGNOSTIC_LIMIT_CHARS]) if isinstance(diagnostic, str) else None
    return code, found[1].lower() if found is not None else ""


def _is_network_link(link: BaseException) -> bool:
    if isinstance(link, OSError):
        if isinstance(link, socket.gaierror | ConnectionError | TimeoutError) or _is_ssl(link):
            return True
        if _from_network_package(link) or _is_urllib(link):
            return True
        # A file name means a file; asyncio joins several failed addresses into an OSError without errno.
        return link.filename is None and (
            link.errno in _NETWORK_ERRNOS or (type(link) is OSError and link.errno is None)
        )
    return (
        _is_bad_name(link)
        or _sqlstate(link)[:2] in _CONNECTION_CLASSES
        or _from_network_package(link)
        or any(base.__module__ == "http.client" for base in type(link).__mro__)
        or type(link).__name__ == "IncompleteReadError"
    )


def _is_urllib(link: BaseException) -> bool:
    return any(base.__module__ == "urllib.error" for base in type(link).__mro__)


def _is_bad_name(link: BaseException) -> bool:
    """A host name that cannot be encoded for DNS."""
    return isinstance(link, UnicodeError) and attribute(link, "encoding") in (None, "idna")


def _is_ssl(link: BaseException) -> bool:
    ssl = sys.modules.get("ssl")  # an SSLError cannot exist before ssl was imported
    return ssl is not None and isinstance(link, ssl.SSLError)


def _from_network_package(link: BaseException) -> bool:
    return any(base.__module__.partition(".")[0] in _NETWORK_PACKAGES for base in type(link).__mro__)


def _integer(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= NUMBER_LIMIT
    return int(value) if is_number else None  # type: ignore[call-overload] # it is one


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _header(headers: object, name: str) -> str:
    try:
        value = headers.get(name)  # type: ignore[attr-defined] # any library's mapping
    except Exception:  # noqa: BLE001 - not a mapping
        return ""
    return value if isinstance(value, str) else ""


def _problem(holder: object, content_type: str) -> dict[str, Any] | None:
    """The members of an RFC 9457 body that a rule or a person needs."""
    if content_type.partition(";")[0].strip().lower() != "application/problem+json":
        return None
    # requests and httpx keep a body they have read under this name; their public property would read it now.
    kept = attribute(holder, "__dict__")
    body = kept.get("_content") if isinstance(kept, dict) else None
    if not isinstance(body, bytes) or len(body) > PROBLEM_LIMIT_BYTES:
        return None
    try:
        members = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return known_problem(members) if isinstance(members, dict) else None
