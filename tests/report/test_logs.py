"""The ends of logs: bounded, whole lines, only what was named, and a reason for all the rest."""

from __future__ import annotations

import gzip
import os
import socket
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.report import logs
from reporter.report.logs import collect, tail
from reporter.report.model import Dropped


def written(path: Path, content: bytes | str, *, modified_s: float = 1_000_000.0) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (modified_s, modified_s))
    return path


def names(found: tuple[list[logs.LogTail], list[Dropped]]) -> list[str]:
    assert found[1] == []
    return [one.name for one in found[0]]


def reasons(found: tuple[list[logs.LogTail], list[Dropped]]) -> dict[str, str]:
    return {one.what: one.reason for one in found[1]}


LINES = "".join(f"2026-11-22 line {number}\n" for number in range(5_000))


def test_the_end_of_a_log_starts_at_a_whole_line(tmp_path: Path) -> None:
    found = tail(written(tmp_path / "app.log", LINES), 1_000)
    assert found.is_cut
    assert found.size_bytes == len(LINES)
    assert LINES.endswith(found.text)
    assert found.text.startswith("2026-11-22 line ")
    assert 950 < len(found.text) <= 1_000


def test_a_small_log_comes_whole(tmp_path: Path) -> None:
    found = tail(written(tmp_path / "app.log", "one\r\ntwo"))
    assert (found.text, found.is_cut, found.encoding) == ("one\ntwo", False, "utf-8")


@pytest.mark.parametrize("limit", [999, 1_000, 1_001])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1251", "utf-8"])
def test_letters_of_two_bytes_are_never_torn(tmp_path: Path, encoding: str, limit: int) -> None:
    text = "Ошибка соединения с сервером\n" * 200
    found = tail(written(tmp_path / "app.log", text.encode(encoding)), limit)
    assert set(found.text.splitlines()) == {"Ошибка соединения с сервером"}
    assert found.is_cut
    assert len(found.text.encode()) <= limit


def test_a_log_of_two_gigabytes_costs_what_a_small_one_costs(tmp_path: Path) -> None:
    path = tmp_path / "huge.log"
    with path.open("wb") as file:
        file.seek(2 * 1024**3)
        file.write(LINES.encode() * 4)
    tracemalloc.start()
    found = tail(path)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.size_bytes > 2 * 1024**3
    assert found.text.endswith("line 4999\n")
    assert peak_bytes < 16 * logs.FILE_LIMIT_BYTES


def test_half_a_secret_at_the_cut_is_left_out(tmp_path: Path) -> None:
    line = "x" * 500 + " password=hunter2-and-a-long-rest-of-it\n"
    for limit in range(len(line), len(line) + 60):
        assert "long-rest" not in tail(written(tmp_path / "app.log", line + "ok\n" * 20), limit).text
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIabc\n" * 50 + "-----END RSA PRIVATE KEY-----\nafter\n"
    assert tail(written(tmp_path / "key.log", key), 200).text == "after\n"


def test_room_that_was_never_written_and_colours_are_left_out(tmp_path: Path) -> None:
    raw = b"\x1b[31mred\x1b[0m line\npass\0word\n" + b"all well\n" * 9 + bytes(9_000)
    assert tail(written(tmp_path / "app.log", raw)).text == "red line\npassword\n" + "all well\n" * 9


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", logs.EMPTY),
        (bytes(5_000), logs.BINARY),
        (b"\x7fELF\2\1\1" + bytes(range(256)) * 40, logs.BINARY),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(255, 0, -1)) * 40, logs.BINARY),
        (b"x" * 300_000, logs.LONG_LINE),
        (b"\x1f\x8b\x08 damaged", logs.DAMAGED),
        (gzip.compress(b"text\n" * 999)[:-9], logs.DAMAGED),
    ],
    ids=["empty", "only zeros", "program", "picture", "one line", "no gzip", "cut gzip"],
)
def test_what_holds_no_lines_of_text_is_told(tmp_path: Path, content: bytes, reason: str) -> None:
    found = collect([str(written(tmp_path / "app.log", content))])
    assert found == ([], [Dropped(what="logs/app.log", reason=reason)])


