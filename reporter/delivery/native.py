"""The native destination: one multipart POST to an endpoint such as the inbox.

The part ``report`` holds exactly the bytes of report.json, parts ``attachment`` the files; the header
``Idempotency-Key`` the reference. A report counts as accepted only when the answer names its
reference and says so: a captive portal also answers 200.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from reporter._version import __version__
from reporter.delivery.backoff import retry_after_s
from reporter.delivery.destination import Destination, Kind, Outcome
from reporter.errors import UsageError
from reporter.texts.safe import one_line, why_unsafe_link, without_secrets

if TYPE_CHECKING:
    import requests

    from reporter.delivery.spool import Envelope

CONNECT_TIMEOUT_S = 5.05  # above the 3 s of TCP's first repeated SYN, and the 2 s Windows needs to refuse
READ_TIMEOUT_S = 20.0
OVERALL_LIMIT_S = 120.0  # 10 MB on a slow line
ANSWER_LIMIT_BYTES = 64 * 1024
CLAUSE_LIMIT_CHARS = 200

# 511 is the sign of a captive portal, not a fault of the endpoint's server.
_POSTPONED = frozenset({408, 425, 429, 511})
_REFUSED = frozenset({400, 409, 413, 415, 422})

# What an administrator can do where the destination pauses.
_LET_IN = (
    "this version signs in nowhere: let the endpoint take reports without a sign-in, for example from "
    "the internal network only"
)
_CORRECT_ADDRESS = "correct the address of the endpoint"
_MENDING = {401: _LET_IN, 403: _LET_IN}


class NativeDestination(Destination):
    """An HTTP or HTTPS endpoint that takes reports without a sign-in.

    Raises UsageError for an address that cannot be posted to, or holds a user name or password.
    """

    def __init__(
        self,
        address: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        overall_limit_s: float = OVERALL_LIMIT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or port == 0 or any(c.isspace() or not c.isprintable() for c in address):
            raise UsageError(
                "A destination that begins with http:// or https:// must name a server, "
                "for example https://support.example.org/reports; this one "
                f"({one_line(without_secrets(address), CLAUSE_LIMIT_CHARS) or 'unreadable'}) does not."
            )
        self.name = without_secrets(address)
        if "@" in parts.netloc:
            raise UsageError(
                f"The address of the destination {one_line(self.name, CLAUSE_LIMIT_CHARS)} was given with a "
                "user name or password; this version signs in nowhere, so leave them out."
            )
        self._url = urlunsplit(parts._replace(fragment=""))
        self._now = now
        self._overall_limit_s = overall_limit_s
        self._read_timeout_s = read_timeout_s

    def deliver(self, envelope: Envelope) -> Outcome:
        """Post the report; see ``judge`` for what becomes of which answer.

        The time-outs of a socket begin anew with every byte and name servers know none, so the
        exchange runs on a thread that is abandoned when the overall limit is reached. Should the
        report still arrive, the next try is recognised by its key.
        """
        outcomes: list[Outcome] = []
        deadline = time.monotonic() + self._overall_limit_s
        exchange = threading.Thread(
            target=lambda: outcomes.append(self._exchange(envelope, deadline)),
            daemon=True,
            name="reporter-delivery",
        )
        exchange.start()
        exchange.join(self._overall_limit_s)
        if not outcomes:
            return _postponed(f"the exchange with the endpoint took longer than {self._overall_limit_s:g} s")
        return outcomes[0]

    def _exchange(self, envelope: Envelope, deadline: float) -> Outcome:
        import requests

        try:
            with self._session() as session, self._post(session, envelope) as response:
                body = _read(response, deadline)
                return judge(
                    response.status_code,
                    response.headers,
                    body,
                    reference=envelope.reference,
                    now=self._now(),
                )
        except requests.exceptions.SSLError:
            return _postponed(
                "no safe connection to the endpoint: its certificate or its TLS is not accepted here"
            )
        except requests.exceptions.ProxyError:
            return _postponed("the proxy on the way to the endpoint cannot be used")
        except requests.exceptions.ConnectTimeout:
            return _postponed(f"no connection to the endpoint within {CONNECT_TIMEOUT_S:.0f} s")
        except requests.exceptions.Timeout:
            return _postponed(f"no answer from the endpoint within {self._read_timeout_s:g} s")
        except requests.exceptions.ConnectionError as error:
            return _postponed(_connection_clause(error))
        except requests.exceptions.RequestException as error:
            return _postponed(f"the exchange with the endpoint broke off ({type(error).__name__})")
        except Exception as error:  # noqa: BLE001 - the contract is an Outcome, whatever a library raises
            return _postponed(f"the exchange with the endpoint could not be made ({type(error).__name__})")

    def _session(self) -> requests.Session:
        import requests

        class StraightSession(requests.Session):
            def get_redirect_target(self, resp: requests.Response) -> None:
                """Nowhere; requests would read the whole body of a redirect even to leave it alone."""

        session = StraightSession()
        session.mount("https://", _system_trust_adapter())
        # Always an own answer to "who are you?", or requests would look for one in ~/.netrc.
        session.auth = lambda request: request
        return session

    def _post(self, session: requests.Session, envelope: Envelope) -> requests.Response:
        from urllib3.filepost import encode_multipart_formdata

        body, content_type = encode_multipart_formdata(
            [
                ("report", ("report.json", envelope.report_json, "application/json")),
                *(
                    ("attachment", (file.name, file.content, file.content_type))
                    for file in envelope.attachments
                ),
            ]
        )
        return session.post(
            self._url,
            # A file is sent in blocks; bytes would have to pass as one within the connect time-out.
            data=io.BytesIO(body),
            headers={
                "Accept": "application/json, application/problem+json",
                "Accept-Encoding": "identity",
                "Content-Type": content_type,
                "Idempotency-Key": envelope.reference,
                "User-Agent": f"reporter-agent/{__version__}",
            },
            timeout=(CONNECT_TIMEOUT_S, self._read_timeout_s),
            allow_redirects=False,
            stream=True,
        )


def judge(status: int, headers: Any, body: bytes, *, reference: str, now: datetime) -> Outcome:
    """What an answer means; pure. ``headers`` is a mapping that ignores case.

    2xx counts only with a JSON confirmation of this reference. 408, 425, 429 and 5xx: try again.
    400, 409, 413, 415, 422: it will never be taken. Everything else (401, 403, 404…) says that the
    address is wrong or reports are not let in: the destination pauses.
    """
    if 200 <= status < 300:
        return _confirmation(body, reference)
    said = _said(status, body)
    after_s = retry_after_s(headers.get("Retry-After", ""), now)
    if status in _POSTPONED:
        return Outcome(kind=Kind.POSTPONED, reason=said, retry_after_s=after_s)
    if status >= 500:
        return Outcome(kind=Kind.POSTPONED, reason=said, retry_after_s=after_s, server_fault=True)
    if 300 <= status < 400:
        target = one_line(without_secrets(headers.get("Location", "")), CLAUSE_LIMIT_CHARS)
        return _postponed(
            f"{said} and redirects to {target or 'nowhere'}; redirects are not followed "
            "(a sign-in page of the network, or the endpoint has moved)"
        )
    if status in _REFUSED:
        return Outcome(kind=Kind.REFUSED, reason=said)
    return Outcome(kind=Kind.PAUSED, reason=f"{said}; {_MENDING.get(status, _CORRECT_ADDRESS)}")


def _confirmation(body: bytes, reference: str) -> Outcome:
    document = _json_object(body)
    if document.get("reference") != reference or document.get("state") != "accepted":
        return _postponed(
            "what answered did not confirm the report; a sign-in page of the network, or another service, "
            "may stand at the endpoint's address"
        )
    page = document.get("page")
    if not isinstance(page, str) or why_unsafe_link(page) is not None:
        page = ""
    return Outcome(kind=Kind.ACCEPTED, page=page)


def _said(status: int, body: bytes) -> str:
    """“the endpoint answered 422 Unprocessable Entity: …”, with the detail of a problem document."""
    try:
        name = f" {HTTPStatus(status).phrase}"
    except ValueError:
        name = ""
    detail = _json_object(body).get("detail")
    more = (
        f": {one_line(detail, CLAUSE_LIMIT_CHARS).rstrip('.')}" if isinstance(detail, str) and detail else ""
    )
    return f"the endpoint answered {status}{name}{more}"


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _read(response: requests.Response, deadline: float) -> bytes:
    """The answer's first 64 KiB; what is longer is no confirmation and is not waited for."""
    body = b""
    for block in response.iter_content(8192):
        body += block
        if len(body) > ANSWER_LIMIT_BYTES or time.monotonic() > deadline:
            break
    return body[:ANSWER_LIMIT_BYTES]


