"""Evidence: what was measured between this computer and a target, stage by stage, schema ``evidence/1``.

    local → dns → tcp → tls → http        and beside them: reported, what the host application saw

A stage that was not reached is null. Nothing here is concluded: rules turn Evidence into a
Verdict, today or from a stored report years later. Times are in whole milliseconds.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

SCHEMA = "evidence/1"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What was to be reached.

    ``host``: a name in lower case (Unicode allowed) or an address without brackets; ``path``: of the URL,
    without query; ``display``: the URL without user-info, query and fragment.
    """

    scheme: str
    host: str
    port: int
    path: str
    display: str


class Family(StrEnum):
    """The two address families."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Whether packets of one family could leave this computer; ``errno`` says why not."""

    family: Family
    is_open: bool
    errno: int | None = None


class Local(msgspec.Struct, frozen=True, kw_only=True):
    """This computer. ``has_address``: an interface is up with an address that is neither loopback nor
    self-assigned; null where unknown. ``proxy``: what is configured for the target, without credentials."""

    routes: list[Route] = msgspec.field(default_factory=list)
    has_address: bool | None = None
    proxy: str = ""
    elapsed_ms: int = 0


class DnsOutcome(StrEnum):
    """``literal``: the target is an address, nobody was asked."""

    RESOLVED = "resolved"
    LITERAL = "literal"
    NOT_FOUND = "not_found"
    NO_ANSWER = "no_answer"
    BAD_NAME = "bad_name"
    FAILED = "failed"


class Dns(msgspec.Struct, frozen=True, kw_only=True):
    """The system resolver's answer. ``name_fault``: why no server can have this name, an English clause;
    ``abandoned``: still silent when its time was over."""

    outcome: DnsOutcome
    addresses: list[str] = msgspec.field(default_factory=list)
    gai_code: int | None = None
    name_fault: str = ""
    abandoned: bool = False
    elapsed_ms: int = 0


class TcpOutcome(StrEnum):
    """In the order in which one attempt tells more than another.

    ``pending``: another address had answered before.
    """

    CONNECTED = "connected"
    REFUSED = "refused"
    RESET = "reset"
    TIMED_OUT = "timed_out"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    NO_ROUTE = "no_route"
    FAILED = "failed"
    PENDING = "pending"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One address that was tried."""

    address: str
    family: Family
    outcome: TcpOutcome
    errno: int | None = None
    elapsed_ms: int = 0


class Tcp(msgspec.Struct, frozen=True, kw_only=True):
    """``outcome``: the most telling of all attempts; ``answered``: the address that was connected."""

    outcome: TcpOutcome
    port: int
    answered: str | None = None
    attempts: list[Attempt] = msgspec.field(default_factory=list)
    elapsed_ms: int = 0


class TlsOutcome(StrEnum):
    """``untrusted``: the certificate has faults; ``refused``: an alert or complaint without a finer name."""

    VERIFIED = "verified"
    UNTRUSTED = "untrusted"
    NOT_TLS = "not_tls"
    TIMED_OUT = "timed_out"
    CLOSED = "closed"
    RESET = "reset"
    NO_COMMON_VERSION = "no_common_version"
    UNKNOWN_HOST = "unknown_host"
    CLIENT_CERTIFICATE = "client_certificate"
    REFUSED = "refused"
    FAILED = "failed"


class Fault(StrEnum):
    """What can be wrong with a certificate, in the order of mending.

    A certificate must first be replaced by one for this name and this day; only then does it make
    sense to arrange that computers trust it. ``revoked`` is seen only where a list of revocations is given.
    """

    REVOKED = "revoked"
    WRONG_NAME = "wrong_name"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SELF_SIGNED = "self_signed"
    UNKNOWN_ISSUER = "unknown_issuer"


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The server's own certificate. ``names``: DNS names and addresses it is for; ``self_signed``:
    subject and issuer are the same; ``sha256``: of its DER form, in hexadecimal."""

    subject: str
    issuer: str
    names: list[str]
    not_before: datetime
    not_after: datetime
    self_signed: bool
    sha256: str


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """The verified handshake, and where it did not succeed a second, unverified look.

    ``faults``: all of the certificate, in the order of mending; ``verify_code``, ``reason``, ``errno``:
    of the verified handshake; ``banner``: how the port greets in plain text, ``speaks``: what that is
    (``http``, ``ssh``, ``greeting``), empty where it cannot be told. ``server_date`` and ``skew_s`` (server
    minus this computer): asked for only where the certificate's dates do not fit.
    """

    outcome: TlsOutcome
    version: str = ""
    verify_code: int | None = None
    reason: str | None = None
    errno: int | None = None
    faults: list[Fault] = msgspec.field(default_factory=list)
    certificate: Certificate | None = None
    banner: str = ""
    speaks: str = ""
    server_date: datetime | None = None
    skew_s: int | None = None
    elapsed_ms: int = 0


