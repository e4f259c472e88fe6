"""``reporter`` and ``python -m reporter``.

The main path of a failed login, in order: the host's ``reporter.guard`` catches the exception
(``capture/guard.py``) and starts ``reporter show --hosted`` in a process of its own
(``capture/handover.py``); ``cli.py`` reads the settings and chooses a face; ``agent.stand_in`` tells the
rest of the story.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line; ends the process with the documented exit status."""
    from reporter.cli import reporter

    reporter(prog_name="reporter")


if __name__ == "__main__":
    main()
