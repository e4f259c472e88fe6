"""Finding lists: where each system keeps them, copies for bad days, and nothing opened that should not be."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from reporter.settings.v8i import Found, address, copies, find
from reporter.settings.v8i.finder import Disk

WEB = 'Connect=ws="https://{}.example/";\n'
APPDATA = r"C:\Users\Maria\AppData\Roaming"
WINDOWS = {"APPDATA": APPDATA, "ALLUSERSPROFILE": r"C:\ProgramData"}
PERSONS = APPDATA + r"\1C\1CEStart"
EVERYBODYS = r"C:\ProgramData\1C\1CEStart"


class FakeDisk(Disk):
    """Files by path; an exception instead of a content is raised."""

    def __init__(self, files: dict[str, bytes | Exception], links: tuple[str, ...] = ()) -> None:
        self.files = files
        self.links = links
        self.opened: list[str] = []

    def read(self, path: str, limit_bytes: int) -> bytes:
        self.opened.append(path)
        found = self.files.get(path, FileNotFoundError(2, "No such file or directory"))
        if isinstance(found, Exception):
            raise found
        return found[:limit_bytes]

    def is_link(self, path: str) -> bool:
        return path in self.links


def entry(name: str) -> bytes:
    return f"[{name}]\n{WEB.format(name)}".encode()


def configuration(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("utf-16")


def on_windows(files: dict[str, bytes | Exception], **options: object) -> tuple[Found, FakeDisk]:
    disk = FakeDisk(files, links=options.pop("links", ()))  # type: ignore[arg-type]
    return find(WINDOWS, windows=True, disk=disk, **options), disk  # type: ignore[arg-type]


def names(found: Found) -> list[str]:
    return [base.name for each in found.lists for base in each.infobases]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".1C" / "1cestart").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def start(home: Path) -> Path:
    return home / ".1C" / "1cestart"


def on_linux(home: Path, **options: object) -> Found:
    return find({"HOME": str(home)}, windows=False, **options)  # type: ignore[arg-type]


def test_a_computer_without_lists_has_neither_lists_nor_gaps(tmp_path: Path) -> None:
    assert on_linux(tmp_path) == Found()
    assert find({}, windows=False) == Found()
    assert find({}, windows=True) == Found()


def test_the_persons_list_and_the_shared_ones(home: Path, start: Path) -> None:
    (start / "ibases.v8i").write_bytes(entry("own"))
    (home / "shared.v8i").write_bytes(entry("shared"))
    (home / "more.v8i").write_bytes(entry("more"))
    (home / "common.cfg").write_bytes(configuration(f"CommonInfoBases={home}/more.v8i"))
    (start / "1cestart.cfg").write_bytes(
        configuration(
            f"CommonInfoBases={home}/shared.v8i",
            f"CommonCfgLocation={home}/common.cfg",
            f"commoninfobases = {home}/./shared.v8i",
            "DefaultVersion=8.3-8.3.24",
        )
    )
    found = on_linux(home)
    assert names(found) == ["own", "shared", "more"]
    assert [each.place for each in found.lists] == ["~/.1C/1cestart/ibases.v8i", "~/shared.v8i", "~/more.v8i"]
    assert found.gaps == []


def test_windows_keeps_them_in_two_folders() -> None:
    found, _ = on_windows({
        rf"{PERSONS}\ibases.v8i": entry("own"),
        rf"{EVERYBODYS}\1CEStart.cfg": configuration(r"CommonInfoBases=D:\Lists\all.v8i"),
        rf"{PERSONS}\1CEStart.cfg": configuration(
            r"CommonInfoBases=d:\lists\ALL.v8i", r"CommonInfoBases=D:\Lists\x.v8i"
        ),
        r"D:\Lists\all.v8i": entry("all"),
        r"D:\Lists\x.v8i": entry("x"),
    })  # fmt: skip
    assert names(found) == ["own", "all", "x"]
    assert found.lists[0].place == r"%APPDATA%\1C\1CEStart\ibases.v8i"


@pytest.mark.parametrize(
    ("path", "clause"),
    [
        (r"\\server\share\all.v8i", "it is on a network share, which is not opened"),
        ("//server/share/all.v8i", "it is on a network share, which is not opened"),
        (r"\/server/share/all.v8i", "it is on a network share, which is not opened"),
        (r"\\?\UNC\server\share\all.v8i", "it is on a network share, which is not opened"),
        (r"\\.\pipe\x", "it is on a network share, which is not opened"),
        ("https://lists.example/all.v8i", "it is a web address, which is not asked"),
        ("file://server/all.v8i", "it is a web address, which is not asked"),
        ("all.v8i", "it is not a full path"),
        (r"\all.v8i", "it is not a full path"),
        ("C:all.v8i", "it is not a full path"),
        (r"D:\linked\all.v8i", "a link leads to it, which is not followed"),
    ],
)
def test_what_a_configuration_names_is_not_opened_at_its_word(path: str, clause: str) -> None:
    for key in ("CommonInfoBases", "CommonCfgLocation"):
        found, disk = on_windows(
            {rf"{PERSONS}\1CEStart.cfg": configuration(f"{key}={path}"), path: entry("x")},
            links=(r"D:\linked",),
        )
        assert path not in disk.opened
        assert [gap.reason for gap in found.gaps] == [f"{path}: {clause}"]
        assert (found.gaps[0].section, names(found)) == ("connection", [])


def test_a_share_that_was_opened_once_is_remembered_for_the_day_it_is_not(tmp_path: Path) -> None:
    share = r"\\server\share\all.v8i"
    files: dict[str, bytes | Exception] = {
        rf"{PERSONS}\1CEStart.cfg": configuration(f"CommonInfoBases={share}"),
        share: entry("shared"),
    }
    found, disk = on_windows(files, cache=tmp_path, open_shares=True)
    assert (names(found), found.gaps, share in disk.opened) == (["shared"], [], True)
    later, disk = on_windows(files, cache=tmp_path)
    assert (names(later), share in disk.opened) == (["shared"], False)
    assert later.lists[0].copied_at is not None
    assert "not opened; the copy of 20" in later.gaps[0].reason


def test_a_list_that_is_locked_is_read_from_its_copy(tmp_path: Path) -> None:
    own = rf"{PERSONS}\ibases.v8i"
    secret = b'[a]\nConnect=Srvr="a";Ref="b";Usr="Maria";Pwd="Zq7-Geheim";\n'
    on_windows({own: secret}, cache=tmp_path)
    found, _ = on_windows({own: PermissionError(13, "The file is in use")}, cache=tmp_path)
    assert address(found.lists[0].infobases[0]) == "tcp://a:1541"
    assert found.gaps[0].reason.startswith(
        r"%APPDATA%\1C\1CEStart\ibases.v8i: The file is in use; the copy of "
    )
    [copy] = (tmp_path / "infobases").iterdir()
    assert b"Geheim" not in copy.read_bytes()
    assert b"Maria" not in copy.read_bytes()
    if os.name == "posix":
        assert copy.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"place": 7}', b"[" * 100_000, b"\xff\xfe"])
def test_a_damaged_copy_is_the_same_as_none(tmp_path: Path, content: bytes) -> None:
    own = rf"{PERSONS}\ibases.v8i"
    on_windows({own: entry("a")}, cache=tmp_path)
    [copy] = (tmp_path / "infobases").iterdir()
    copy.write_bytes(content)
    found, _ = on_windows({own: OSError(5, "Input/output error")}, cache=tmp_path)
    assert found.lists == []
    assert found.gaps[0].reason.endswith("Input/output error")


def test_a_copy_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = on_windows({rf"{PERSONS}\ibases.v8i": entry("a")})

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert copies.keep(tmp_path, "p", found.lists[0]) is False
    assert list((tmp_path / "infobases").iterdir()) == []
    assert copies.keep(tmp_path / "infobases" / "x" / "\0", "p", found.lists[0]) is False


def test_configurations_that_name_each_other_come_to_an_end(home: Path, start: Path) -> None:
    (start / "1cestart.cfg").write_bytes(configuration(f"CommonCfgLocation={home}/a.cfg"))
    others = [f"CommonCfgLocation={home}/{name}.cfg" for name in ("a", *range(99))]
    back = f"CommonCfgLocation={start}/1cestart.cfg"
    (home / "a.cfg").write_bytes(configuration(back, *others, f"CommonInfoBases={home}/x.v8i"))
    (home / "x.v8i").write_bytes(entry("x"))
    found = on_linux(home)
    assert names(found) == ["x"]
    assert len(found.gaps) < 16


def test_only_so_many_lists_are_read() -> None:
    files: dict[str, bytes | Exception] = {rf"D:\{n}.v8i": entry(f"n{n}") for n in range(50)}
    lines = [rf"CommonInfoBases=D:\{n}.v8i" for n in range(50)]
    found, _ = on_windows({rf"{PERSONS}\1CEStart.cfg": configuration(*lines), **files})
    assert len(found.lists) == 32
    assert "names more than 32 lists" in found.gaps[0].reason


@pytest.fixture
def dead_drive() -> Iterator[FakeDisk]:
    released = threading.Event()

    class DeadDrive(FakeDisk):
        def read(self, path: str, limit_bytes: int) -> bytes:
            if path.startswith("Z:"):
                released.wait(30)
            return super().read(path, limit_bytes)

    yield DeadDrive({
        rf"{PERSONS}\ibases.v8i": entry("own"),
        rf"{PERSONS}\1CEStart.cfg": configuration(r"CommonInfoBases=Z:\all.v8i", r"CommonInfoBases=D:\x.v8i"),
        r"D:\x.v8i": entry("x"),
    })  # fmt: skip
    released.set()


def test_a_drive_that_does_not_answer_delays_nobody(dead_drive: FakeDisk) -> None:
    found = find(WINDOWS, windows=True, disk=dead_drive, limit_s=0.3)
    assert names(found) == ["own", "x"]
    assert [gap.reason for gap in found.gaps] == [r"Z:\all.v8i: no answer within 0.3 s"]


@pytest.mark.skipif(os.name != "posix", reason="pipes, links and permissions of POSIX")
def test_only_regular_files_are_read(home: Path, start: Path) -> None:
    os.mkfifo(start / "ibases.v8i")
    (home / "loop").symlink_to(home / "loop")
    (home / "linked.v8i").symlink_to(home / "real.v8i")
    (home / "real.v8i").write_bytes(entry("real"))
    lines = [f"CommonInfoBases={path}" for path in ("/dev/zero", home, home / "loop", home / "linked.v8i")]
    (start / "1cestart.cfg").write_bytes(configuration(*lines, "CommonInfoBases=/nowhere/x.v8i"))
    found = on_linux(home)
    assert names(found) == ["real"]
    assert [gap.reason.partition(": ")[2] for gap in found.gaps] == [
        "it is not a regular file", "it is not a regular file", "it is not a regular file",
        "Too many levels of symbolic links", "No such file or directory",
    ]  # fmt: skip


def test_the_folder_of_another_person_is_not_named_as_the_own_one(home: Path) -> None:
    own = home / "a"
    (own / ".1C" / "1cestart").mkdir(parents=True)
    other = home / "ab" / "shared.v8i"
    other.parent.mkdir()
    other.write_bytes(entry("shop"))
    (own / ".1C" / "1cestart" / "1cestart.cfg").write_bytes(configuration(f"CommonInfoBases={other}"))
    assert [each.place for each in on_linux(own).lists] == [str(other)]
