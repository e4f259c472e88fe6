"""Reports in a folder: whole or not at all, once each, whatever the share and the others in it do."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reporter.delivery import folder as folder_module
from reporter.delivery.destination import Kind
from reporter.delivery.envelope import Envelope
from reporter.delivery.folder import LEFTOVER_AGE_S, FolderDestination, _path
from reporter.delivery.postman import Postman
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.errors import UsageError
from reporter.report.bundle import pack
from reporter.report.model import Attachment

Enqueue = Callable[..., Envelope]

REFERENCE = "7K3D-9QX2M"

posix_root = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounts a file system"
)
not_for_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere"
)


@pytest.fixture
def share(tmp_path: Path) -> Path:
    share = tmp_path / "share #1"
    share.mkdir()
    return share


def destination(share: Path, **options: Any) -> FolderDestination:
    return FolderDestination(share.as_uri(), pack, **options)


def names(share: Path) -> list[str]:
    return sorted(path.name for path in share.iterdir())


def test_a_report_is_one_zip_named_after_its_reference(enqueue: Enqueue, share: Path) -> None:
    kept = enqueue()
    assert destination(share).deliver(kept).kind is Kind.ACCEPTED
    assert names(share) == [f"{REFERENCE}.zip"]
    with zipfile.ZipFile(share / f"{REFERENCE}.zip") as archive:
        assert archive.read("report.json") == kept.report_json
        assert archive.read("Снимок.png") == kept.attachments[0].content


def test_the_same_report_is_never_there_twice(enqueue: Enqueue, share: Path) -> None:
    kept = enqueue()
    for _ in range(3):
        assert destination(share).deliver(kept).kind is Kind.ACCEPTED
    assert names(share) == [f"{REFERENCE}.zip"]


def test_a_report_of_somebody_else_with_the_same_reference_stays(enqueue: Enqueue, share: Path) -> None:
    mine = enqueue()
    theirs = msgspec.structs.replace(mine, report_json=b'{"another": "report"}')
    for kept in (theirs, mine, mine, theirs):
        assert destination(share).deliver(kept).kind is Kind.ACCEPTED
    assert len(names(share)) == 2
    assert (share / f"{REFERENCE}.zip").read_bytes() == pack(theirs)
    [beside] = share.glob(f"{REFERENCE}-*.zip")
    assert beside.read_bytes() == pack(mine)


def _as_folder(place: Path) -> None:
    place.mkdir()


def _as_dangling_link(place: Path) -> None:
    place.symlink_to(place.parent.parent / "elsewhere.zip")


@pytest.mark.skipif(sys.platform == "win32", reason="makes links")
@pytest.mark.parametrize("make", [_as_folder, _as_dangling_link])
def test_what_is_no_file_at_the_reports_place_is_left_alone(
    enqueue: Enqueue, share: Path, make: Callable[[Path], None]
) -> None:
    make(share / f"{REFERENCE}.zip")
    assert destination(share).deliver(enqueue()).kind is Kind.ACCEPTED
    assert len(list(share.glob(f"{REFERENCE}-*.zip"))) == 1
    assert not (share.parent / "elsewhere.zip").exists()


def test_a_reference_cannot_lead_out_of_the_folder(enqueue: Enqueue, share: Path) -> None:
    stray = msgspec.structs.replace(enqueue(), reference="../../etc/x")
    assert destination(share).deliver(stray).kind is Kind.ACCEPTED
    assert names(share) == ["etcx.zip"]


def test_a_reader_never_meets_half_a_report(spool: Spool, share: Path) -> None:
    big = spool.enqueue(
        REFERENCE,
        b"{}",
        [Attachment(name="a.bin", content_type="application/octet-stream", content=os.urandom(2_000_000))],
        sendable=True,
        sent_by_person=True,
    )
    torn: list[str] = []
    met: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            for path in share.glob("*.zip"):
                try:
                    if zipfile.ZipFile(io.BytesIO(path.read_bytes())).testzip() is not None:
                        torn.append(path.name)
                    met.add(path.name)
                except zipfile.BadZipFile:
                    torn.append(path.name)

    reader = threading.Thread(target=read)
    reader.start()
    wanted = {f"AAAA-AAA{n:02}.zip" for n in range(20)}
    for name in sorted(wanted):
        kept = msgspec.structs.replace(big, reference=name.removesuffix(".zip"))
        assert destination(share).deliver(kept).kind is Kind.ACCEPTED
    while met != wanted:
        time.sleep(0.01)
    stop.set()
    reader.join()
    assert torn == []


AGENT = """
import sys
from pathlib import Path
from reporter.delivery.envelope import Envelope
from reporter.delivery.folder import FolderDestination
from reporter.report.bundle import pack
import msgspec
share, number, go = sys.argv[1:]
base = msgspec.json.decode(sys.stdin.buffer.read(), type=Envelope)
target = FolderDestination(Path(share).as_uri(), pack)
Path(go + number).touch()
while not Path(go).exists():
    pass
