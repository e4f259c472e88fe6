"""Trust: which authorities vouch for servers here; counted, never named."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reporter.facts.files import Files
from reporter.facts.guard import Row, Section
from reporter.facts.places import NETWORK_DRIVE, Places
from reporter.texts import N_

BUNDLE_LIMIT_BYTES = 4 * 1024 * 1024

# Variables by which programs are given authorities of their own.
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_OF_OPENSSL = ("SSL_CERT_FILE", "SSL_CERT_DIR")
# Where distributions put the authorities, and where administrators add theirs.
_BUNDLES = (
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/ssl/ca-bundle.pem",
    "etc/ssl/cert.pem",
)
_ADDED = (
    "usr/local/share/ca-certificates",
    "etc/pki/ca-trust/source/anchors",
    "etc/ca-certificates/trust-source/anchors",
    "etc/pki/trust/anchors",
)
_CERTIFICATE = re.compile(rb"^-----BEGIN (?:TRUSTED )?CERTIFICATE-----", re.MULTILINE)
_CERTIFICATES = (".crt", ".pem", ".cer", ".der", ".p11-kit")


def by_environment(environ: Mapping[str, str], places: Places) -> Section:
    """Stores that variables of the session name: where they lie and whether they are there."""
    rows: list[Row] = []
    for variable in _VARIABLES:
        path = environ.get(variable)
        if path:
            told = places.file(path)
            exists = told.get("exists")
            rows.append({"variable": variable, "place": told["place"], "exists": exists})
    return {"stores_of_environment": rows} if rows else {}


def of_linux(files: Files, environ: Mapping[str, str], places: Places) -> Section:
    """OpenSSL's bundle, which programs here read, and the authorities that were added to the system's."""
    is_own = any(environ.get(variable) for variable in _OF_OPENSSL)
    named = environ.get("SSL_CERT_FILE", "")
    section: Section = {"kind": N_("files of the environment") if is_own else N_("files of the system")}
    # A file on another computer could hold up everything.
    of_environment = () if places.of(named) in ("", NETWORK_DRIVE) else (named.lstrip("/"),)
    for bundle in of_environment or (() if is_own else _BUNDLES):
        try:
            content = files.content(bundle, BUNDLE_LIMIT_BYTES)
        except OSError:
            continue
        section["ca_count"] = len(_CERTIFICATE.findall(content))
        break
    section["private_ca_count"] = sum(_certificates(files, folder) for folder in _ADDED)
    return section


def _certificates(files: Files, folder: str) -> int:
    """How many there are in a folder and the folders in it."""
    names = files.names(folder)
    inside = (name for name in names if "." not in name)
    below = [name for inner in inside for name in files.names(f"{folder}/{inner}")]
    return sum(name.lower().endswith(_CERTIFICATES) for name in [*names, *below])
