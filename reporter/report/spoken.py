"""Spoken: the heart of a report in a few characters, for a telephone instead of the network.

What support needs first (the cause, and what each stage of the way found) becomes one line of digits and
capital letters. It goes into a link that a QR code shows, or is typed; the other end makes it a Spoken again.

    version 1:  base32( 1 | raw deflate with a preset dictionary( msgpack array ) | CRC-32 )

Everything is taken from the report as it would be sent, so what is hidden there is hidden here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote, urlsplit

import msgspec

from reporter import program
from reporter.diagnosis.evidence import DatabaseOutcome, Evidence, Local, Tcp
from reporter.diagnosis.verdict import Confidence, Owner
from reporter.errors import ReporterError
from reporter.report import reference as references
from reporter.report.model import Report
from reporter.texts.safe import one_line, why_unsafe_link

VERSION = 1
FRAGMENT = "r="
CODE_GROUP_CHARS = 5
TEXT_LIMIT_CHARS = 8_192
CODE_LIMIT_CHARS = 2_048
DECODED_LIMIT_BYTES = 2_048
AIM_BYTES = 130
"""What a code should hold at most: with a link of 60 characters, QR version 10 at error correction M."""
CHECK_BYTES = 4
STEPS_LIMIT_ITEMS = 12
NAME_LIMITS_CHARS = (60, 40, 24, 12)
"""How long names may be: the first that keeps the code within its aim is taken."""

_WORDS = (
    "1С:Предприятие 1С:Документооборот Управление торговлей Зарплата и кадры Бухгалтерия ERP "
    "app.too_many_connections app.starting_up app.no_such_database app.client_too_old app.maintenance "
    "app.session_locked app.licence_exhausted app.mfa_required app.password_expired app.account_disabled "
    "app.account_locked app.bad_credentials http.unexpected_page http.cut_short http.no_answer "
    "http.redirect_loop http.gateway_timeout http.unavailable http.bad_gateway http.server_error "
    "http.rate_limited http.wrong_host http.too_large http.not_found http.forbidden http.unauthorized "
    "tls.unknown_host tls.client_certificate tls.handshake_refused tls.no_common_version tls.inspected "
    "tls.revoked tls.unknown_issuer tls.self_signed tls.wrong_name tls.not_yet_valid tls.expired tls.closed "
    "tls.no_answer tls.not_tls tcp.reset tcp.unreachable tcp.timeout tcp.refused portal.sign_in "
    "proxy.pac_unavailable proxy.wrong_scheme proxy.no_answer proxy.bad_gateway proxy.denied "
    "proxy.auth_required proxy.unreachable proxy.unknown_name dns.bad_name dns.overridden dns.no_answer "
    "dns.vpn_off dns.not_found local.clock local.blocked local.no_network unknown ok "
    "pending failed no_route blocked abandoned not_http ready refused closed not_spoken reported "
    "ConnectionRefusedError SSLCertVerificationError TimeoutError gaierror 28P01 53300 57P03 49/775 "
    "tunnel relayed denied bad_gateway wrong_scheme signs_in expected example.org .local .lan .corp .ru .ua "
    ".com .net .org server crm portal login erp. 1C 8.3. 110 113 101 407 500 502 503 404 401 -2 -3 "
)
# The dictionary of version 1 can never change: codes that were made with it would become unreadable. What is
# most frequent stands at its end, in the bytes in which msgpack writes it.
_DICTIONARY = _WORDS.encode() + (
    b"\xa4http\xa8answered\xa3200\xa3503\x94\xa4http\xa9no_answer\xa0\x94\xa8database\xa7refused\xa528P01"
    b"\x94\xa5proxy\xa6tunnel\xa0\x94\xa5local\xaano_address\xa0\x00"
    b"\x94\xa3dns\xa9not_found\xa2-2\x94\xa3dns\xa9no_answer\xa2-3\x94\xa3dns\xa7literal\xa0\x00"
    b"\x94\xa3tcp\xabunreachable\xa3113\x94\xa3tcp\xa9timed_out\xa0\xcd\x94\xa3tcp\xa7refused\xa3111\x01"
    b"\x94\xa3tls\xa9untrusted\xa210\x94\xa3tls\xa8verified\xa0\x94\xa4http\xa8answered\xa3"
    b"\xa2it\xa7network\xa4user\xa6server\xa8possible\xa6likely\xa7certain\xc0\xd6\xff"
    b"\x94\x94\xa3dns\xa8resolved\xa0\x03\x94\xa3tcp\xa9connected\xa0\x0c\x94\xa3tls\xa9untrusted\xa210"
    b"\xa3tls\xa6server\xa7certain\xc0\xd6\xff\xcd\x01\xbb"
)


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One stage of the way. ``code``: the number that its outcome goes by (of the operating system, the
    resolver, OpenSSL, HTTP, SQL or a directory), empty where there is none."""

    stage: str
    outcome: str
    code: str = ""
    elapsed_ms: int = 0


