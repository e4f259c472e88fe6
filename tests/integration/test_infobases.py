"""``infobase:NAME`` wherever a target does, and ``reporter infobases``."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reporter.demo.servers import closed_port

LIMIT_S = 60
SECRET = "geheim-17"


class Person:
    """Has a list of databases, whose server on loopback refuses connections."""

    def __init__(self, home: Path) -> None:
        self.port = closed_port()
        self.server = f"tcp://127.0.0.1:{self.port}"
        self.lists = home / ".1C" / "1cestart"
        self.lists.mkdir(parents=True)
        (home / "settings.toml").touch()
        self.write(
            f"""\
[Trade 2026]
Connect=Srvr="127.0.0.1:{self.port}";Ref="trade";Usr="anna";Pwd="{SECRET}";
StartupErrorHelpText=Call 1.
[Own]
Connect=File="{home}/base";
[Twins]
Connect=Srvr="127.0.0.1:{self.port}";Ref="a";
"""
        )
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REPORTER_")},
            "HOME": str(home),
            "REPORTER_HOME": str(home / "reporter"),
            "REPORTER_SETTINGS": str(home / "settings.toml"),
            "REPORTER_FACE": "none",
            "REPORTER_LANGUAGE": "en",
        }

    def write(self, text: str, name: str = "ibases.v8i") -> None:
        (self.lists / name).write_text(text, encoding="utf-8-sig")

    def __call__(
        self, *arguments: str, given: object = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return self.program("-m", "reporter", *arguments, given=given, **environment)

    def program(
        self, *arguments: str, given: object = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [sys.executable, *arguments],
            input="" if given is None else json.dumps(given),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**self.environment, **environment},
            timeout=LIMIT_S,
            check=False,
        )
        assert SECRET not in ended.stdout + ended.stderr
        return ended


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def test_the_server_of_the_database_is_diagnosed(person: Person) -> None:
    ended = person("diagnose", "infobase:Trade 2026", "--json")
    assert ended.returncode == 1, ended.stderr
    verdict = json.loads(ended.stdout)
    assert (verdict["cause"], verdict["target"]) == ("tcp.refused", person.server)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Trade 2025", "No database has the name “Trade 2025” (did you mean “Trade 2026”?)"),
        ("Quite another", "Searched: ~/.1C/1cestart/ibases.v8i."),
        ("", "infobase: names no database"),
        ("Own", "“Own” is a file database, which has no server that could be measured"),
    ],
)
def test_a_database_that_cannot_be_measured_gets_a_sentence(person: Person, name: str, expected: str) -> None:
    ended = person("diagnose", f"infobase:{name}", "--json")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert expected in ended.stderr


def test_databases_of_one_name_are_named(person: Person, tmp_path: Path) -> None:
    shared = tmp_path / "shared.v8i"
    shared.write_text('[Twins]\nConnect=ws="https://erp.example.org/b";\n', encoding="utf-8")
    person.write(f"CommonInfoBases={shared}\n", "1cestart.cfg")
    ended = person("diagnose", "infobase:Twins")
    assert ended.returncode == 2
    assert f"2 databases have the name “Twins”: {person.server} (~/.1C/1cestart/ibases.v8i" in ended.stderr
    assert "https://erp.example.org/b (~/shared.v8i, line 1)" in ended.stderr
    report = json.loads(person("report", "-", "--preview", given={"target": "infobase:Twins"}).stdout)
    # Of which of them the login spoke nobody knows.
    assert report["facts"]["sections"]["connection"] == {"name": "Twins"}


def test_databases_of_one_name_and_one_server_are_measured(person: Person, tmp_path: Path) -> None:
    shared = tmp_path / "shared.v8i"
    shared.write_text(f'[Twins]\nConnect=Srvr="127.0.0.1:{person.port}";Ref="b";\n', encoding="utf-8")
    person.write(f"CommonInfoBases={shared}\n", "1cestart.cfg")
    assert json.loads(person("diagnose", "infobase:twins", "--json").stdout)["target"] == person.server


def test_a_list_that_cannot_be_read_is_named_too(person: Person, tmp_path: Path) -> None:
    person.write(f"CommonInfoBases={tmp_path}/none.v8i\n", "1cestart.cfg")
    ended = person("diagnose", "infobase:Nobody knows")
    assert "Not read: ~/none.v8i: No such file or directory." in ended.stderr


def test_the_dialog_measures_the_server(person: Person) -> None:
    failure = {"target": "infobase:Trade 2026", "message": "No connection"}
    outcome = json.loads(person("show", "-", "--json", given=failure).stdout)
    assert outcome["verdict"]["target"] == person.server


def test_the_dialog_goes_by_hearsay_where_there_is_no_server(person: Person) -> None:
    failure = {
        "target": "infobase:Own",
        "message": "No connection",
        "exception": {"type": "ConnectionRefusedError", "message": "", "errno": 111},
    }
    ended = person("show", "-", "--json", given=failure)
    verdict = json.loads(ended.stdout)["verdict"]
    assert (ended.returncode, verdict["cause"], verdict["target"]) == (1, "tcp.refused", "")


def test_the_report_names_the_base_and_what_its_entry_says(person: Person) -> None:
    failure = {"target": "infobase:Trade 2026", "message": "No connection"}
    ended = person("report", "-", "--preview", given=failure, REPORTER_INCLUDE_SERVER_NAMES="true")
    report = json.loads(ended.stdout)
    assert report["failure"]["target"] == "infobase:Trade 2026"
    assert report["verdict"]["target"] == person.server
    connection = report["facts"]["sections"]["connection"]
    assert (connection["name"], connection["base"], connection["kind"]) == ("Trade 2026", "trade", "server")


def test_a_watched_program_is_diagnosed_at_its_database(person: Person, tmp_path: Path) -> None:
    command = ("--", sys.executable, "-c", "exit(3)")
    ended = person("watch", "--target", "infobase:Trade 2026", *command, REPORTER_SUBMISSION="auto")
    assert ended.returncode == 3
    with contextlib.closing(sqlite3.connect(tmp_path / "reporter" / "spool" / "spool.sqlite")) as db:
        [(report_json,)] = db.execute("SELECT report_json FROM reports").fetchall()
    assert json.loads(report_json)["verdict"]["cause"] == "tcp.refused"
    assert person("watch", "--target", "infobase:None", "--", "true").returncode == 2
    assert person("watch", "--target", "infobase:Own", "--", "true").returncode == 0


GUARDED = """\
import reporter
try:
    with reporter.guard(target="infobase:Trade 2026", application="ERP"):
        raise ConnectionRefusedError(111, "Connection refused")