class HttpOutcome(StrEnum):
    """``answered``: a complete head arrived, and as much of the body as was promised or wanted."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    CUT_SHORT = "cut_short"
    REDIRECT_LOOP = "redirect_loop"
    CLIENT_CERTIFICATE = "client_certificate"
    NOT_HTTP = "not_http"
    FAILED = "failed"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A typed answer (RFC 9457, ``application/problem+json``): the members that are known.

    ``code``: the part after ``app.``; ``minimum``: its member ``min``; ``retry_after``: as in the header.
    """

    code: str = ""
    title: str = ""
    detail: str = ""
    until: datetime | None = None
    minimum: str = ""
    retry_after: str = ""


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """``location``: without user-info, query and fragment; ``followed``: only on the same host."""

    status: int
    location: str
    followed: bool


class Http(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one request without credentials. ``headers``: allow-listed, in lower case;
    ``skew_s``: the server's Date minus this computer's clock, in seconds."""

    outcome: HttpOutcome
    status: int | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    content_type: str = ""
    problem: Problem | None = None
    retry_after: str = ""
    server_date: datetime | None = None
    skew_s: int | None = None
    body_bytes: int = 0
    reason: str | None = None
    errno: int | None = None
    elapsed_ms: int = 0


class ProxyOutcome(StrEnum):
    """``tunnel``: CONNECT was answered with 2xx, the way behind it was then climbed; ``relayed``: plain HTTP
    was sent through it."""

    TUNNEL = "tunnel"
    RELAYED = "relayed"
    AUTH_REQUIRED = "auth_required"
    DENIED = "denied"
    BAD_GATEWAY = "bad_gateway"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    UNKNOWN_NAME = "unknown_name"
    WRONG_SCHEME = "wrong_scheme"
    FAILED = "failed"


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """The proxy on the way, asked by our own CONNECT. ``address``: without credentials; ``source``: who
    named it (``environment``, ``system``, ``pac``); ``authenticate``: the schemes that it offers."""

    address: str
    source: str
    outcome: ProxyOutcome
    status: int | None = None
    authenticate: list[str] = msgspec.field(default_factory=list)
    errno: int | None = None
    gai_code: int | None = None
    reason: str | None = None
    elapsed_ms: int = 0


class PacOutcome(StrEnum):
    """``not_supported``: fetched, but no interpreter for it is installed here."""

    FETCHED = "fetched"
    UNAVAILABLE = "unavailable"
    NOT_SUPPORTED = "not_supported"


class Pac(msgspec.Struct, frozen=True, kw_only=True):
    """The automatic proxy configuration that the system names."""

    address: str
    outcome: PacOutcome
    status: int | None = None
    elapsed_ms: int = 0


class ControlOutcome(StrEnum):
    """How far the way to a control address goes."""

    ANSWERED = "answered"
    NAME_FAILED = "name_failed"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    NO_ANSWER = "no_answer"


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """An internal address that proves what works apart from the target. ``issuer``: of its certificate;
    ``same_host``: it shares an address with the target; ``is_internal``: its name leads to addresses of
    private networks only, null where it leads nowhere."""

    address: str
    outcome: ControlOutcome
    status: int | None = None
    issuer: str = ""
    skew_s: int | None = None
    same_host: bool = False
    is_internal: bool | None = None
    elapsed_ms: int = 0


class PortalOutcome(StrEnum):
    """``expected``: the page's own answer; ``signs_in``: a redirect, 511 or another body in its place."""

    EXPECTED = "expected"
    SIGNS_IN = "signs_in"
    FAILED = "failed"


class Portal(msgspec.Struct, frozen=True, kw_only=True):
    """The page over plain HTTP whose answer is known. ``location``: where a redirect led, without query."""

    address: str
    outcome: PortalOutcome
    status: int | None = None
    location: str = ""
    elapsed_ms: int = 0


class Sibling(msgspec.Struct, frozen=True, kw_only=True):
    """Another port of the same server, tried to tell a stopped service from a stopped computer."""

    port: int
    outcome: TcpOutcome


class Resolver(msgspec.Struct, frozen=True, kw_only=True):
    """The name server asked directly, apart from the system's resolver. ``rcode``: DNS response code,
    null where it stayed silent."""

    server: str
    rcode: int | None = None
    addresses: list[str] = msgspec.field(default_factory=list)
    elapsed_ms: int = 0


class DatabaseOutcome(StrEnum):
    """``ready``: it asks to sign in or lets in; ``refused``: it answered with an error code."""

    READY = "ready"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    CLOSED = "closed"
    NOT_SPOKEN = "not_spoken"


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """A database or directory, spoken to on the wire without credentials. ``sqlstate``: PostgreSQL;
    ``ldap_code`` and ``ldap_data``: result code and Active Directory's sub-code."""

    protocol: str
    outcome: DatabaseOutcome
    sqlstate: str = ""
    ldap_code: int | None = None
    ldap_data: str = ""
    elapsed_ms: int = 0


class ServiceNoticeOutcome(StrEnum):
    """Only ``valid`` is shown; everything else is recorded and ignored."""

    VALID = "valid"
    EMPTY = "empty"
    EXPIRED = "expired"
    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    UNREACHABLE = "unreachable"


class ServiceNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What the startup-error service says. ``covers``: the cause it names, empty where it names none."""

    address: str
    outcome: ServiceNoticeOutcome
    message: str = ""
    until: datetime | None = None
    covers: str = ""
    url: str = ""
    status: int | None = None
    elapsed_ms: int = 0


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What the host application saw, as far as a rule may decide on it.

    No message text: it is translated and changes. ``sqlstate``, ``ldap_code``, ``ldap_data``: as in Database;
    ``status`` and what follows: of the server's answer.
    """

    type: str = ""
    errno: int | None = None
    gai_code: int | None = None
    reason: str | None = None
    verify_code: int | None = None
    timed_out: bool = False
    chain: list[str] = msgspec.field(default_factory=list)
    sqlstate: str = ""
    ldap_code: int | None = None
    ldap_data: str = ""
    status: int | None = None
    content_type: str = ""
    retry_after: str = ""
    problem: Problem | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a verdict is made from.

    ``target`` is null where the host application named none; ``deadline_reached``: the time for the whole
    examination was over. After ``redirects`` that were followed, ``tcp``, ``tls`` and ``http`` are those of
    the last.
    """

    schema: str = SCHEMA
    target: Target | None = None
    taken_at: datetime
    elapsed_ms: int = 0
    deadline_reached: bool = False
    local: Local | None = None
    dns: Dns | None = None
    tcp: Tcp | None = None
    tls: Tls | None = None
    http: Http | None = None
    redirects: list[Redirect] = msgspec.field(default_factory=list)
    proxy: Proxy | None = None
    pac: Pac | None = None
    resolver: Resolver | None = None
    siblings: list[Sibling] = msgspec.field(default_factory=list)
    controls: list[Control] = msgspec.field(default_factory=list)
    portal: Portal | None = None
    database: Database | None = None
    service_notice: ServiceNotice | None = None
    reported: Reported | None = None