class Spoken(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The heart of a report. It travels as an array: new members go to the end, with a default.

    ``occurred_at``: to the minute, in UTC; ``host``, ``port``: of the target; ``valid_from``,
    ``valid_until``: of the server's certificate, where the cause lies in it; ``skew_s``: the server's clock
    minus this computer's, where they differ by a minute or more.
    """

    reference: str
    cause: str = ""
    layer: str = ""
    owner: Owner | None = None
    confidence: Confidence | None = None
    runner_up: str | None = None
    occurred_at: datetime | None = None
    host: str = ""
    port: int | None = None
    steps: list[Step] = msgspec.field(default_factory=list)
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    skew_s: int | None = None
    application: str = ""
    version: str = ""


def spoken(report: Report, *, limit_chars: int = NAME_LIMITS_CHARS[0]) -> Spoken:
    """What of a report is worth reading out; names at most ``limit_chars`` long."""

    def short(text: str) -> str:
        return one_line(text[:limit_chars], limit_chars)

    verdict, application = report.verdict, report.failure.application
    evidence = verdict.evidence if verdict else None
    target = evidence.target if evidence else None
    certificate = evidence.tls.certificate if evidence and evidence.tls else None
    is_about_dates = verdict is not None and (verdict.layer == "tls" or verdict.cause == "local.clock")
    if not is_about_dates:
        certificate = None
    return Spoken(
        reference=report.reference,
        cause=short(verdict.cause) if verdict else "",
        layer=short(verdict.layer) if verdict else "",
        owner=verdict.owner if verdict else None,
        confidence=verdict.confidence if verdict else None,
        runner_up=short(verdict.runner_up) if verdict and verdict.runner_up else None,
        occurred_at=_minute(report.failure.occurred_at or report.created_at),
        host=short(target.host) if target else "",
        port=target.port if target else None,
        steps=[
            msgspec.structs.replace(step, outcome=short(step.outcome), code=short(step.code))
            for step in list(steps(evidence))[:STEPS_LIMIT_ITEMS]
        ]
        if evidence
        else [],
        valid_from=_minute(certificate.not_before) if certificate else None,
        valid_until=_minute(certificate.not_after) if certificate else None,
        skew_s=_skew_s(evidence) if evidence else None,
        application=short(application.name) if application else "",
        version=short(application.version[:20]) if application else "",
    )


def steps(evidence: Evidence) -> Iterator[Step]:
    """What each stage found, in the order of the way; a local stage without fault is left out."""
    if evidence.local is not None and (step := _local(evidence.local)):
        yield step
    if (proxy := evidence.proxy) is not None:
        number = proxy.status or proxy.errno or proxy.gai_code
        yield Step("proxy", proxy.outcome, _text(number), proxy.elapsed_ms)
    if (dns := evidence.dns) is not None:
        yield Step("dns", dns.outcome, _text(dns.gai_code), dns.elapsed_ms)
    if (tcp := evidence.tcp) is not None:
        yield Step("tcp", tcp.outcome, _text(_errno(tcp)), tcp.elapsed_ms)
    if (tls := evidence.tls) is not None:
        yield Step("tls", tls.outcome, _text(tls.verify_code or tls.errno), tls.elapsed_ms)
    if (http := evidence.http) is not None:
        yield Step("http", http.outcome, _text(http.status or http.errno), http.elapsed_ms)
    if (database := evidence.database) is not None:
        code = database.sqlstate or _directory(database.ldap_code, database.ldap_data)
        said = code if database.outcome is DatabaseOutcome.REFUSED else ""
        yield Step("database", database.outcome, said, database.elapsed_ms)
    if (portal := evidence.portal) is not None and portal.outcome != "expected":
        yield Step("portal", portal.outcome, _text(portal.status), portal.elapsed_ms)
    if (reported := evidence.reported) is not None:
        code = reported.sqlstate or _directory(reported.ldap_code, reported.ldap_data)
        number = reported.verify_code or reported.errno or reported.gai_code or reported.status
        if reported.type or code or number:
            yield Step("reported", reported.type, code or _text(number))


def encode(report: Report) -> str:
    """The code of a report: digits and capital letters, which a QR code holds most tightly.

    Names are shortened where it would grow too long for a camera; then what the host application saw goes.
    """
    content = spoken(report)
    for limit in NAME_LIMITS_CHARS:
        content = spoken(report, limit_chars=limit)
        if len(packed := _pack(content)) <= AIM_BYTES:
            break
    else:
        measured = [step for step in content.steps if step.stage not in ("reported", "portal")]
        packed = _pack(msgspec.structs.replace(content, steps=measured))
    return _letters(packed)


def decode(text: str) -> Spoken:
    """The Spoken in a link, in its fragment, or in the bare code, with spaces and hyphens anywhere.

    Lower case, O for 0, I and L for 1 are understood. Raises ReporterError, its sentence for the person who
    typed it.
    """
    if len(text) > TEXT_LIMIT_CHARS:
        raise ReporterError(f"This text is longer than {TEXT_LIMIT_CHARS:,} characters, so it is no code.")
    code = references.fold(re.sub(r"[\s-]", "", _code_in(text)))
    if not code:
        raise ReporterError("This text holds no code. Paste the whole link, or the characters after “#r=”.")
    if len(code) > CODE_LIMIT_CHARS:
        raise ReporterError(f"This code has {len(code):,} characters; at most {CODE_LIMIT_CHARS:,} are read.")
    strange = sorted(set(code) - set(references.ALPHABET))
    if strange:
        raise ReporterError(
            f"The code holds “{one_line(strange[0], 1) or '?'}”, which is in no code. "
            "Copy it once more, from the beginning to the end."
        )
    if (number := references.parse(code)) is not None:
        raise ReporterError(f"{number} is the number of a report, not its code. The code is longer.")
    packed = _bytes(code)
    body, check = packed[:-CHECK_BYTES], packed[-CHECK_BYTES:]
    if len(body) < 2 or zlib.crc32(body).to_bytes(CHECK_BYTES) != check:
        raise ReporterError(
            "This code is not complete, or a character in it is not right. "
            "Compare it with the screen it came from."
        )
    if body[0] != VERSION:
        raise ReporterError("This code was made by a newer version. Update this one to read it.")
    return _unpack(body[1:])


def link(help_address: str, code: str) -> str:
    """What the QR code says: an address that carries the code where the kind of address can.

    A web address carries it in its fragment, which browsers keep from the server, its logs and proxies; a
    mail address as subject and text. A telephone number stays as it is; without an address it is the code.
    """
    if not help_address or why_unsafe_link(help_address) is not None:
        return code
    parts = urlsplit(help_address)
    scheme = parts.scheme.lower()
    if scheme in ("https", "http"):
        return parts._replace(fragment=FRAGMENT + code).geturl()
    if scheme == "mailto":
        subject = quote(f"{program.product()} {decode(code).reference}")
        return f"mailto:{parts.path}?subject={subject}&body={code}"
    return help_address


def groups(code: str) -> str:
    """The code as it is read and typed: in groups of five."""
    return " ".join(code[at : at + CODE_GROUP_CHARS] for at in range(0, len(code), CODE_GROUP_CHARS))


def _code_in(text: str) -> str:
    """What stands in the place of the code: after ``r=`` in a fragment, or in a mail's ``body=``, or all."""
    found = re.search(r"(?:^|[#?&])(?:r|body)=([^&#]*)", text.strip(), re.IGNORECASE)
    return unquote(found[1]) if found else text


def _pack(content: Spoken) -> bytes:
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=_DICTIONARY)
    body = bytes([VERSION]) + squeezer.compress(msgspec.msgpack.encode(content)) + squeezer.flush()
    return body + zlib.crc32(body).to_bytes(CHECK_BYTES)