except ConnectionRefusedError as error:
    print(*error.__notes__)
"""


def test_a_guarded_login_is_diagnosed_at_its_database(person: Person) -> None:
    ended = person.program("-c", GUARDED)
    assert ended.returncode == 0, ended.stderr
    assert "tcp.refused" in ended.stdout


def test_policies_of_a_database_hold_the_help_of_its_entry(person: Person) -> None:
    rows = json.loads(person("policies", "infobase:Trade 2026", "--json").stdout)["settings"]
    assert (rows[0]["value"], rows[0]["layer"]) == ("Call 1.", "list of databases")
    everybodys = json.loads(person("policies", "--json").stdout)["settings"]
    assert everybodys[0]["layer"] == "built-in"
    assert person("policies", "nonsense").returncode == 2


def test_policies_of_a_database_hold_what_its_server_published(person: Person) -> None:
    remembered = 'import reporter; reporter.remember("infobase:Twins", help_text="Call 2.")'
    assert person.program("-c", remembered).returncode == 0
    rows = json.loads(person("policies", "infobase:Twins", "--json").stdout)["settings"]
    assert (rows[0]["value"], rows[0]["layer"]) == ("Call 2.", "published by the server")


def test_the_databases_are_listed(person: Person, tmp_path: Path) -> None:
    ended = person("infobases", "--json")
    assert ended.returncode == 0
    document = json.loads(ended.stdout)
    assert document["infobases"][0] == {
        "name": "Trade 2026",
        "kind": "server",
        "address": person.server,
        "base": "trade",
        "folder": "",
        "list": "~/.1C/1cestart/ibases.v8i",
        "line": 1,
        "list_copied_at": None,
    }
    assert document["lists"] == [{"place": "~/.1C/1cestart/ibases.v8i", "infobases": 3, "copied_at": None}]
    assert str(tmp_path) not in ended.stdout
    first, *_ = person("infobases").stdout.splitlines()
    assert first == f"Trade 2026  server   {person.server}  ~/.1C/1cestart/ibases.v8i, line 1"


def test_every_problem_of_the_lists_is_told_at_once(person: Person, tmp_path: Path) -> None:
    person.write(f'[A]\nConnect=Pwd="{SECRET}\n[B]\nConnect=ws="ftp://x";\n[C]\nConnect=File="/b";\n')
    person.write(f"CommonInfoBases={tmp_path}/none.v8i\n", "1cestart.cfg")
    ended = person("infobases", "--json")
    assert ended.returncode == 2
    document = json.loads(ended.stdout)
    assert [row["name"] for row in document["infobases"]] == ["A", "B", "C"]
    told = " ".join(document["problems"])
    assert "line 2, column 9" in told
    assert "line 4, column 9" in told
    assert "none.v8i: No such file" in told
    assert all(problem in person("infobases").stderr for problem in document["problems"])


def test_a_computer_without_lists_has_none(person: Person) -> None:
    (person.lists / "ibases.v8i").unlink()
    ended = person("infobases")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "no databases" in ended.stderr
    assert "There is no list of databases on this computer." in person("diagnose", "infobase:A").stderr
