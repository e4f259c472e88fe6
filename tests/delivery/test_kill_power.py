"""The power fails at any moment: what was promised is on the disk, whatever became of unsynced writes."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from rich.console import Console

from reporter.delivery.spool import Spool
from tests.delivery.power_cut import Call, Disk, record

CUTS = 250
FOLDER = "spool"

# Keeps reports with files so large that the log is written back, records what became of them, and removes
# one. Each line on standard output is a promise.
PROGRAM = """
import os, sys
from pathlib import Path
import msgspec
from reporter.delivery import database
from reporter.delivery.receipt import State
from reporter.delivery.spool import Spool
from reporter.report.model import Attachment
if sys.argv[2] == "careless":
    connect = database._connect
    def careless(path):
        db = connect(path)
        db.execute("PRAGMA synchronous = OFF")
        return db
    database._connect = careless
def promise(text):
    os.write(1, (text + "\\n").encode())
path = Path(sys.argv[1]) / "spool.sqlite"
for part in range(2):
    with Spool(path) as spool:
        for number in range(16):
            name = f"AAAA-{part}{number:04}"
            files = [Attachment(name="a.bin", content_type="x/y", content=name.encode() * 15_000)]
            kept = spool.enqueue(name, name.encode(), files, sendable=True, sent_by_person=True)
            promise("kept " + name)
            if number % 2:
                spool.record(msgspec.structs.replace(kept, state=State.ACCEPTED), [])
                promise("accepted " + name)
        if part:
            spool.drop("AAAA-00001")
            promise("dropped AAAA-00001")
"""


def recorded(tmp_path: Path, how: str) -> tuple[list[Call], str]:
    folder = tmp_path / how / FOLDER
    folder.mkdir(parents=True)
    calls = record([sys.executable, "-c", PROGRAM, str(folder), how], tmp_path / f"{how}.log")
    return calls, str(folder)


def losses(calls: list[Call], folder: str, tmp_path: Path, dice: random.Random) -> tuple[int, list[str]]:
    """The promises at all the cuts together, and those that were not kept."""
    moments = [at for at, call in enumerate(calls) if call.file.startswith(folder)]
    cuts = set(dice.sample(moments, CUTS)) | {at for at, call in enumerate(calls) if _is_promise(call)}
    disk, promises, broken, count = Disk(folder), list[str](), list[str](), 0
    for at, call in enumerate(calls):
        disk.apply(call)
        if _is_promise(call):
            promises.append(call.data.decode().strip())
        if at in cuts:
            count += len(promises)
            place = tmp_path / f"cut-{at}"
            place.mkdir()
            for name, content in disk.after_a_cut(dice).items():
                (place / Path(name).name).write_bytes(content)
            broken += [f"cut {at}: {promise}" for promise in _broken(promises, place / "spool.sqlite")]
            for file in place.iterdir():
                file.unlink()
    return count, broken


def _is_promise(call: Call) -> bool:
    return call.file == "descriptor 1"


def _broken(promises: list[str], path: Path) -> list[str]:
    with Spool(path) as spool:
        kept = {envelope.reference: envelope for envelope in spool.list()}
        damage = [spool.remark] if spool.remark else []
    dropped = {promise.split()[1] for promise in promises if promise.startswith("dropped")}
    found = list(damage)
    for promise in promises:
        what, name = promise.split()
        envelope = kept.get(name)
        if what == "dropped":
            is_right = envelope is None
        elif name in dropped:
            continue
        elif envelope is None:
            is_right = name == "AAAA-00001" and "kept AAAA-10015" in promises  # its removal is under way
        else:
            is_right = (
                envelope.report_json == name.encode()
                and [file.content for file in envelope.attachments] == [name.encode() * 15_000]
                and (what == "kept" or envelope.state == "accepted")
            )
        if not is_right:
            found.append(promise)
    return found


def test_whatever_the_power_cut_leaves_every_promise_is_kept(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    calls, folder = recorded(tmp_path, "careful")
    count, broken = losses(calls, folder, tmp_path, random.Random(seed))
    Console().print(f"seed {seed}: {CUTS} cuts and more, {count} promises, broken {len(broken)}")
    assert count > 1_000
    assert broken == []


def test_without_syncing_the_same_cuts_break_promises(tmp_path: Path) -> None:
    calls, folder = recorded(tmp_path, "careless")
    _, broken = losses(calls, folder, tmp_path, random.Random(1))
    assert broken, "the cuts would not notice a spool that does not sync"
