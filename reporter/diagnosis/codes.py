"""Numbers and names by which systems, resolvers and OpenSSL tell what happened.

Evidence may come from any system and be replayed on another, so each table unites all of them: the
numbers of Linux, macOS and Windows do not collide. Linux is measured; macOS and Windows are from
their documentation.
"""

from __future__ import annotations

from reporter.diagnosis.evidence import Database, DatabaseOutcome, DnsOutcome, Fault, TcpOutcome, TlsOutcome

_ERRNOS: dict[TcpOutcome, tuple[int, ...]] = {
    # Linux, macOS, Windows
    TcpOutcome.REFUSED: (111, 61, 10061),
    # reset, aborted, broken pipe, not connected any more
    TcpOutcome.RESET: (104, 54, 10054, 103, 53, 10053, 32, 107, 57, 10057),
    TcpOutcome.TIMED_OUT: (110, 60, 10060),
    # host unreachable, host down
    TcpOutcome.UNREACHABLE: (113, 65, 10065, 112, 64, 10064),
    # network unreachable, network down, address not available, family not supported
    TcpOutcome.NO_ROUTE: (101, 51, 10051, 100, 50, 10050, 99, 49, 10049, 97, 47, 10047),
    # permission denied, not permitted; a Linux "blackhole" route answers "invalid argument"
    TcpOutcome.BLOCKED: (13, 10013, 1, 22),
}
_TCP_BY_ERRNO = {number: outcome for outcome, numbers in _ERRNOS.items() for number in numbers}

_DNS_BY_GAI_CODE = {
    # Linux: no name, no data, no address in this family; macOS; Windows
    **dict.fromkeys((-2, -5, -9, 8, 7, 11001, 11004), DnsOutcome.NOT_FOUND),
    # Linux: try again, failure of the server; macOS; Windows
    **dict.fromkeys((-3, -4, 2, 4, 11002, 11003), DnsOutcome.NO_ANSWER),
}

_FAULT_BY_VERIFY_CODE = {
    9: Fault.NOT_YET_VALID,
    10: Fault.EXPIRED,
    18: Fault.SELF_SIGNED,
    19: Fault.SELF_SIGNED,
    # no issuer certificate at all, none locally, the only one cannot be verified
    2: Fault.UNKNOWN_ISSUER,
    20: Fault.UNKNOWN_ISSUER,
    21: Fault.UNKNOWN_ISSUER,
    23: Fault.REVOKED,
    62: Fault.WRONG_NAME,
    64: Fault.WRONG_NAME,
}

_TLS_BY_REASON = {
    **dict.fromkeys(
        (
            "WRONG_VERSION_NUMBER",
            "HTTP_REQUEST",
            "PACKET_LENGTH_TOO_LONG",
            "RECORD_TOO_SMALL",
            "UNKNOWN_PROTOCOL",
        ),
        TlsOutcome.NOT_TLS,
    ),
    **dict.fromkeys(
        ("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "VERSION_TOO_LOW"),
        TlsOutcome.NO_COMMON_VERSION,
    ),
    "TLSV1_UNRECOGNIZED_NAME": TlsOutcome.UNKNOWN_HOST,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": TlsOutcome.CLIENT_CERTIFICATE,
    "UNEXPECTED_EOF_WHILE_READING": TlsOutcome.CLOSED,
    "CERTIFICATE_VERIFY_FAILED": TlsOutcome.UNTRUSTED,
}

# PostgreSQL's SQLSTATE (its documentation, appendix A) → the code of a typed answer
_CODE_BY_SQLSTATE = {
    "28P01": "bad_credentials",
    "3D000": "no_such_database",
    "53300": "too_many_connections",
    "57P03": "starting_up",
}
# Active Directory's sub-codes of invalid credentials, which are Windows' error numbers in hexadecimal
_CODE_BY_LDAP_DATA = {
    "525": "bad_credentials",
    "52e": "bad_credentials",
    "532": "password_expired",
    "533": "account_disabled",
    "701": "account_disabled",
    "773": "password_expired",
    "775": "account_locked",
}
LDAP_CREDENTIALS, LDAP_BUSY, LDAP_UNAVAILABLE = 49, 51, 52
# stronger authentication, confidentiality, appropriate authentication wanted; rights missing; unwilling
_LDAP_REFUSALS = (8, 13, 48, LDAP_CREDENTIALS, 50, 53)


def database_code(database: Database) -> str:
    """The code of a typed answer that a refusal by a database or directory amounts to; empty for none."""
    if database.outcome is not DatabaseOutcome.REFUSED:
        return ""
    if database.ldap_code in (LDAP_CREDENTIALS, None) and database.ldap_data:
        return _CODE_BY_LDAP_DATA.get(database.ldap_data, "")
    return _CODE_BY_SQLSTATE.get(database.sqlstate, "")


def concerns_who_asks(database: Database) -> bool:
    """Whether a refusal speaks of the one who asked, or of the question, while the service itself is well."""
    if database.ldap_code is not None:
        return database.ldap_code not in (LDAP_BUSY, LDAP_UNAVAILABLE)
    return database.sqlstate.startswith("28")


def lets_nobody_in(database: Database) -> bool:
    """Whether a refusal says that the one who asked may not enter, without a finer reason."""
    refused = database.outcome is DatabaseOutcome.REFUSED
    return refused and (database.sqlstate.startswith("28") or database.ldap_code in _LDAP_REFUSALS)


def tcp_outcome(number: int | None) -> TcpOutcome:
    """What an errno of connecting, sending or receiving means."""
    return TcpOutcome.FAILED if number is None else _TCP_BY_ERRNO.get(number, TcpOutcome.FAILED)


def dns_outcome(gai_code: int | None) -> DnsOutcome:
    """What a result of getaddrinfo means."""
    return DnsOutcome.FAILED if gai_code is None else _DNS_BY_GAI_CODE.get(gai_code, DnsOutcome.FAILED)


def certificate_fault(verify_code: int | None) -> Fault | None:
    """The one fault that an X.509 verification code of OpenSSL names."""
    return None if verify_code is None else _FAULT_BY_VERIFY_CODE.get(verify_code)


def tls_outcome(reason: str | None) -> TlsOutcome:
    """What an OpenSSL reason name of the handshake means; any other alert or complaint is a refusal."""
    return TlsOutcome.FAILED if not reason else _TLS_BY_REASON.get(reason, TlsOutcome.REFUSED)
