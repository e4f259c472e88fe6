"""Targets: the address that a login wanted to reach, in the few forms that can be diagnosed."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from reporter.diagnosis.evidence import Target
from reporter.errors import TargetError
from reporter.texts.safe import one_line, plain

TARGET_LIMIT_CHARS = 2_048
QUOTE_LIMIT_CHARS = 80
LABEL_LIMIT_BYTES = 63
NAME_LIMIT_BYTES = 253

# scheme → default port; None: the port must be given
SCHEMES: dict[str, int | None] = {
    "https": 443,
    "http": 80,
    "tcp": None,
    "postgresql": 5432,
    "ldap": 389,
    "ldaps": 636,
}
HTTP_SCHEMES = ("https", "http")
DATABASE_SCHEMES = ("postgresql", "ldap", "ldaps")
TLS_SCHEMES = ("https", "ldaps")

ACCEPTED = "https://…, http://…, tcp://host:port, postgresql://…, ldap://… or ldaps://…"
# The port of a 1C server's cluster manager, where its connection strings name none.
ONEC_PORT = 1541
EXAMPLE = "for example https://erp.example.org/base"

_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.IGNORECASE | re.DOTALL)
_BARE_HOST = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:/\S*)?", re.IGNORECASE)
_SCHEME_AND_SLASHES = re.compile(rf"(?:[a-z][a-z0-9+.-]*://|(?:{'|'.join(SCHEMES)}):)/*", re.IGNORECASE)
# 1C's connection strings are name="value"; pairs, a quotation mark inside of a value is doubled.
_ONEC_STRING = re.compile(r"(?:srvr|ref|ws|file|usr|pwd|locale|wspauth)\s*=", re.IGNORECASE)
_ONEC_PAIR = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"]|"")*)"|([^";]*))')
_LABEL = re.compile(r"[a-z0-9_-]+", re.IGNORECASE)


def parse_target(text: str) -> Target:
    """The Target that ``text`` names.

    Names with labels that no name server knows are accepted, so that they can be diagnosed.
    Raises TargetError, one sentence that says what is wrong and what would be right, without
    repeating user names, passwords or query strings.
    """
    if len(text) > TARGET_LIMIT_CHARS:
        raise TargetError(
            f"The target has {len(text):,} characters; at most {TARGET_LIMIT_CHARS:,} are accepted. "
            f"Give a shorter address, {EXAMPLE}."
        )
    text = text.strip()
    if not text:
        raise TargetError(f"The target is empty; give {ACCEPTED}, {EXAMPLE}.")
    if plain(text, TARGET_LIMIT_CHARS) != text or "\n" in text or "\t" in text:
        raise TargetError(f"The target holds control characters; give {ACCEPTED}, {EXAMPLE}.")
    text = _from_onec(text)
    match = _URL.fullmatch(text)
    if match is None:
        raise TargetError(_why_no_url(text))
    scheme = match[1].lower()
    if scheme not in SCHEMES:
        raise TargetError(
            f"The target begins with {one_line(scheme, QUOTE_LIMIT_CHARS)}://, which cannot be diagnosed; "
            f"give {ACCEPTED}, {EXAMPLE}."
        )
    return _parse_url(scheme, match[2], quoted=_without_secrets(text))


def _from_onec(text: str) -> str:
    """The address in a connection string of 1C:Enterprise; ``text`` itself where it is none.

    ``Srvr="host:port";Ref="base";`` is reached by TCP, of several servers the first; ``ws="https://…";`` is a
    web address. Everything else in it, above all names and passwords, is left out. Raises TargetError.
    """
    if not _ONEC_STRING.match(text):
        return text
    pairs: dict[str, str] = {
        name.lower(): (quoted.replace('""', '"') or bare).strip()
        for name, quoted, bare in _ONEC_PAIR.findall(text)
    }
    if address := pairs.get("ws", ""):
        return address
    server = pairs.get("srvr", "").partition(",")[0].strip().removeprefix("tcp://")
    if not server:
        raise TargetError(
            "The connection string names neither a server nor a web address; "
            'give one with Srvr="host:port" or ws="https://…".'
        )
    has_port = ":" in server.rpartition("]")[2]
    return f"tcp://{server}" if has_port else f"tcp://{server}:{ONEC_PORT}"


def is_address(host: str) -> bool:
    """Whether ``host`` is a literal IPv4 or IPv6 address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def wire_name(host: str) -> str:
    """``host`` as it travels in DNS, TLS and HTTP: ASCII, without an IPv6 scope.

    Raises UnicodeError where the name has no such form.
    """
    if is_address(host):
        return host.partition("%")[0]
    return host.encode("idna").decode("ascii")


