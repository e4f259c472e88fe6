"""Program: where the frozen program begins."""

from __future__ import annotations

import sys

# Tells ``reporter/program.py`` that this is the agent itself, and no host program that somebody froze.
sys._reporter_agent = True  # type: ignore[attr-defined]

from reporter.__main__ import main  # noqa: E402 - see above

main()