def test_a_packed_log_is_unpacked_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "app.log.1.gz", gzip.compress(LINES.encode()))
    found = tail(path, 1_000)
    assert LINES.endswith(found.text)
    assert found.is_cut
    monkeypatch.setattr(logs, "UNPACKED_LIMIT_BYTES", 50_000)
    with pytest.raises(logs.NotTaken, match="unpacks"):
        tail(path)


def test_nothing_waits_for_pipes_sockets_devices_or_folders(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "folder.log").mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket.log"))
    listener.close()
    for name in ("pipe", "folder", "socket"):
        assert reasons(collect([str(tmp_path / f"{name}.log")])) == {f"logs/{name}.log": logs.NOT_A_FILE}
    assert reasons(collect(["/dev/zero"])) == {"logs/zero": logs.NOT_A_FILE}


def test_what_is_not_there_or_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reasons(collect([str(tmp_path / "a.log"), str(tmp_path / "*.log"), "~nobody-here/b.log"])) == {
        "logs/a.log": logs.NOT_THERE,
        "logs/*.log": logs.NOT_THERE,
        "logs/b.log": logs.NOT_THERE,
    }
    path = str(written(tmp_path / "app.log", "x\n"))

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert reasons(collect([path])) == {"logs/app.log": logs.NO_PERMISSION}


def test_links_count_inside_their_folder_only(tmp_path: Path) -> None:
    folder, outside = tmp_path / "logs", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    written(folder / "today.log", LINES)
    written(outside / "secret.log", "root:x:0:0\n")
    (folder / "current.log").symlink_to("today.log")
    (folder / "evil.log").symlink_to(outside / "secret.log")
    assert names(collect([str(folder / "current.log")])) == ["today.log"]
    found = collect([str(folder / "*.log")])
    assert [one.name for one in found[0]] == ["today.log"], "one file is taken once"
    assert reasons(found) == {"logs/evil.log": logs.LEADS_OUT}


def test_a_folder_that_is_a_link_counts_where_the_administrator_named_it(tmp_path: Path) -> None:
    real = tmp_path / "data" / "a"
    real.mkdir(parents=True)
    written(real / "app.log", LINES)
    (tmp_path / "var").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "evil").symlink_to("/etc")
    assert names(collect([str(tmp_path / "var" / "a" / "app.log")])) == ["app.log"]
    assert names(collect([str(tmp_path / "var" / "*" / "app.log")])) == ["app.log"]
    found = collect([str(tmp_path / "var" / "*" / "passwd")])
    assert found == ([], [Dropped(what="logs/passwd", reason=logs.LEADS_OUT)])


def test_of_a_pattern_the_newest_count_and_every_pattern_has_its_turn(tmp_path: Path) -> None:
    for number in range(12):
        written(tmp_path / f"worker{number:02}.log", LINES, modified_s=1_000.0 + number)
    written(tmp_path / "other.txt", LINES)
    tails, dropped = collect([str(tmp_path / "*.log"), str(tmp_path / "other.txt")], files_limit=4)
    assert [one.name for one in tails] == ["worker11.log", "other.txt", "worker10.log", "worker09.log"]
    assert dropped == [Dropped(what="logs", reason=logs.ENOUGH)]


def test_all_logs_together_keep_to_their_limit(tmp_path: Path) -> None:
    for number in range(6):
        lines = LINES.replace("line", "строка").encode("cp1251")
        written(tmp_path / f"{number}.log", lines, modified_s=number)
    tails, _ = collect([str(tmp_path / "*.log")], file_limit_bytes=40_000, total_limit_bytes=100_000)
    assert 90_000 < sum(len(one.text.encode()) for one in tails) <= 100_000
    assert [one.name for one in tails] == ["5.log", "4.log", "3.log"]


