"""Only one holds the lock, and it ends with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reporter.delivery.lock import only_one

HOLD = """
import sys
from pathlib import Path
from reporter.delivery.lock import only_one
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