def _connection_clause(error: BaseException) -> str:
    """Why there was no exchange, told by the types and numbers of the exceptions, never by their text."""
    import socket
    from http.client import HTTPException

    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "the endpoint's name is not known to this network"
        if isinstance(cause, ConnectionRefusedError):
            return "the endpoint's server refuses the connection"
        if isinstance(cause, ConnectionResetError | ConnectionAbortedError | BrokenPipeError):
            return "the connection to the endpoint was cut off"
        if isinstance(cause, TimeoutError):
            return "the connection to the endpoint took too long"
        if isinstance(cause, HTTPException):
            return "what answers at the endpoint's address is not a web server, or its answer is malformed"
    return "no connection to the endpoint"


def _causes(error: BaseException) -> list[BaseException]:
    """``error`` and everything it was made from, each once."""
    found: list[BaseException] = []
    left: list[Any] = [error]
    while left:
        cause = left.pop()
        if isinstance(cause, BaseException) and all(cause is not known for known in found):
            found.append(cause)
            left += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return found


def _postponed(reason: str) -> Outcome:
    return Outcome(kind=Kind.POSTPONED, reason=reason)


def _system_trust_adapter() -> requests.adapters.HTTPAdapter:
    """An adapter that trusts what the operating system trusts, and not certifi's list."""
    import ssl

    import requests
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    class SystemTrustAdapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=context)

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            return super().proxy_manager_for(proxy, **kwargs, ssl_context=context)

        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
            """Require a valid certificate; the inherited method would add certifi's list to the trust."""
            conn.cert_reqs = "CERT_REQUIRED"

    return SystemTrustAdapter()