def _unpack(squeezed: bytes) -> Spoken:
    """What was packed. Its check was right, so what does not fit was made by hand."""
    strange = ReporterError("This code was not made by this program, or not by this kind of version.")
    opener = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_DICTIONARY)
    try:
        plain = opener.decompress(squeezed, DECODED_LIMIT_BYTES)
        if not opener.eof or opener.unused_data:
            raise strange
        found = msgspec.msgpack.decode(plain, type=Spoken)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
        raise strange from None
    if len(found.steps) > STEPS_LIMIT_ITEMS:
        raise strange
    return _bounded(found)


def _bounded(found: Spoken) -> Spoken:
    """With every text harmless: a code can come from anybody."""

    def safe(text: str) -> str:
        return one_line(text, NAME_LIMITS_CHARS[0])

    return msgspec.structs.replace(
        found,
        reference=safe(found.reference),
        cause=safe(found.cause),
        layer=safe(found.layer),
        runner_up=None if found.runner_up is None else safe(found.runner_up),
        host=safe(found.host),
        application=safe(found.application),
        version=safe(found.version),
        steps=[
            Step(safe(step.stage), safe(step.outcome), safe(step.code), step.elapsed_ms)
            for step in found.steps
        ],
    )


def _letters(packed: bytes) -> str:
    """Base32 with the letters of reference numbers, without padding."""
    length = -(-len(packed) * 8 // 5)
    number = int.from_bytes(packed) << (length * 5 - len(packed) * 8)
    return "".join(references.ALPHABET[number >> (5 * at) & 31] for at in reversed(range(length)))


def _bytes(code: str) -> bytes:
    """What the letters stand for; nothing where the bits that fill up the last letter say something."""
    number = 0
    for letter in code:
        number = number << 5 | references.ALPHABET.index(letter)
    length = len(code) * 5 // 8
    filler = len(code) * 5 - length * 8
    return b"" if number & ((1 << filler) - 1) else (number >> filler).to_bytes(length)


def _local(local: Local) -> Step | None:
    closed = [route for route in local.routes if not route.is_open]
    if local.has_address is False:
        return Step("local", "no_address", _text(closed[0].errno if closed else None), local.elapsed_ms)
    if local.routes and len(closed) == len(local.routes):
        return Step("local", "no_route", _text(closed[0].errno), local.elapsed_ms)
    return None


def _errno(tcp: Tcp) -> int | None:
    """Of the attempt that gave the stage its outcome."""
    same = [attempt.errno for attempt in tcp.attempts if attempt.outcome is tcp.outcome]
    return next((errno for errno in same if errno is not None), None)


def _directory(code: int | None, data: str) -> str:
    return "" if code is None else f"{code}/{data}" if data else str(code)


def _skew_s(evidence: Evidence) -> int | None:
    found = [stage.skew_s for stage in (evidence.tls, evidence.http) if stage and stage.skew_s is not None]
    return found[0] if found and abs(found[0]) >= timedelta(minutes=1).total_seconds() else None


def _minute(moment: datetime) -> datetime:
    """The moment to the minute, in UTC."""
    try:
        return moment.astimezone(UTC).replace(second=0, microsecond=0)
    except (OverflowError, ValueError):  # at the ends of the calendar
        return moment.replace(second=0, microsecond=0, tzinfo=UTC)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)