@pytest.mark.parametrize(
    ("before", "content"),
    [
        ("app.log.1", LINES.encode()),
        ("app.log.1.gz", gzip.compress(LINES.encode())),
        ("app-2026-11-21.log", LINES.encode()),
        ("app.log-20261121.gz", gzip.compress(LINES.encode())),
        ("app.2026-11-21.log", LINES.encode()),
        ("app.1.log", LINES.encode()),
        ("app.log.old", LINES.encode()),
    ],
)
@pytest.mark.parametrize("now", ["", "started\n"])
def test_where_a_log_was_just_begun_the_one_before_comes_too(
    tmp_path: Path, before: str, content: bytes, now: str
) -> None:
    written(tmp_path / "app.log", now, modified_s=500)
    written(tmp_path / before, content, modified_s=400)
    written(tmp_path / "app.log.9", "older\n", modified_s=300)
    written(tmp_path / "application.log.1", "of another program\n", modified_s=450)
    written(tmp_path / "app2.log", "of another program\n", modified_s=450)
    tails, dropped = collect([str(tmp_path / "app.log")])
    assert [one.name for one in tails] == (["app.log"] if now else []) + [before]
    assert tails[-1].text.endswith("line 4999\n")
    assert [one.reason for one in dropped] == ([] if now else [logs.EMPTY])


def test_logs_named_by_their_date_are_followed_and_numbered_servers_are_not(tmp_path: Path) -> None:
    written(tmp_path / "app-2026-11-22.log", "started\n", modified_s=500)
    written(tmp_path / "app-2026-11-21.log", LINES, modified_s=400)
    assert names(collect([str(tmp_path / "app-2026-11-22.log")])) == [
        "app-2026-11-22.log",
        "app-2026-11-21.log",
    ]
    written(tmp_path / "node-1.log", "started\n", modified_s=500)
    written(tmp_path / "node-2.log", LINES, modified_s=400)
    assert names(collect([str(tmp_path / "node-1.log")])) == ["node-1.log"]


def test_the_one_before_is_no_link(tmp_path: Path) -> None:
    written(tmp_path / "app.log", "started\n", modified_s=2_000_000_000)
    (tmp_path / "app.log.1").symlink_to("/etc/passwd")
    assert names(collect([str(tmp_path / "app.log")])) == ["app.log"]


def test_a_log_that_grows_or_shrinks_while_it_is_read_stays_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "app.log", LINES)
    real = os.fstat

    def meanwhile(change: Callable[[], object]) -> Callable[[int], os.stat_result]:
        def fstat(descriptor: int) -> os.stat_result:
            status = real(descriptor)
            change()
            return status

        return fstat

    monkeypatch.setattr(os, "fstat", meanwhile(lambda: path.write_text(LINES * 20)))
    assert len(tail(path, 2_000).text) <= 2_000
    monkeypatch.setattr(os, "fstat", meanwhile(lambda: os.truncate(path, 0)))
    with pytest.raises(logs.NotTaken):
        tail(path, 2_000)


def test_of_very_many_files_that_are_not_taken_only_some_are_listed(tmp_path: Path) -> None:
    for number in range(logs.DROPPED_LIMIT_ITEMS + 70):
        (tmp_path / f"{number}.log").touch()
    tails, dropped = collect([f"{tmp_path}/*.log"])
    assert tails == []
    assert len(dropped) == logs.DROPPED_LIMIT_ITEMS + 1
    assert {one.reason for one in dropped[:-1]} == {logs.EMPTY}
    assert dropped[-1] == Dropped(what="logs", reason=logs.MORE_PASSED_OVER)


def test_home_stands_for_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    written(tmp_path / "app.log", LINES)
    assert names(collect(["~/app.log"])) == ["app.log"]


def test_a_name_with_brackets_is_a_name_where_it_is_there(tmp_path: Path) -> None:
    written(tmp_path / "app[1].log", LINES)
    assert names(collect([str(tmp_path / "app[1].log")])) == ["app[1].log"]


@given(st.binary(max_size=3_000), st.integers(2, 4_000))
def test_any_bytes_give_bounded_text_or_a_reason(raw: bytes, limit_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = tail(written(Path(folder, "app.log"), raw), limit_bytes)
        except logs.NotTaken as reason:
            assert str(reason).startswith("It")
            return
    assert len(found.text.encode()) <= limit_bytes
    assert not set(found.text) & set(map(chr, [*range(9), *range(11, 32), 127]))
