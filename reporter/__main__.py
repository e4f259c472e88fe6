"""``reporter`` and ``python -m reporter``.

The main path of a failed login, in order: the host's ``reporter.guard`` catches the exception
(``capture/guard.py``) and starts ``reporter show --hosted`` in a process of its own
(``capture/handover.py``); ``showing.py`` reads the failure and the settings and chooses a face;
``agent.stand_in`` tells the rest of the story.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; ends the process with the documented exit status."""
    match sys.argv[1:]:
        # A person waits: straight to the dialog, past the parser of the command line.
        case ["show", argument] if argument in ("-", "--hosted") or not argument.startswith("-"):
            from reporter import showing

            sys.exit(showing.main(argument))
        case _:
            from reporter.cli import reporter

            reporter(prog_name="reporter")


if __name__ == "__main__":
    main()