for n in range(30):
    same = msgspec.structs.replace(base, reference=f"AAAA-AAA{n:02}")
    own = msgspec.structs.replace(base, reference=f"BBBB-BBB{n:02}", report_json=number.encode())
    for envelope in (same, own):
        outcome = target.deliver(envelope)
        assert outcome.kind == "accepted", outcome
"""


def test_agents_at_once_lose_nothing_and_double_nothing(
    enqueue: Enqueue, share: Path, tmp_path: Path
) -> None:
    """The same thirty reports by both, and thirty of each that have the same references by chance."""
    kept = enqueue()
    go = tmp_path / "go"
    agents = [
        subprocess.Popen(
            [sys.executable, "-c", AGENT, str(share), str(number), str(go)], stdin=subprocess.PIPE
        )
        for number in range(2)
    ]
    for agent in agents:
        assert agent.stdin is not None
        agent.stdin.write(msgspec.json.encode(kept))
        agent.stdin.close()
    while not all(go.with_name(f"go{number}").exists() for number in range(2)):
        time.sleep(0.01)
        assert all(agent.poll() is None for agent in agents)
    go.touch()
    assert [agent.wait(120) for agent in agents] == [0, 0]
    assert len(list(share.glob("AAAA-*.zip"))) == 30
    reports = []
    for path in share.glob("BBBB-*.zip"):
        with zipfile.ZipFile(path) as archive:
            reports.append(archive.read("report.json"))
    assert sorted(reports) == [b"0"] * 30 + [b"1"] * 30
    assert list(share.glob(".*")) == []


def test_a_folder_that_knows_no_links_gets_it_by_renaming(
    enqueue: Enqueue, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlinkable(*_: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", unlinkable)
    assert destination(share).deliver(enqueue()).kind is Kind.ACCEPTED
    assert names(share) == [f"{REFERENCE}.zip"]


def test_where_links_are_not_how_it_is_done_renaming_never_replaces(
    share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows does it."""

    def rename(self: Path, target: Path) -> None:
        raise FileExistsError(errno.EEXIST, "exists", str(target))

    monkeypatch.setattr(os, "name", "nt")
    monkeypatch.setattr(Path, "rename", rename)
    assert folder_module._settle(share / "a", share / "b") is False


# What goes wrong


def test_a_folder_that_is_gone_is_waited_for(enqueue: Enqueue, share: Path, spool: Spool, clock: Any) -> None:
    enqueue()
    share.rmdir()
    postman = Postman(spool, [destination(share)], now=clock, random=lambda: 0.5)
    receipt = postman.deliver(REFERENCE)
    assert (receipt.state, receipt.reason) == (State.QUEUED, "the folder is not there")
    assert not share.exists()
    share.mkdir()
    assert postman.deliver(REFERENCE).state is State.ACCEPTED


