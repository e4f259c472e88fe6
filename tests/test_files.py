"""Only one holds the lock, and it ends with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reporter.files import only_one, write_whole

HOLD = """
import sys
from pathlib import Path
from reporter.files import only_one
with only_one(Path(sys.argv[1]), wait_s=0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_in_the_same_process_has_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with only_one(path, wait_s=0), pytest.raises(TimeoutError), only_one(path, wait_s=0):
        pytest.fail("two held the lock")
    with only_one(path, wait_s=0):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError), only_one(path, wait_s=0):
            pytest.fail("two held the lock")
        holder.kill()
    with only_one(path, wait_s=5):
        pass


def test_a_file_is_written_whole_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "table.json"
    place.write_bytes(b"before")
    write_whole(place, b"after")
    assert place.read_bytes() == b"after"
    assert place.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [place]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        write_whole(tmp_path / "missing" / "table.json", b"after")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(folder, b"after")
    assert list(tmp_path.iterdir()) == [folder]
