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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def main() -> None:
    """Run the command line; ends the process with the documented exit status."""
    from reporter import program

    was_clicked = program.is_agent() and not sys.argv[1:] and _is_without_console(sys.platform)
    _have_streams()
    if program.is_agent() and os.name == "posix":
        _speak_as_the_terminal()
    program.begin()
    match ["open"] if was_clicked else sys.argv[1:]:
        # A person waits: straight to the dialog, past the parser of the command line.
        case ["show", argument] if argument in ("-", "--hosted") or not argument.startswith("-"):
            if argument == "--hosted":
                # Ctrl+C is meant for the host; the dialog and a story half told stay.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            _go_without()
            from reporter import showing

            sys.exit(showing.main(argument))
        case ["open"]:
            _go_without()
            from reporter import showing

            sys.exit(showing.opened())
        case _:
            from reporter.cli import reporter

            reporter(prog_name=program.command())


def _go_without() -> None:
    """Of a library whose names the language has by now, but which would take 2 MB and a tenth of the start.

    msgspec asks for it, and takes the language's own where it is absent.
    """
    if "typing_extensions" not in sys.modules:
        modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
        modules["typing_extensions"] = None  # this is how an absent module is noted
        import msgspec  # noqa: F401

        del modules["typing_extensions"]


def _is_without_console(platform: str) -> bool:
    """Whether the desktop started this process, and no terminal: by its icon a program gets no arguments.

    Elsewhere the menu's entry says ``open`` itself. Not yet run on Windows and macOS.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if platform == "win32":
        return streams == (None, None, None)
    return platform == "darwin" and not any(stream is not None and stream.isatty() for stream in streams)


def _have_streams() -> None:
    """A process without console, or with a closed stream, reads nothing and writes nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - without pathlib, for the whole life
            # Windows takes its null device for a terminal, at which somebody would sit.
            nowhere.isatty = lambda: False  # type: ignore[method-assign]
            setattr(sys, name, nowhere)


def _speak_as_the_terminal() -> None:
    """The frozen program is in UTF-8 whatever the language of the session is; some terminals are not.

    What is piped or written to a file stays UTF-8: programs read it.
    """
    import codecs
    import io
    import locale

    try:
        locale.setlocale(locale.LC_CTYPE, "")
        encoding = codecs.lookup(locale.getencoding()).name
    except locale.Error:
        return
    except LookupError:
        encoding = "ascii"  # one of those that are not inside; of a terminal's letters these are always there
    else:
        if encoding in ("utf-8", "ascii"):  # where no language is set, terminals are in UTF-8
            return
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.isatty():
            stream.reconfigure(encoding=encoding, errors="replace")
    for number, word in enumerate(sys.argv):
        # What is no UTF-8 arrives in surrogates: names of files are to stay so, what a person typed is read.
        if any("\udc80" <= letter <= "\udcff" for letter in word) and not os.path.lexists(word):
            sys.argv[number] = os.fsencode(word).decode(encoding, "replace")


if __name__ == "__main__":
    main()