def test_a_folder_that_vanishes_while_it_is_written(
    enqueue: Enqueue, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def vanish(number: int) -> None:
        for path in share.iterdir():
            path.unlink()
        share.rmdir()
        real(number)

    monkeypatch.setattr(os, "fsync", vanish)
    outcome = destination(share).deliver(enqueue())
    assert outcome.kind is Kind.POSTPONED
    assert outcome.reason.startswith("the folder cannot be written: ")


def test_a_share_that_hangs_does_not_hold_the_postman_up(
    enqueue: Enqueue, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comes_back, written = threading.Event(), threading.Event()
    real = os.fsync

    def hang(number: int) -> None:
        comes_back.wait(60)
        real(number)
        written.set()

    monkeypatch.setattr(os, "fsync", hang)
    outcome = destination(share, limit_s=0.2).deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (Kind.POSTPONED, "the folder does not answer within 0.2 s")
    assert list(share.glob("*.zip")) == []
    comes_back.set()
    assert written.wait(60)
    for thread in threading.enumerate():
        if thread.name == "reporter-delivery":
            thread.join(60)
    # It came through late; the next try finds it.
    assert destination(share).deliver(enqueue("7K3D-9QX2M")).kind is Kind.ACCEPTED
    assert names(share) == [f"{REFERENCE}.zip"]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a file system in memory: ``mounted("size=64k")``."""
    places: list[Path] = []

    def mount(options: str) -> Path:
        place = tmp_path / f"mounted-{len(places)}"
        place.mkdir()
        run = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", str(place)], capture_output=True, check=False
        )
        if run.returncode:
            pytest.skip(f"no file system can be mounted here: {run.stderr.decode().strip()}")
        places.append(place)
        return place

    yield mount
    for place in places:
        subprocess.run(["umount", str(place)], check=True)


@posix_root
def test_a_full_folder_holds_nothing_half_and_is_tried_again(
    spool: Spool, mounted: Callable[[str], Path]
) -> None:
    share = mounted("size=64k")
    kept = spool.enqueue(
        REFERENCE,
        b"{}",
        [Attachment(name="a.bin", content_type="application/octet-stream", content=os.urandom(200_000))],
        sendable=True,
        sent_by_person=True,
    )
    outcome = destination(share).deliver(kept)
    assert (outcome.kind, outcome.reason) == (
        Kind.POSTPONED,
        "the folder cannot be written: No space left on device",
    )
    assert names(share) == []


@posix_root
def test_a_folder_that_can_only_be_read_pauses(enqueue: Enqueue, mounted: Callable[[str], Path]) -> None:
    outcome = destination(mounted("size=64k,ro")).deliver(enqueue())
    assert (outcome.kind, outcome.reason) == (
        Kind.PAUSED,
        "the folder can only be read; let it be written by its users",
    )


LIMITED = """
import resource, signal, sys
from pathlib import Path
from reporter.delivery.envelope import Envelope
from reporter.delivery.folder import FolderDestination
from reporter.report.bundle import pack
import msgspec
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
kept = msgspec.json.decode(sys.stdin.buffer.read(), type=Envelope)
print(FolderDestination(Path(sys.argv[1]).as_uri(), pack).deliver(kept).reason)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_write_that_ends_half_way_leaves_nothing(enqueue: Enqueue, share: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(share)],
        input=msgspec.json.encode(enqueue()),
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode().strip() == "the folder cannot be written: File too large"
    assert names(share) == []


@pytest.mark.parametrize("which", ["open", "stat"])
def test_a_folder_that_this_user_may_not_use_pauses(
    enqueue: Enqueue, share: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    def closed(*_: Any, **__: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    if which == "open":
        monkeypatch.setattr(Path, "open", closed)
    else:
        monkeypatch.setattr(Path, "is_dir", closed)
    outcome = destination(share).deliver(enqueue())
    assert outcome.kind is Kind.PAUSED
    assert "this user may not write into the folder" in outcome.reason


@not_for_root
def test_a_folder_of_somebody_else_pauses(enqueue: Enqueue, share: Path) -> None:
    share.chmod(0o500)
    assert destination(share).deliver(enqueue()).kind is Kind.PAUSED


def test_what_dead_processes_left_is_taken_away_after_a_day(enqueue: Enqueue, share: Path) -> None:
    now = time.time()
    for name, age_s in (
        (".7K3D-9QX2M.0123abcd.part", LEFTOVER_AGE_S + 600),
        (".AAAA-AAAA1.0123abcd.part", LEFTOVER_AGE_S - 600),
        ("notes.part", LEFTOVER_AGE_S * 9),
        (".hidden", LEFTOVER_AGE_S * 9),
        (".7K3D-9QX2M.0123abcd.part.txt", LEFTOVER_AGE_S * 9),
    ):
        (share / name).write_bytes(b"x")
        os.utime(share / name, (now - age_s, now - age_s))
    assert destination(share).deliver(enqueue()).kind is Kind.ACCEPTED
    assert names(share) == sorted(
        [
            ".AAAA-AAAA1.0123abcd.part",
            "notes.part",
            ".hidden",
            ".7K3D-9QX2M.0123abcd.part.txt",
            f"{REFERENCE}.zip",
        ]
    )


# Addresses


@pytest.mark.parametrize(
    ("address", "system", "folder"),
    [
        ("file:///mnt/reports", "linux", "/mnt/reports"),
        ("file://localhost/mnt/%D0%BE%D1%82%D1%87%D1%91%D1%82%20%231", "linux", "/mnt/отчёт #1"),
        ("file:///C:/reports", "win32", "C:/reports"),
        ("file://C:/reports", "win32", "C:/reports"),
        ("file://server/share/in%20box", "win32", "\\\\server\\share\\in box"),
        ("\\\\server\\share", "win32", "\\\\server\\share"),
        ("\\\\server\\share\\Отчёты\\", "win32", "\\\\server\\share\\Отчёты"),
    ],
)
def test_addresses(address: str, system: str, folder: str) -> None:
    assert _path(address, system) == folder


@pytest.mark.parametrize(
    ("address", "system", "sentence"),
    [
        ("file://", "linux", "names no folder"),
        ("file:///", "linux", "names no folder"),
        ("file:///a%00b", "linux", "names no folder"),
        ("file://[a/b", "linux", "names no folder"),
        ("file:///mnt/reports#1", "linux", "write them as %3F and %23"),
        ("file://server/share", "linux", "only Windows reaches by its name"),
        ("\\\\server\\share", "darwin", "only Windows reaches by its name"),
        ("\\\\server", "win32", "names no folder"),
        ("\\\\.\\pipe\\x", "win32", "names no folder"),
        ("\\\\?\\C:\\x", "win32", "names no folder"),
        ("file://anna:hunter2@server/share", "win32", "signs in to a share by itself"),
    ],
)
def test_an_address_that_names_no_folder_is_said(address: str, system: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        FolderDestination(address, pack, system=system)
    assert sentence in str(caught.value)
    assert "hunter2" not in str(caught.value)
