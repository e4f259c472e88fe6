"""Text and links from outside, made harmless before a person meets them.

Text from servers, files and other programs is shown as text, never as markup: control
characters and the Unicode characters that reorder a line are taken out, lengths are bounded.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LINK_SCHEMES = ("https", "http", "mailto", "tel")
LINK_LIMIT_CHARS = 2_048

# C0 and C1 controls except tab and newline; zero-width and bidirectional controls; line and
# paragraph separators; byte-order mark; lone surrogates; interlinear and tag characters.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
# 1C's connection strings: name="value"; pairs, of which only these say nothing about a person
_CONNECTION_STRING = re.compile(r"(?:srvr|ref|ws|file|usr|pwd|locale|wspauth)\s*=", re.IGNORECASE)
_PAIR = re.compile(r"(\w+)\s*=\s*(\"(?:[^\"]|\"\")*\"|[^\";]*)")
_HARMLESS_PAIRS = ("srvr", "ref", "ws")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def plain(text: str, limit_chars: int) -> str:
    """``text`` without harmful characters, at most ``limit_chars`` long; never raises.

    Carriage returns become newlines. A cut is marked at the end with how much was left out;
    the mark itself comes on top of the limit.
    """
    cut = len(text) - limit_chars
    kept = text[:limit_chars].replace("\r\n", "\n").replace("\r", "\n")
    kept = _HARMFUL.sub("", kept)
    return f"{kept}… [+{cut:,}]" if cut > 0 else kept


def one_line(text: str, limit_chars: int) -> str:
    """``plain`` with every run of white space folded into one space."""
    return " ".join(plain(text, limit_chars).split())


def why_unsafe_link(link: str) -> str | None:
    """Why a link must not be opened, as an English clause; None when it may be.

    Only https, http, mailto and tel pass: never file, UNC paths, javascript or data.
    """
    if len(link) > LINK_LIMIT_CHARS:
        return f"it is longer than {LINK_LIMIT_CHARS:,} characters"
    if _HARMFUL.search(link) or any(c.isspace() for c in link):
        return "it holds spaces or control characters"
    if link.startswith(("\\", "//")) or "\\" in link:
        return "it is a path on a network share, not a web address"
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return "it is not a valid address"
    scheme = parts.scheme.lower()
    if scheme not in LINK_SCHEMES:
        allowed = ", ".join(LINK_SCHEMES)
        return f"it begins with {scheme + ':' if scheme else 'no scheme'}; only {allowed} are opened"
    if scheme in ("https", "http"):
        if not host:
            return "it names no server"
        if parts.username is not None or parts.password is not None:
            return "it holds a user name or password before the server's name"
    elif not parts.path:
        return "it names nobody to reach"
    return None


def without_secrets(url: str) -> str:
    """``url`` without user-info, query string and fragment; unparsable input becomes empty.

    What is no URL (``infobase:NAME``, ``host:port``, a path) keeps only what stands after an "@"; a
    connection string of 1C keeps its server, its base and its web address.
    """
    if _CONNECTION_STRING.match(url):
        pairs = [(name, value.strip('" ')) for name, value in _PAIR.findall(url)]
        kept = [(name, value) for name, value in pairs if name.lower() in _HARMLESS_PAIRS]
        return "".join(f'{name}="{without_secrets(value)}";' for name, value in kept)
    if not _URL.match(url):
        return re.split("[?#]", url, maxsplit=1)[0].rpartition("@")[2]
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return ""
    if ":" in host:
        host = f"[{host}]"
    netloc = host if port is None else f"{host}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path}"
