"""Names of hosts and people, and private addresses, get pseudonyms; what is public or kept stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.report import scrub
from reporter.report.pseudonyms import Names, Pseudonyms


def names(*keep: str, file: Path | None = None) -> Names:
    return Names(
        Pseudonyms(file, keep=keep),
        users=("ivanova", "root"),
        homes=("/srv/homes/ivanova",),
        hosts=("WS-0417",),
        domains=("example.org",),
    )


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("cannot reach srv01.corp.local:1541", "cannot reach host-1:1541"),
        ("cannot reach SRV01.Corp.Local.", "cannot reach host-1."),
        ("db.example.org and a.db.example.org", "host-1 and host-2"),
        (r"open \\files01\share\a.txt", r"open \\host-1\share\a.txt"),
        (r'"\\\\files01\\share"', r'"\\\\host-1\\share"'),
        ('Srvr="srv01:1541";Ref="base";', 'Srvr="host-1:1541";Ref="base";'),
        ("Srvr=srv01,srv02;Ref=base", "Srvr=host-1,host-2;Ref=base"),
        ("http://srv01:8080/base", "http://host-1:8080/base"),
        ("ldap://dc.corp", "ldap://host-1"),
        ("ws-0417 has started", "host-1 has started"),
        ("10.0.0.1, 10.0.0.2, 10.0.0.1", "address-1, address-2, address-1"),
        ("172.20.1.1 169.254.9.9 100.64.0.1", "address-1 address-2 address-3"),
        ("[fd00:1::2]:443 and fe80::1%eth0", "[address-1]:443 and address-2"),
        ("login of ivanova failed", "login of user-1 failed"),
        (r"CORP\Ivanova", r"CORP\user-1"),
        ("/home/ivanova/x /home/petrov/y", "/home/user-1/x /home/user-2/y"),
        (r"C:\Users\Anna P\x", r"C:\Users\user-1\x"),
        ("in /srv/homes/ivanova/x", "in <home>/x"),
    ],
)
def test_private_names_get_pseudonyms(text: str, clean: str) -> None:
    known = names()
    assert scrub.text(text, known)[0] == clean
    assert scrub.text(clean, known) == (clean, {})


def test_a_host_that_tells_its_whole_name_is_hidden_by_its_first_label_too() -> None:
    hosts = ("ws-0418.example.org", "localhost.localdomain", "192.0.2.9")
    known = Names(Pseudonyms(None), hosts=hosts, domains=("example.org",))
    clean, found = scrub.text("WS-0418 and ws-0418.example.org, localhost, 192 lines", known)
    assert clean == "host-2 and host-1, localhost, 192 lines"
    assert found == {"host name": 2}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "https://pypi.org/simple/",
            "see docs.python.org",
            "http://localhost:80/x",
            "127.0.0.1 ::1 8.8.8.8",
        ),
        *("172.32.0.1 11.0.0.1 192.169.1.1 100.128.0.1", "version 10.0.19045.3803", "1.10.0.0.1"),
        *(
            "threading.local() and user.home",
            "module.py com.example.Main self.internal",
            "rc.local",
            "/etc/x.local",
        ),
        *("root failed", "file:///etc/hosts", r"C:\Windows\System32", r"re: \d+\w", "Server: nginx/1.25"),
        *("Server=localhost;Database=erp", "host = None", "ivanovas xivanova", "mac fd:12:34:56:78:9a"),
        *("host-1 and address-2 of user-3", "http://host-1/", r"\\host-1\share"),
    ],
)
def test_what_is_public_or_no_name_stays(text: str) -> None:
    assert scrub.text(text, names()) == (text, {})


def test_what_is_kept_stays_readable() -> None:
    text = 'https://db.example.org/x srv01.corp.local 10.0.0.1 Srvr="srv02";'
    assert scrub.text(text, names("db.example.org", "SRV01.corp.local", "10.0.0.1", "srv02")) == (text, {})


def test_without_names_no_pseudonyms() -> None:
    text = r"srv01.corp.local 10.0.0.1 \\files\share"
    assert scrub.text(text) == (text, {})


def test_the_receipt_counts_them_by_kind() -> None:
    clean, receipt = scrub.document(
        {"failure": {"message": "srv01.corp.local (10.0.0.1), srv01.corp.local"}},
        keep=lambda path: False,
        names=names(),
    )
    assert clean == {"failure": {"message": "host-1 (address-1), host-1"}}
    assert [(line.kind, line.count) for line in receipt] == [("host name", 2), ("private address", 1)]


def test_the_same_table_gives_the_same_text_in_another_process(tmp_path: Path) -> None:
    text = "srv02.lan srv01.lan 10.9.9.9 ivanova"
    first = scrub.text(text, names(file=tmp_path / "table.json"))
    assert scrub.text("srv01.lan srv03.lan", names(file=tmp_path / "table.json"))[0] == "host-2 host-3"
    assert scrub.text(text, names(file=tmp_path / "table.json")) == first


PIECES = st.sampled_from(
    [
        *(
            "srv01",
            ".corp",
            ".local",
            ".",
            "-",
            "10.0.0.1",
            "192.168.",
            "1",
            "fd00:",
            ":",
            "::1",
            "//",
            "http:",
            "\\\\",
        ),
        *(
            "\\",
            "ivanova",
            "root",
            "ws-0417",
            "host-1",
            "user-1",
            "address-1",
            "/home/",
            "C:\\Users\\",
            "Srvr=",
            '"',
            ";",
        ),
        *(
            "example.org",
            "db.",
            "@",
            " ",
            "\n",
            "=",
            "/S ",
            ",",
            "anna",
            "завод",
            "password=",
            "<secret>",
            "x",
            "+7",
            "495",
        ),
        *(
            "(495)",
            "123-45-67",
            "8",
            "4276",
            "4111 1111 1111 1111",
            "a@b.ru",
            "İ",
            "ſ",
            "?a=",
            "https://a/",
            "\r\n",
        ),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_scrubbing_with_names_is_idempotent_and_stays_within_its_bound(text: str) -> None:
    known = names()
    once, _ = scrub.text(text, known)
    assert len(once) <= scrub.GROWTH_LIMIT * len(text)
    assert scrub.text(once, known) == (once, {})


@given(st.text(max_size=300))
def test_any_text_stays_within_its_bound(text: str) -> None:
    known = names()
    once, _ = scrub.text(text, known)
    assert len(once) <= scrub.GROWTH_LIMIT * len(text)
    assert scrub.text(once, known) == (once, {})
