"""Addresses: what is understood, and what is said about the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.target import parse_target, why_bad_name, wire_name
from reporter.errors import TargetError


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "path"),
    [
        ("https://erp.example.org", "https", "erp.example.org", 443, "/"),
        ("http://erp.example.org/base/", "http", "erp.example.org", 80, "/base/"),
        ("HTTPS://ERP.Example.org:8443/Base", "https", "erp.example.org", 8443, "/Base"),
        ("  https://erp.example.org  ", "https", "erp.example.org", 443, "/"),
        ("https://erp.example.org:/x", "https", "erp.example.org", 443, "/x"),
        ("tcp://10.0.0.7:1541", "tcp", "10.0.0.7", 1541, ""),
        ("postgresql://db.example.org/sales", "postgresql", "db.example.org", 5432, "/sales"),
        ("ldap://dc.example.org", "ldap", "dc.example.org", 389, ""),
        ("ldaps://dc.example.org", "ldaps", "dc.example.org", 636, ""),
        ("https://[2001:DB8::1]:8443/", "https", "2001:db8::1", 8443, "/"),
        ("tcp://[fe80::1%25eth0]:22", "tcp", "fe80::1%eth0", 22, ""),
        ("https://büro.example.org/", "https", "büro.example.org", 443, "/"),
    ],
)
def test_understood(text: str, scheme: str, host: str, port: int, path: str) -> None:
    target = parse_target(text)
    assert (target.scheme, target.host, target.port, target.path) == (scheme, host, port, path)


def test_what_is_shown_keeps_no_secrets() -> None:
    target = parse_target("https://anna:geheim@erp.example.org:8443/base?token=geheim#geheim")
    assert target.display == "https://erp.example.org:8443/base"
    assert "geheim" not in repr(target)


def test_what_is_shown_can_be_given_again() -> None:
    for text in ("https://[::1]:8443/x", "tcp://[fe80::1%25eth0]:22", "https://büro.example.org/"):
        target = parse_target(text)
        assert parse_target(target.display) == target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("not a url", "is not an address that can be diagnosed"),
        ("erp.example.org", "write 'https://erp.example.org'"),
        ("erp.example.org:8443/base", "write 'https://erp.example.org:8443/base'"),
        ("localhost", "write 'https://localhost'"),
        ("büro.example.org", "write 'https://büro.example.org'"),
        ("https:erp.example.org", "write 'https://erp.example.org'"),
        ("https:/erp.example.org", "write 'https://erp.example.org'"),
        ("https://", "names no server"),
        ("https:///base", "names no server"),
        ("https://:443", "names no server"),
        ("ftp://erp.example.org", "begins with ftp://"),
        ("file:///etc/passwd", "begins with file://"),
        ("javascript:alert(1)", "is not an address"),
        ("infobase:Sales", "entry of a list of databases"),
        ("InfoBase:Sales", "write 'infobase:Sales'"),
        ("tcp://erp.example.org", "has no port"),
        ("https://erp.example.org:0", "not a number from 1 to 65535"),
        ("https://erp.example.org:65536", "not a number from 1 to 65535"),
        ("https://erp.example.org:https", "not a number from 1 to 65535"),
        ("https://erp.example.org:-1", "not a number from 1 to 65535"),
        ("https://[::1", "cannot be understood"),
        ("https://[nonsense]/", "cannot be understood"),
        ("https://erp example.org/", "cannot be understood"),
        (r"https:\\erp.example.org", "is not an address"),
        (r"https://erp.example.org\base", "holds a backslash"),
        (r"\\server\share", "is not an address"),
        ("https://erp.example.org/\x00", "control characters"),
        ("https://erp.example.org/\nHost: evil", "control characters"),
        ("https://\u202egro.elpmaxe", "control characters"),
        ("https://" + "a" * 10_000_000, "10,000,008 characters"),
    ],
)
def test_not_understood(text: str, expected: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    sentence = str(caught.value)
    assert expected in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 400


def test_a_sentence_about_an_address_repeats_no_secrets() -> None:
    for text in (
        "https://anna:geheim@erp.example.org:99999/",
        "https:anna:geheim@erp.example.org",
        "https://anna:geheim@[::1/",
        "https://erp.example.org:x/?token=geheim",
        "anna:geheim@erp.example.org",
    ):
        with pytest.raises(TargetError) as caught:
            parse_target(text)
        assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("erp.example.org", ""),
        ("erp.example.org.", ""),
        ("erp_test.example.org", ""),
        ("büro.example.org", ""),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("a" * 63 + ".org", ""),
        ("erp..example.org", "empty"),
        (".example.org", "empty"),
        ("a" * 64 + ".org", "longer than 63"),
        (".".join(["a" * 60] * 5), "longer than 253"),
        ("erp!.example.org", "characters"),
        ("10.0.0.256", "not an IP address"),
    ],
)
def test_names_that_no_server_can_have(host: str, expected: str) -> None:
    reason = why_bad_name(host)
    assert (expected in reason) if expected else reason == ""


def test_names_that_no_server_can_have_are_parsed_to_be_diagnosed() -> None:
    assert parse_target("https://erp..example.org/").host == "erp..example.org"
    assert parse_target(f"https://{'a' * 64}.org/").host == "a" * 64 + ".org"


def test_names_travel_in_ascii() -> None:
    assert wire_name("büro.example.org") == "xn--bro-hoa.example.org"
    assert wire_name("fe80::1%eth0") == "fe80::1"


@given(st.text() | st.builds("{}://{}".format, st.sampled_from(["https", "tcp", "ldap"]), st.text()))
def test_nothing_but_a_target_or_a_sentence(text: str) -> None:
    try:
        target = parse_target(text)
    except TargetError as error:
        assert str(error)
    else:
        assert 1 <= target.port <= 65535
        assert target.host
        why_bad_name(target.host)


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ('Srvr="erp.example.org:1641";Ref="base";', "tcp://erp.example.org:1641"),
        ('Srvr="erp.example.org";Ref="base";', "tcp://erp.example.org:1541"),
        ("srvr=ERP ; ref=base", "tcp://erp:1541"),
        ('Srvr="tcp://erp:1741,backup:1741";Ref="base";', "tcp://erp:1741"),
        ('Ref="base";Srvr="[2001:db8::1]";', "tcp://[2001:db8::1]:1541"),
        ('ws="https://erp.example.org/base";', "https://erp.example.org/base"),
        ('Usr="an;na";Pwd="gehei""m;Srvr=x";Srvr="erp";', "tcp://erp:1541"),
    ],
)
def test_connection_strings_of_1c(text: str, display: str) -> None:
    target = parse_target(text)
    assert target.display == display
    assert "geheim" not in repr(target)


@pytest.mark.parametrize(
    "text",
    [
        'File="C:\\base";Usr="anna";Pwd="geheim";',
        'Srvr="";Ref="base";Pwd=geheim',
        'Srvr="a\\b";Pwd="geheim"',
        'Pwd="geheim',
        'ws="nonsense";Pwd="geheim"',
    ],
)
def test_connection_strings_that_lead_nowhere_keep_their_secrets(text: str) -> None:
    with pytest.raises(TargetError) as raised:
        parse_target(text)
    assert "geheim" not in str(raised.value)
