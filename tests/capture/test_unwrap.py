"""Whatever a library raises leads to the same root, and only faults of the connection are ours."""

from __future__ import annotations

import asyncio
import errno
import http.client
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import httpx
import pytest
import requests
import trustme
import urllib3
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from reporter.capture import unwrap


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def caught(call: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as info:  # noqa: PT011 - any type: that is what is tested
        call()
    return info.value


async def _open_connection(port: int) -> None:
    await asyncio.open_connection("127.0.0.1", port)


def _urllib3_get(url: str) -> None:
    with urllib3.PoolManager(retries=False) as pool:
        pool.request("GET", url)


REFUSED: dict[str, Callable[[int], object]] = {
    "socket": lambda port: socket.create_connection(("127.0.0.1", port), 2),
    "http.client": lambda port: http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect(),
    "urllib": lambda port: urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=2),
    "urllib3": lambda port: _urllib3_get(f"http://127.0.0.1:{port}"),
    "requests": lambda port: requests.get(f"http://127.0.0.1:{port}", timeout=2),
    "httpx": lambda port: httpx.get(f"http://127.0.0.1:{port}", timeout=2, trust_env=False),
    "asyncio": lambda port: asyncio.run(_open_connection(port)),
}


@pytest.mark.parametrize("library", REFUSED)
def test_a_refused_connection_is_found_in_every_library(library: str, closed_port: int) -> None:
    error = caught(lambda: REFUSED[library](closed_port))
    assert unwrap.is_connection_fault(error)
    described = unwrap.describe(error)
    assert described.errno == errno.ECONNREFUSED
    assert described.chain


@pytest.mark.parametrize("library", ["socket", "http.client", "urllib", "urllib3", "requests", "httpx"])
def test_an_unknown_name_is_found_in_every_library(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "translated text")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    by_name: dict[str, Callable[[], object]] = {
        "socket": lambda: socket.create_connection(("erp.example", 1), 2),
        "http.client": lambda: http.client.HTTPConnection("erp.example", timeout=2).connect(),
        "urllib": lambda: urllib.request.urlopen("http://erp.example", timeout=2),
        "urllib3": lambda: _urllib3_get("http://erp.example"),
        "requests": lambda: requests.get("http://erp.example", timeout=2),
        "httpx": lambda: httpx.get("http://erp.example", timeout=2, trust_env=False),
    }
    error = caught(by_name[library])
    assert unwrap.is_connection_fault(error)
    assert unwrap.describe(error).gai_code == socket.EAI_NONAME


@pytest.mark.parametrize("library", ["urllib", "requests", "httpx"])
def test_an_untrusted_certificate_gives_its_verify_code(library: str, httpserver_tls: HTTPServer) -> None:
    url = httpserver_tls.url_for("/")
    by_name: dict[str, Callable[[], object]] = {
        "urllib": lambda: urllib.request.urlopen(url, timeout=2),
        "requests": lambda: requests.get(url, timeout=2),
        "httpx": lambda: httpx.get(url, timeout=2, trust_env=False),
    }
    error = caught(by_name[library])
    assert unwrap.is_connection_fault(error)
    described = unwrap.describe(error)
    assert described.verify_code in (19, 20)
    assert described.reason == "CERTIFICATE_VERIFY_FAILED"


