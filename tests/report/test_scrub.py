"""The second net: planted secrets do not come through, and the receipt counts them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.report import schema, scrub

PLANTED = {
    "secret": [
        "password=hunter2-marker",
        'PASSWORD: "hunter2-marker"',
        "{'db_password': 'hunter2-marker'}",
        "{'password': b'hunter2-marker'}",
        '"api_key": "hunter2-marker",',
        r"{\"password\": \"hunter2-marker\"}",
        "client_secret => hunter2-marker",
        "login --password hunter2-marker --user anna",
        "пароль: hunter2-marker",
        "Пароль — hunter2-marker",
        "Kennwort: hunter2-marker",
        "Passwort lautet hunter2-marker",
        "the password is hunter2-marker",
        "Server=db;Uid=sa;Pwd=hunter2-marker;Database=erp",
        "pwd=a,hunter2-marker",
        "pwd=a;hunter2-marker",
        "pwd=a;hunter2-marker;Data Source=x",
        'password="a;,\'hunter2-marker"',
        'password="hunter2-marker',
        "password=<hunter2-marker>",
        "password=a<hunter2-marker",
        'password=a"hunter2-marker',
        "password=a&hunter2-marker",
        "<Password>hunter2-marker</Password>",
        "{'token': {'a': 'hunter2-marker'}}",
        "token=[a, hunter2-marker]",
        "access_code=hunter2-marker",
        "DefaultEndpointsProtocol=https;AccountKey=hunter2-marker==;EndpointSuffix=x",
        "SharedAccessKeyName=n;SharedAccessKey=hunter2-marker=",
        "SAMLResponse=hunter2-marker",
        "client_assertion=hunter2-marker&grant_type=x",
        "sv=2020&sig=hunter2-marker",
        '"signature": "hunter2-marker"',
        "ticket=hunter2-marker",
        "otp: hunter2-marker",
        "PIN=hunter2-marker",
        "user=anna, pw=hunter2-marker",
        "uc=hunter2-marker",
        "1cv8c ENTERPRISE /S srv /UC hunter2-marker /N Anna",
        '1cv8c /N"Anna" /P"hunter2-marker"',
        "1cv8c /N Anna /P hunter2-marker",
        "ALTER USER sa IDENTIFIED BY 'hunter2-marker'",
        'create user sa identified by "hunter2-marker"',
        "CREATE USER sa IDENTIFIED BY hunter2-marker;",
        "mysqldump -h db -u root -phunter2-marker erp",
        "curl -u anna:hunter2-marker https://erp.example.org/",
        "pwd='it''hunter2-marker'",
        "/shop;jsessionid=hunter2-marker/cart",
    ],
    "address credentials": [
        "https://anna:hunter2-marker@erp.example.org/base",
        "postgresql://anna:hunter2-marker@db/erp",
        "https://u:pa@ss:hunter2-marker@host/",
        "https://u:hunter2-marker@pa@host/",
        "https://u:p/hunter2-marker@host/x",
        "https://u:p?hunter2-marker@host/x",
        "//u:hunter2-marker@host",
        "//hunter2-marker@host",
        "ftp to anna:hunter2-marker@host",
        "ftp to anna:hunter2-marker@pa@host",
        "jdbc:oracle:thin:sa/hunter2-marker@h:1521/x",
        "sqlplus scott/hunter2-marker@orcl",
    ],
    "address query": [
        "GET https://erp.example.org/login?session=hunter2-marker HTTP/1.1",
        "https://a.example/#hunter2-marker",
        "https://a.example?hunter2-marker",
        "with url: /login?ticket=hunter2-marker&user=anna (Caused by x)",
        "with url: /login?hunter2-marker (Caused by x)",
        "GET /p?sig=hunter2-marker HTTP/1.1",
        "?code=hunter2-marker&state=1",
        "redirected to login?code=hunter2-marker",
    ],
    "authorization": [
        "Authorization: Basic aHVudGVyMi1tYXJrZXI-hunter2-marker",
        "authorization=Bearer hunter2-marker",
        "authorization: Custom hunter2-marker",
        "{'Authorization': 'Custom hunter2-marker'}",
        'Authorization: Digest username="a", response="hunter2-marker", opaque="hunter2-marker"',
        r"Authorization: Custom a\hunter2-marker",
    ],
    "bearer token": ["curl -H 'X: Bearer hunter2-marker'"],
    "cookie": ["Cookie: sid=hunter2-marker; theme=dark", "Set-Cookie: sid=hunter2-marker; Path=/"],
    "token": [
        "jwt eyJhbGciOiJI.eyJodW50ZXIy.hunter2-marker end",
    ],
    "private key": [
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2-marker\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nDEK-Info: AES\n\nhunter2-marker",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2-marker\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
    "home directory": [
        "/home/hunter2-marker/project/login.py",
        r"C:\Users\hunter2-marker\AppData",
        r"C:\Users\Anna hunter2-marker\AppData",
        "/Users/hunter2-marker/x",
    ],
}


@pytest.mark.parametrize(
    ("kind", "planted"), [(kind, text) for kind, texts in PLANTED.items() for text in texts]
)
def test_a_planted_secret_is_taken_out_and_counted(kind: str, planted: str) -> None:
    clean, found = scrub.text(f"before {planted} after")
    assert "hunter2-marker" not in clean
    assert clean.startswith("before ")
    assert found[kind] >= 1
    assert scrub.text(clean) == (clean, {})


@pytest.mark.parametrize(
    "key",
    [
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghij_KLMNOPQRST",
        "glpat-abcdefghij0123456789",
        "xoxb-1234567890-abcdef",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_keys_of_well_known_makers_are_known_by_their_shape(key: str) -> None:
    assert scrub.text(f"with {key}, from {key}") == ("with <token>, from <token>", {"token": 2})


@pytest.mark.parametrize(
    "innocent",
    [
        "The connection to https://erp.example.org/base was refused.",
        "Passwords are not stored here.",
        "token ring adapters: 2",
        "The password has expired on 2026-11-20.",
        "The password is wrong.",
        "Is the password not required?",
        "Basic authentication is off; bearer authentication is on.",
        "Authorization failed for anna.",
        "/usr/lib/python3.11/ssl.py, line 1379",
        "Did you look at /var/log/syslog? It is full.",
        "Really? Yes, and/or no?maybe",
        "https://erp.example.org:8443/users/anna",
        "https://registry.example.org/@scope/package",
        "http://[::1]:8080/base",
        "jdbc:oracle:thin:@//db:1521/erp",
        "Write to the service desk or to anna@work.",
        "git clone git@host.example:group/project",
        "bypass=localhost, passes: 3, passed: 4",
        "spin=3 opinion: good, signal: 9, Ticket: 4711",
        "compass: north; tokenizer fast",
        "password=None, token=null",
        "2026-11-22 09:00:00,123 INFO [worker-3] GET /base/login HTTP/1.1",
        "The device was identified by the server.",
        "mysql -u root -P 3306 erp",
        "Ключ сертификата не подошёл.",
        "Пароль истёк, обратитесь к администратору.",
        "Не помню пароль — помогите.",
        "Ошибка: сервер erp.example.org:443 не отвечает (код 10061).",
        "Заявка: 4711, база «Бухгалтерия»",
    ],
)
def test_innocent_text_stays_as_it_is(innocent: str) -> None:
    assert scrub.text(innocent) == (innocent, {})


def test_what_follows_a_secret_stays() -> None:
    clean, _ = scrub.text("Server=db;Pwd=x1;Database=erp; password=a, user=anna; a=1&token=b&c=2")
    assert clean == (
        "Server=db;Pwd=<secret>;Database=erp; password=<secret>, user=anna; a=1&token=<secret>&c=2"
    )


def test_the_receipt_tells_kind_place_and_number_and_keeps_what_it_is_told_to() -> None:
    clean, receipt = scrub.document(
        {"failure": {"message": "password=a1 token=b2"}, "story": {"contact": "password=kept"}, "n": 3},
        keep=lambda path: path == ("story", "contact"),
    )
    assert clean["failure"]["message"] == "password=<secret> token=<secret>"
    assert clean["story"]["contact"] == "password=kept"
    assert [(line.kind, line.where, line.count) for line in receipt] == [("secret", "failure.message", 2)]


def test_what_is_named_a_secret_goes_as_a_whole_at_any_depth() -> None:
    clean, receipt = scrub.document(
        {"a": {"b": [{"token": {"x": "P3"}, "PIN": 1234, "Authorization": ["P3"], "code": "kept"}]}},
        keep=lambda path: False,
    )
    assert clean == {
        "a": {"b": [{"token": "<secret>", "PIN": "<secret>", "Authorization": "<secret>", "code": "kept"}]}
    }
    assert [(line.kind, line.where, line.count) for line in receipt] == [("secret", "a.b", 3)]
    assert scrub.document(clean, keep=lambda path: False) == (clean, [])


def test_no_member_of_our_own_documents_is_named_like_a_secret() -> None:
    def names(part: Any) -> set[str]:
        if isinstance(part, dict):
            return set(part.get("properties", {})).union(*map(names, part.values()))
        return set().union(*map(names, part)) if isinstance(part, list) else set()

    ours = set().union(*(names(schema.schema(kind)) for kind in schema.PUBLISHED.values()))
    assert len(ours) > 50
    assert not {name for name in ours if scrub.is_secret_name(name)}


@given(st.text(max_size=400))
def test_scrubbing_twice_changes_nothing_more_and_never_raises(text: str) -> None:
    once, _ = scrub.text(text)
    assert scrub.text(once)[0] == once


_pieces = st.sampled_from(
    [
        *(
            "password",
            "token",
            "ticket",
            "sig",
            "pin",
            "pw",
            "пароль",
            "-----BEGIN PRIVATE KEY-----",
            "-----",
        ),
        *(
            "=",
            ": ",
            " ",
            "\t",
            "\n",
            '"',
            "'",
            "\\",
            "<",
            ">",
            "(",
            "{",
            "[",
            "]",
            ",",
            ";",
            "&",
            "@",
            "/",
            "?",
        ),
        *("https://", "//", "u:p@", "u:", "host", "?q=1", "#f", "/p", ";jsessionid=", "jdbc:oracle:thin:"),
        *(
            "Bearer ",
            "abcdefgh1",
            "Cookie: ",
            "Authorization: ",
            "Basic ",
            "ghp_" + "a" * 16,
            "eyJabcdef.abcdef",
        ),
        *(
            "/home/",
            "C:\\Users\\",
            "x",
            "--",
            "-",
            " is ",
            "IDENTIFIED BY ",
            "/UC ",
            "mysql -p",
            "b'",
            "</",
            "None",
        ),
        *("<secret>", "<user>", "<token>", "<credentials>", "sqlplus ", "-u ", "%3D", "1", ":", "."),
    ]
)


@given(st.lists(_pieces, max_size=25).map("".join))
def test_scrubbing_is_idempotent_on_text_made_of_its_own_triggers(text: str) -> None:
    once, _ = scrub.text(text)
    twice, _ = scrub.text(once)
    assert scrub.text(twice)[0] == twice == once


# Each made the time grow with the square of the length once, or would if a pattern were careless.
HOSTILE = [
    *(
        "x-",
        "a.b-c",
        "password",
        "pass-",
        "token ",
        "password is ",
        "password='",
        "pw=",
        "pw=;a",
        "pw",
        "-",
        "--a",
    ),
    *(
        "<a",
        "<password>",
        "://",
        "://a:b",
        "//a",
        "//a@",
        "a:b",
        "a:b@",
        ",/",
        "/",
        "/a?",
        "?a",
        "?a=",
        "#",
        "@",
    ),
    *(
        "bearer ",
        "bearer a",
        "eyJaaaaaa-",
        "eyJaaaaaa.",
        "authorization:",
        'authorization:a="',
        "cookie: a\\",
    ),
    *(
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN A",
        "mysql -",
        "mysql a ",
        "/N a ",
        "/home/",
        "C:\\Users\\a ",
        "\\",
    ),
    *(
        "password ",
        "password= ",
        "identified by ",
        "sqlplus a",
        "jdbc:oracle:a:b",
        "A",
        "пароль",
        "\n",
        "\t",
        "[",
        "'",
    ),
]


HOSTILE += [
    *(
        "+1",
        "1 ",
        "4",
        "4444 ",
        "(555) ",
        "8 495 ",
        "8",
        "a.",
        "a.b@",
        "\\\\a",
        "\\\\a\\",
        "10.",
        "1.",
        "192.168.1.1 ",
    ),
    *(
        "fd00:",
        "f",
        "a:",
        "srv.local",
        "a-",
        "local",
        "https://a",
        "host=a,",
        "host=",
        "server=",
        ":AA",
        "a:123:",
        "é",
    ),
    *(
        "a:123:b:",
        "sk-",
        "sk-a",
        "eyJ",
        "t1.a",
        "xox",
        "Private-Lines: 1\na",
        "password:\n",
        "<password \n",
        "_",
        "0",
    ),
    *(
        "<password>\n",
        "тел. ",
        "tel 1",
        "tel",
        "net use ",
        "docker login a ",
        "sshpass ",
        "ldap",
        "login a ",
        "AIza",
    ),
    *(
        "password Aa",
        "Aa1",
        "$6$",
        "{sha}",
        "İ",
        "%3d",
        '\\"',
        "ivanova ",
        "/home/a",
        "=",
        "//",
        "//a:",
        "a:b@c ",
    ),
]


def test_the_time_grows_with_the_length_only() -> None:
    """A process of its own scrubs every hostile text; with the square in one pattern it takes minutes."""
    program = (
        "import json, sys\n"
        "from reporter.report import scrub\n"
        "from reporter.report.pseudonyms import Names, Pseudonyms\n"
        "names = Names(Pseudonyms(), ('ivanova',), ('/srv/ivanova',), ('ws-0417',), ('example.org',))\n"
        "for part in json.load(sys.stdin):\n"
        "    scrub.text(part * (32_768 // len(part)) + '=@', names)\n"
        "for part in ('x-', 'a.b-c', 'password', '://', 'a:b'):\n"
        "    scrub.text(part * (1_000_000 // len(part)) + '=', names)\n"
    )
    subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(HOSTILE).encode(), check=True, timeout=120
    )


@pytest.mark.parametrize(
    "text",
    ['Srvr="srv1";Ref="erp";Usr="Иванов И.И.";Pwd="x";', "File=C:\\base;Usr=Иванов;", 'usr = "Ивано""в"'],
)
def test_who_signs_in_to_1c_is_hidden(text: str) -> None:
    clean, found = scrub.text(text)
    assert "Ивано" not in clean
    assert found["user name"] == 1
    assert scrub.text(clean) == (clean, {})
