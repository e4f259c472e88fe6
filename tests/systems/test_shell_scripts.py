"""What shells run on other systems, which no test of ours can start, has no mistake that shellcheck knows."""

from __future__ import annotations

import subprocess

from catalogues import ROOT


def test_shellcheck_has_nothing_to_say() -> None:
    scripts = [
        *(ROOT / "packaging").rglob("*.sh"),
        *(ROOT / ".github").glob("*.sh"),
        ROOT / "packaging/develop",
    ]
    assert len(scripts) >= 7
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