def why_bad_name(host: str) -> str:
    """Why no name server can know ``host``, as a short English clause; empty when one could.

    Underscores pass: they are not legal in host names, but in wide use.
    """
    if is_address(host):
        return ""
    name = host.removesuffix(".")
    try:
        ascii_name = name.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_name = name
    labels = ascii_name.split(".")
    if "" in labels:
        return "a part between two dots is empty"
    if any(len(label.encode()) > LABEL_LIMIT_BYTES for label in labels):
        return f"a part between two dots is longer than {LABEL_LIMIT_BYTES} characters"
    if len(ascii_name.encode()) > NAME_LIMIT_BYTES:
        return f"it is longer than {NAME_LIMIT_BYTES} characters"
    if not all(_LABEL.fullmatch(label) for label in labels):
        return "it holds characters that host names cannot have"
    if labels[-1].isdigit():
        return "it ends with a number but is not an IP address"
    return ""


def _parse_url(scheme: str, rest: str, *, quoted: str) -> Target:
    if "\\" in rest:
        raise TargetError(f"The target {quoted!r} holds a backslash; write slashes, {EXAMPLE}.")
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        host = _host(parts.netloc.rpartition("@")[2])
    except ValueError:
        raise TargetError(
            f"The server's name in the target {quoted!r} cannot be understood; give {ACCEPTED}, {EXAMPLE}."
        ) from None
    if not host:
        raise TargetError(f"The target {quoted!r} names no server; give {ACCEPTED}, {EXAMPLE}.")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise TargetError(
            f"The port in the target {quoted!r} is not a number from 1 to 65535; "
            "write it after the server's name, for example https://erp.example.org:8443."
        )
    port = port or SCHEMES[scheme]
    if port is None:
        raise TargetError(
            f"The target {quoted!r} has no port; with {scheme}:// it must be given, "
            f"for example {scheme}://erp.example.org:1541."
        )
    path = parts.path or ("/" if scheme in HTTP_SCHEMES else "")
    return Target(scheme=scheme, host=host, port=port, path=path, display=_display(scheme, host, port, path))


def _host(netloc: str) -> str:
    """The host of ``host:port`` in lower case. Raises ValueError where it is unintelligible."""
    if netloc.startswith("["):
        literal, closed, _port = netloc[1:].partition("]")
        # RFC 6874 writes the scope's percent sign as %25
        address = ipaddress.IPv6Address(literal.replace("%25", "%"))
        if not closed:
            raise ValueError(netloc)
        return str(address)
    host = netloc.partition(":")[0]
    if "[" in netloc or "]" in netloc or any(c.isspace() for c in host):
        raise ValueError(netloc)
    return host.lower()


def _display(scheme: str, host: str, port: int, path: str) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{'' if port == SCHEMES[scheme] else f':{port}'}{path}"


def _why_no_url(text: str) -> str:
    quoted = _without_secrets(text)
    scheme, colon, rest = text.partition(":")
    if scheme.lower() == "infobase" and scheme != "infobase":
        proposal = _without_secrets(f"infobase:{rest}")
        return f"The target {quoted!r} does not begin in small letters; write {proposal!r}."
    if scheme == "infobase":
        return (
            f"The target {quoted!r} names an entry of a list of databases where only the address of a server "
            f"can be used; give {ACCEPTED}, {EXAMPLE}."
        )
    if colon and scheme.lower() in SCHEMES and "\\" not in rest and not rest.isdigit():
        proposal = _without_secrets(f"{scheme.lower()}://{rest.lstrip('/')}")
        return f"The target {quoted!r} lacks the two slashes after the colon; write {proposal!r}."
    if _BARE_HOST.fullmatch(text):
        return (
            f"The target {quoted!r} does not say how to reach the server; write {'https://' + quoted!r}, "
            "or tcp://host:port for a service that is not a website."
        )
    return f"The target {quoted!r} is not an address that can be diagnosed; give {ACCEPTED}, {EXAMPLE}."


def _without_secrets(text: str) -> str:
    """What of ``text`` may be repeated in a sentence: no user-info, query or fragment."""
    text = re.split(r"[?#]", text)[0]
    start = _SCHEME_AND_SLASHES.match(text)
    if "@" in text:
        text = (start[0] if start else "") + text.rpartition("@")[2]
    return one_line(text, QUOTE_LIMIT_CHARS)
