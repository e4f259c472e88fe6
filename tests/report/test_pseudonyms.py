"""Pseudonyms: the same for the same name, in every process, for good."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.report.pseudonyms import FILE_LIMIT_BYTES, Pseudonyms


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "agent" / "pseudonyms.json"


def test_a_name_has_one_pseudonym_however_it_is_written() -> None:
    table = Pseudonyms()
    assert table.host("srv01.corp.local") == "host-1"
    assert table.host("SRV01.corp.local.") == "host-1"
    assert table.host("srv02.corp.local") == "host-2"
    assert (table.address("10.0.0.1"), table.user("anna")) == ("address-1", "user-1")


def test_what_is_kept_stays_readable_and_a_pseudonym_gets_none() -> None:
    table = Pseudonyms(keep=["ERP.example.org", "10.0.0.5"])
    assert table.host("erp.example.org") == "erp.example.org"
    assert table.address("10.0.0.5") == "10.0.0.5"
    assert table.host("host-7") == "host-7"
    assert table.entries() == {}


def test_the_table_is_read_in_both_directions(file: Path) -> None:
    Pseudonyms(file).host("srv01")
    table = Pseudonyms(file)
    assert table.meaning("host-1") == "srv01"
    assert table.meaning("Host-1 ") == "srv01"
    assert table.meaning("host-2") is None
    assert table.meaning("nonsense") is None
    assert table.entries() == {"host-1": "srv01"}
    assert table.host("srv01") == "host-1"
    assert table.host("srv02") == "host-2"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions as of POSIX")
def test_the_file_is_for_its_owner_only(file: Path) -> None:
    Pseudonyms(file).host("srv01")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_batch_writes_once_at_its_end(file: Path) -> None:
    table = Pseudonyms(file)
    with table.batch():
        table.host("srv01")
        with table.batch():
            table.host("srv02")
        assert not file.exists()
    assert Pseudonyms(file).entries() == {"host-1": "srv01", "host-2": "srv02"}


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\xff\xfe", b"[]", b"{}", b"[" * 100_000, b'{"schema":"pseudonyms/1","host":[1]}'),
        b'{"schema":"pseudonyms/1","host":["a","a"],"address":[],"user":[]}',
        b" " * (FILE_LIMIT_BYTES + 1),
    ],
    ids=range(8),
)
def test_a_damaged_file_is_moved_aside(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert Pseudonyms(file).host("srv01") == "host-1"
    assert file.with_name("pseudonyms.json.damaged").read_bytes() == content
    assert json.loads(file.read_text())["host"] == ["srv01"]


def test_a_full_table_gives_no_more_numbers(file: Path) -> None:
    table = Pseudonyms(file, entries_limit=2)
    assert [table.host(name) for name in ("a", "b", "c", "a", "c")] == [
        *("host-1", "host-2", "host-other", "host-1", "host-other")
    ]
    assert table.address("10.0.0.1") == "address-other"
    assert table.meaning("host-other") is None


def test_where_nothing_can_be_written_the_object_still_knows_its_names(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    table = Pseudonyms(blocked / "pseudonyms.json")
    assert [table.host(name) for name in ("a", "b", "a")] == ["host-1", "host-2", "host-1"]
    assert caplog.messages[0] == "The table of pseudonyms could not be read: Not a directory."
    assert not any(record.exc_info for record in caplog.records), "a sentence, no traceback"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_a_pipe_in_the_tables_place_is_not_waited_for(file: Path) -> None:
    file.parent.mkdir()
    os.mkfifo(file)
    table = Pseudonyms(file)
    assert [table.host(name) for name in ("a", "b", "a")] == ["host-1", "host-2", "host-1"]


def test_two_tables_of_one_file_learn_from_each_other(file: Path) -> None:
    one, other = Pseudonyms(file), Pseudonyms(file)
    assert (one.host("a"), other.host("b"), one.host("c"), other.host("a")) == (
        *("host-1", "host-2", "host-3", "host-1"),
    )


def test_processes_at_once_never_give_two_names_one_number(file: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom reporter.report.pseudonyms import Pseudonyms\n"
        "table = Pseudonyms(Path(sys.argv[1]))\n"
        "for n in range(40): print(f'{sys.argv[2]}-{n % 30}', table.host(f'{sys.argv[2]}-{n % 30}'))\n"
        "for n in range(20): print(f'shared-{n}', table.host(f'shared-{n}'))\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(file), who], stdout=subprocess.PIPE, text=True)
        for who in ("x", "y", "z")
    ]
    given_names: dict[str, set[str]] = {}
    for process in started:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        for line in out.splitlines():
            name, pseudonym = line.split()
            given_names.setdefault(pseudonym, set()).add(name)
    assert len(given_names) == 110
    assert all(len(names) == 1 for names in given_names.values())
    assert Pseudonyms(file).entries() == {
        pseudonym: names.pop()
        for pseudonym, names in sorted(
            given_names.items(), key=lambda item: int(item[0].removeprefix("host-"))
        )
    }


@given(st.lists(st.text(min_size=1, max_size=30), max_size=20))
def test_any_names_are_numbered_without_gaps_and_read_back(names: list[str]) -> None:
    table = Pseudonyms()
    given_names = [table.host(name) for name in names]
    assert given_names == [table.host(name) for name in names]
    assert list(table.entries()) == [f"host-{n}" for n in range(1, len(table.entries()) + 1)]
