"""Transport: one bounded HTTP exchange with a support endpoint, for every kind that speaks HTTP.

The operating system's trust store and proxies, an optional client certificate and sign-in, no redirects, no
cookies, no ``~/.netrc``. Whatever goes wrong comes back as an English clause, never as an exception.
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import msgspec

from reporter._version import __version__
from reporter.delivery.access import Access
from reporter.errors import UsageError
from reporter.texts.safe import one_line, without_secrets

if TYPE_CHECKING:
    import socket

    import requests

CONNECT_TIMEOUT_S = 5.05  # above the 3 s of TCP's first repeated SYN, and the 2 s Windows needs to refuse
READ_TIMEOUT_S = 20.0
OVERALL_LIMIT_S = 120.0  # 10 MB on a slow line
ANSWER_LIMIT_BYTES = 64 * 1024
CLAUSE_LIMIT_CHARS = 200
INTERIM_LIMIT_ANSWERS = 20


def multipart(parts: Sequence[tuple[str, tuple[str, bytes, str]]]) -> tuple[bytes, str]:
    """A form of files and its content type; ``parts``: name, then file name, content and type of each."""
    # The whole before its part: where two threads wait for what the other imports, Python breaks one off.
    import requests  # noqa: F401
    from urllib3.filepost import encode_multipart_formdata

    return encode_multipart_formdata(parts)


class Answer(NamedTuple):
    """``headers`` ignores case; ``body`` holds the first 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json_object(self) -> dict[str, Any]:
        """The body where it is a JSON object, an empty one where it is anything else or has no end."""
        if len(self.body) >= ANSWER_LIMIT_BYTES:
            return {}
        try:
            document = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}
        return document if isinstance(document, dict) else {}