@pytest.fixture
def httpserver_tls() -> Iterator[HTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    server = HTTPServer(host="localhost", ssl_context=context)
    server.expect_request("/").respond_with_data("ok")
    server.start()
    yield server
    server.clear()
    server.stop()


@pytest.mark.parametrize("library", ["requests", "httpx", "urllib"])
def test_the_answer_of_the_server_is_kept(library: str, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/login").respond_with_json(
        {"code": "session_locked", "until": "2026-11-22T14:00:00Z", "password": "not ours"},
        status=423,
        content_type="application/problem+json",
        headers={"Retry-After": "30"},
    )
    url = httpserver.url_for("/login")
    by_name: dict[str, Callable[[], object]] = {
        "requests": lambda: requests.get(url, timeout=2).raise_for_status(),
        "httpx": lambda: httpx.get(url, trust_env=False).raise_for_status(),
        "urllib": lambda: urllib.request.urlopen(url, timeout=2),
    }
    error = caught(by_name[library])
    assert unwrap.is_connection_fault(error)
    answer = unwrap.response(error)
    assert answer is not None
    assert (answer.status, answer.retry_after) == (423, "30")
    if library == "urllib":
        assert answer.problem is None, "its body is not read yet, and is not ours to read"
        assert isinstance(error, urllib.error.HTTPError)
        error.close()
    else:
        assert answer.problem == {"code": "session_locked", "until": "2026-11-22T14:00:00Z"}


@pytest.mark.parametrize(
    "error",
    [
        TypeError("x"),
        KeyError("x"),
        AttributeError("x"),
        ValueError("x"),
        ZeroDivisionError(),
        RuntimeError("x"),
    ],
)
def test_programming_errors_are_not_ours(error: Exception) -> None:
    assert not unwrap.is_connection_fault(error)


def test_a_programming_error_raised_while_handling_a_refused_connection_is_not_ours() -> None:
    def broken_handler() -> None:
        try:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
        except OSError:
            raise KeyError("missing")  # noqa: B904 - the implicit context is what is tested

    assert not unwrap.is_connection_fault(caught(broken_handler))


def test_a_value_error_counts_only_when_it_was_raised_from_the_fault() -> None:
    def implicit() -> None:
        try:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
        except OSError:
            raise ValueError("bad option")  # noqa: B904 - the implicit context is what is tested

    def explicit() -> None:
        try:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
        except OSError as error:
            raise ValueError("cannot sign in") from error

    assert not unwrap.is_connection_fault(caught(implicit))
    assert unwrap.is_connection_fault(caught(explicit))


class HostLoginError(Exception):
    """A host application's own exception."""


def test_a_hosts_own_exception_counts_when_it_hides_a_fault_or_is_named() -> None:
    def sloppy() -> None:
        try:
            raise TimeoutError
        except TimeoutError:
            raise HostLoginError  # noqa: B904 - the implicit context is what is tested

    error = caught(sloppy)
    assert unwrap.is_connection_fault(error)
    assert unwrap.describe(error).timed_out
    assert not unwrap.is_connection_fault(HostLoginError())
    assert unwrap.is_connection_fault(HostLoginError(), (HostLoginError,))


@pytest.mark.parametrize("path", ["missing.ini", "."])
def test_a_file_that_cannot_be_opened_is_not_ours(
    path: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("files")
    assert not unwrap.is_connection_fault(caught(lambda: (folder / path).read_text()))


def test_a_full_disk_is_not_ours() -> None:
    assert not unwrap.is_connection_fault(OSError(errno.ENOSPC, "No space left on device"))


def test_an_exception_group_leads_to_its_root() -> None:
    group = ExceptionGroup(
        "both addresses", [TimeoutError(), ConnectionRefusedError(errno.ECONNREFUSED, "refused")]
    )
    assert unwrap.is_connection_fault(group)
    assert unwrap.describe(group).errno == errno.ECONNREFUSED


def test_a_name_that_dns_cannot_hold_is_a_fault_of_the_connection() -> None:
    error = caught(lambda: socket.create_connection(("a" * 70 + ".example", 80), 1))
    assert unwrap.is_connection_fault(error)


def test_exceptions_that_misbehave_do_no_harm() -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

        @property
        def reason(self) -> str:
            raise RuntimeError("no reason")

    error = Hostile()
    assert not unwrap.is_connection_fault(error)
    assert unwrap.describe(error).message == "<Hostile>"


_exceptions = st.sampled_from(
    [
        lambda: TimeoutError(),
        lambda: ConnectionResetError(errno.ECONNRESET, "reset"),
        lambda: ValueError("x"),
        lambda: HostLoginError("x"),
        lambda: OSError("no number"),
        lambda: ssl.SSLError(1, "odd"),
        lambda: socket.gaierror(-2, "x"),
        lambda: http.client.BadStatusLine("x"),
    ]
)


@given(
    st.lists(_exceptions, min_size=1, max_size=12),
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 11), st.sampled_from(["cause", "context", "args"])),
        max_size=30,
    ),
)
def test_any_graph_of_exceptions_is_described_without_harm(
    makers: list[Callable[[], Exception]], edges: list[tuple[int, int, str]]
) -> None:
    errors = [make() for make in makers]
    for start, end, kind in edges:
        one, other = errors[start % len(errors)], errors[end % len(errors)]
        if kind == "cause":
            one.__cause__ = other
        elif kind == "context":
            one.__context__ = other
        else:
            one.args = (other,)
    described = unwrap.describe(errors[0])
    assert described.chain
    assert len(described.chain) <= unwrap.LINKS_LIMIT
    if isinstance(errors[0], TimeoutError | ConnectionError | ssl.SSLError | socket.gaierror):
        assert unwrap.is_connection_fault(errors[0])


class SqlError(Exception):
    """As psycopg, asyncpg and pg8000 tell it."""

    def __init__(self, **told: object) -> None:
        super().__init__("translated text")
        vars(self).update(told)


@pytest.mark.parametrize("attribute", ["sqlstate", "pgcode"])
def test_the_code_of_a_database_is_kept(attribute: str) -> None:
    error = SqlError(**{attribute: "28P01"})
    assert unwrap.describe(error).sqlstate == "28P01"
    assert unwrap.is_connection_fault(error)
    wrapped = RuntimeError("the login did not work")
    wrapped.__cause__ = error
    assert unwrap.describe(wrapped).sqlstate == "28P01"


@pytest.mark.parametrize("value", [None, 28000, "28p01", "28P011", "", "<img>"])
def test_what_is_no_code_of_a_database_is_left_out(value: object) -> None:
    assert unwrap.describe(SqlError(sqlstate=value)).sqlstate == ""


def test_a_query_that_is_at_fault_is_not_a_fault_of_the_connection() -> None:
    assert not unwrap.is_connection_fault(SqlError(sqlstate="42P01"))


INVALID_CREDENTIALS = (
    "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data 52E, v4563"
)


def test_the_code_of_a_directory_is_kept() -> None:
    python_ldap = type("INVALID_CREDENTIALS", (Exception,), {"__module__": "ldap"})
    described = unwrap.describe(python_ldap({"result": 49, "desc": "Invalid", "info": INVALID_CREDENTIALS}))
    assert (described.ldap_code, described.ldap_data) == (49, "52e")
    ldap3 = type("LDAPInvalidCredentialsResult", (Exception,), {"__module__": "ldap3.core.exceptions"})
    error = ldap3()
    error.result, error.message = 49, INVALID_CREDENTIALS
    described = unwrap.describe(error)
    assert (described.ldap_code, described.ldap_data) == (49, "52e")
    error.result, error.message = 52, None
    assert (unwrap.describe(error).ldap_code, unwrap.describe(error).ldap_data) == (52, "")


def test_words_of_other_exceptions_are_not_taken_for_a_directorys() -> None:
    described = unwrap.describe(ValueError({"result": 49, "info": INVALID_CREDENTIALS}))
    assert (described.ldap_code, described.ldap_data) == (None, "")
