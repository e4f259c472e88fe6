"""``reporter`` and ``python -m reporter``.

The main path of a failed login, in order: the host's ``reporter.guard`` catches the exception
(``capture/guard.py``) and starts ``reporter show --hosted`` in a process of its own
(``capture/handover.py``); ``showing.py`` reads the failure and the settings and chooses a face;
``agent.stand_in`` tells the rest of the story.
"""

from __future__ import annotations

import os
import signal
import sys


def main() -> None:
    """Run the command line; ends the process with the documented exit status."""
    _have_streams()
    match sys.argv[1:]:
        # A person waits: straight to the dialog, past the parser of the command line.
        case ["show", argument] if argument in ("-", "--hosted") or not argument.startswith("-"):
            if argument == "--hosted":
                # Ctrl+C is meant for the host; the dialog and a story half told stay.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            from reporter import showing

            sys.exit(showing.main(argument))
        case _:
            from reporter.cli import reporter

            reporter(prog_name="reporter")


def _have_streams() -> None:
    """A process without console, or with a closed stream, reads nothing and writes nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - without pathlib, for the whole life


if __name__ == "__main__":
    main()