class Transport:
    """Makes exchanges with the time limits given, in seconds."""

    def __init__(
        self,
        access: Access | None = None,
        *,
        overall_limit_s: float = OVERALL_LIMIT_S,
        read_timeout_s: float = READ_TIMEOUT_S,
    ) -> None:
        self._access = access or Access()
        self._overall_limit_s = overall_limit_s
        self._read_timeout_s = read_timeout_s

    def limited(self, overall_limit_s: float) -> Transport:
        """The same for exchanges that must end sooner."""
        return Transport(
            self._access,
            overall_limit_s=min(self._overall_limit_s, overall_limit_s),
            read_timeout_s=min(self._read_timeout_s, overall_limit_s),
        )

    def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer | str:
        """The answer, or a clause why there was none; never raises.

        The time-outs of a socket begin anew with every byte and name servers know none, so the
        exchange runs on a thread, whose connection is cut when the overall limit is reached. Should what was
        sent still arrive, the next try is recognised by its key.
        """
        results: list[Answer | str] = []
        line = _Line(time.monotonic() + self._overall_limit_s)
        thread = threading.Thread(
            target=lambda: results.append(self._exchange(method, url, headers, body, line)),
            daemon=True,
            name="reporter-delivery",
        )
        thread.start()
        thread.join(self._overall_limit_s)
        # Asked before the cut, which looks like an answer that is over, and might be taken for a whole one.
        in_time = bool(results)
        line.cut()
        if not in_time:
            return f"the exchange with the endpoint took longer than {self._overall_limit_s:g} s"
        return results[0]

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, line: _Line
    ) -> Answer | str:
        import requests

        try:
            session = self._session(line)
        except OSError:  # ssl.SSLError is one
            return "the client certificate cannot be used: its file is missing, unreadable or no PEM file"
        try:
            with (
                session,
                session.request(
                    method,
                    url,
                    # A file is sent in blocks; bytes would have to pass as one within the connect time-out.
                    data=None if body is None else io.BytesIO(body),
                    headers={
                        "Accept-Encoding": "identity",
                        "User-Agent": f"reporter-agent/{__version__}",
                        **headers,
                    },
                    timeout=(CONNECT_TIMEOUT_S, self._read_timeout_s),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                return Answer(response.status_code, response.headers, _read(response, line.deadline))
        except requests.exceptions.SSLError:
            return "no safe connection to the endpoint: its certificate or its TLS is not accepted here"
        except requests.exceptions.ProxyError:
            return "the proxy on the way to the endpoint cannot be used"
        except requests.exceptions.ConnectTimeout:
            return f"no connection to the endpoint within {CONNECT_TIMEOUT_S:.0f} s"
        except (requests.exceptions.Timeout, TimeoutError):
            return f"no answer from the endpoint within {self._read_timeout_s:g} s"
        except requests.exceptions.ConnectionError as error:
            return connection_clause(error)
        except requests.exceptions.RequestException as error:
            return f"the exchange with the endpoint broke off ({type(error).__name__})"
        except Exception as error:  # noqa: BLE001 - the contract is a clause, whatever a library raises
            return f"the exchange with the endpoint could not be made ({type(error).__name__})"

    def _session(self, line: _Line) -> requests.Session:
        import requests

        class StraightSession(requests.Session):
            def get_redirect_target(self, resp: requests.Response) -> None:
                """Nowhere; requests would read the whole body of a redirect even to leave it alone."""

        session = StraightSession()
        adapter = _adapter(self._access, line)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        # Always an own answer to "who are you?", or requests would look for one in ~/.netrc.
        session.auth = self._access.sign
        return session


def checked_url(address: str, *, example: str) -> str:
    """The address of an HTTP endpoint without its fragment.

    Raises UsageError for one that cannot be posted to, or holds a user name or password.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    shown = one_line(without_secrets(address), CLAUSE_LIMIT_CHARS)
    if not host or port == 0 or any(c.isspace() or not c.isprintable() for c in address):
        raise UsageError(
            f"The address of this destination ({shown or 'unreadable'}) names no server; "
            f"it should look like {example}."
        )
    if "@" in parts.netloc:
        raise UsageError(
            f"The address of the destination {shown} was given with a user name or password. Leave them out: "
            "credentials belong into the system's keyring or the credentials file."
        )
    return urlunsplit(parts._replace(fragment=""))


def connection_clause(error: BaseException) -> str:
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


def _read(response: requests.Response, deadline: float) -> bytes:
    """The answer's first 64 KiB; what is longer is no confirmation and is not waited for."""
    body = b""
    for block in response.iter_content(8192):
        body += block
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(body) > ANSWER_LIMIT_BYTES:
            break
    return body[:ANSWER_LIMIT_BYTES]


class _Line:
    """The connections of one exchange, which another thread can cut; ``deadline``: by the monotonic clock."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._is_cut = False

    def hold(self, connected: socket.socket) -> None:
        """Remember a connection; its own object may be taken over by TLS, so a second one is kept."""
        with self._lock:
            if self._is_cut:
                connected.close()
            else:
                self._held.append(connected.dup())

    def cut(self) -> None:
        """End what is still going on; a thread that waits for the other side wakes up and ends."""
        import socket

        with self._lock:
            self._is_cut = True
            for held in self._held:
                with contextlib.suppress(OSError):  # it has ended already
                    held.shutdown(socket.SHUT_RDWR)
                held.close()
            self._held.clear()


def _adapter(access: Access, line: _Line) -> requests.adapters.HTTPAdapter:
    """An adapter that trusts what the operating system trusts, and not certifi's list, and whose connections
    can be cut."""
    import ssl
    from http.client import HTTPException, HTTPResponse

    import requests
    import truststore
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    access.show_certificate(context)

    class FinalResponse(HTTPResponse):
        answers = 0

        def begin(self) -> None:
            """Read as far as the final answer; http.client passes over no interim one but 100."""
            super().begin()
            while self.status < 200:
                self.headers = self.msg = None  # type: ignore[assignment]  # as before the first
                super().begin()

        def _read_status(self) -> tuple[str, int, str]:
            """Every answer begins here, also those of 100, of which http.client passes over any number."""
            self.answers += 1
            if self.answers > INTERIM_LIMIT_ANSWERS:
                raise HTTPException("no final answer")
            status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
            return status

    class PlainConnection(HTTPConnection):
        response_class = FinalResponse

        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            line.hold(connected)
            return connected

    class SafeConnection(HTTPSConnection):
        response_class = FinalResponse

        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            line.hold(connected)
            return connected

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SafePool(HTTPSConnectionPool):
        ConnectionCls = SafeConnection

    pools = {"http": PlainPool, "https": SafePool}

    class SystemTrustAdapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=context)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=context)
            manager.pool_classes_by_scheme = pools
            return manager

        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
            """Require a valid certificate; the inherited method would add certifi's list to the trust."""
            conn.cert_reqs = "CERT_REQUIRED"

    return SystemTrustAdapter()
