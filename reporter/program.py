"""Program: what this process is, which name it goes by here, and what programs that it starts inherit.

The installed agent is one frozen program, and so may be a host that our library is part of: ``sys.frozen`` is
no proof. The agent's own entry script says so before it imports anything of ours: ``sys._reporter_agent``.
Under another name (``brand.toml`` beside it) everything it keeps on a computer has that name.

PyInstaller's loader changes the environment: libraries are looked for beside the program, in a frozen host
Tcl as well. Whatever the agent starts (a browser, a watched program, a host once more) is to see the person's
own environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NAME = "reporter"
PRODUCT = "Reporter"
# The loader keeps what these were under the same name with _ORIG.
SEARCH_PATHS = ("LD_LIBRARY_PATH", "LIBPATH", "DYLD_LIBRARY_PATH")
# Where Tcl and Tk have their files. PyInstaller would set these without keeping what they were, so the agent
# is frozen without that and sets them itself, for its own window alone.
TK_PATHS = {"TCL_LIBRARY": "_tcl_data", "TK_LIBRARY": "_tk_data"}
LOADER_PREFIX = "_PYI_"
# Linux: the file of this process, whatever has become of its name.
_RUNNING = "/proc/self/exe"
LOADER_VARIABLES = ("_MEIPASS2", "PYINSTALLER_RESET_ENVIRONMENT")
# Of the Windows API, which Python's own name exists for on Windows only.
CREATE_NO_WINDOW = 0x08000000


class _State:
    """``is_main``: this process runs our command line; ``own``: what Tk needs in the environment."""

    is_main = False
    own: dict[str, str] = {}  # noqa: RUF012 - replaced, never changed


def is_agent() -> bool:
    """Whether this process is the installed agent, and not a host that was frozen with our library."""
    return bool(getattr(sys, "frozen", False) and getattr(sys, "_reporter_agent", False))


def name() -> str:
    """The name of the agent's folders; a person cannot change it by a variable."""
    if not is_agent():
        return NAME
    # The package before its part, here and below: see ``delivery.transport.multipart``.
    from reporter.settings.policy import base

    return base.VENDOR.command


def command() -> str:
    """What a person types to start this program, for sentences that tell to run a command."""
    return Path(zipapp()).name if _State.is_main and zipapp() else name()


def product() -> str:
    """The name under which the program is offered, for sentences that speak of it."""
    if not is_agent():
        return PRODUCT
    from reporter.settings.policy import base

    return base.VENDOR.product


def places(file: str) -> tuple[Path, ...]:
    """Where a file of this name lies that was built into the agent, best first; none where this is not it.

    On macOS data are kept apart from programs, whose folder is signed. Not yet run on macOS.
    """
    if not is_agent():
        return ()
    folder = Path(os.path.realpath(sys.executable)).parent  # a link elsewhere names no other brand
    apart = (folder.parent / "Resources" / file,) if sys.platform == "darwin" else ()
    return (*apart, folder / file)


def begin() -> None:
    """This process runs our command line: called before anything else of it.

    Gives the frozen agent the person's environment back. On Windows the folder of its libraries, which
    children would search too, becomes its own alone; not yet run on Windows.
    """
    _State.is_main = True
    folder = _loaded_from()
    if not is_agent() or not folder:
        return
    if sys.platform == "linux":
        _stay_with(_RUNNING)
    before = dict(os.environ)
    theirs = persons(before, folder)
    for variable in before.keys() - theirs.keys():
        del os.environ[variable]
    os.environ.update(theirs)
    tk = {variable: os.path.join(folder, name) for variable, name in TK_PATHS.items()}  # noqa: PTH118 - pathlib costs a start
    _State.own = {variable: path for variable, path in tk.items() if os.path.isdir(path)}  # noqa: PTH112
    if sys.platform == "win32":
        import ctypes

        os.add_dll_directory(folder)
        ctypes.windll.kernel32.SetDllDirectoryW(None)


def _stay_with(running: str) -> None:
    """Modules that are imported later come from the file that was started, also when an upgrade has put
    another in its place: a window that is open goes on as it is, and the loader would end it.
    """
    archive = getattr(sys.modules.get("pyimod02_importers"), "pyz_archive", None)
    started = getattr(archive, "_filename", None)
    try:
        if archive is not None and started and os.path.samefile(started, running):  # noqa: PTH121
            archive._filename = running
    except OSError:
        pass  # a system without it; nothing is lost until an upgrade comes


@contextmanager
def own_environment() -> Iterator[None]:
    """For the block, where Tcl and Tk of the frozen program look for their files when they start."""
    before = {variable: os.environ.get(variable) for variable in _State.own}
    os.environ.update(_State.own)
    try:
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value


def environment() -> dict[str, str] | None:
    """What a program that is started from here inherits; None where that is this process's own environment.

    For those who start programs in a host, whose environment is not ours to change.
    """
    folder = _loaded_from()
    return persons(os.environ, folder) if folder else None


def persons(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """An environment as it was before the loader of the frozen program in ``folder`` changed it."""
    kept = {
        variable: value
        for variable, value in environ.items()
        if not variable.startswith(LOADER_PREFIX)
        and variable not in LOADER_VARIABLES
        and not _is_within(value, folder)
    }
    for variable in SEARCH_PATHS:
        original = kept.pop(f"{variable}_ORIG", None)
        if original is not None:
            kept[variable] = original
    return kept


def zipapp() -> str:
    """The file that this process was started from where that is a zipapp; else empty."""
    loader = getattr(sys.modules.get("__main__"), "__loader__", None)
    archive = getattr(loader, "archive", "")
    return os.path.abspath(archive) if isinstance(archive, str) and archive else ""  # noqa: PTH100 - pathlib costs a host's start


def agent_command() -> list[str]:
    """The command line that starts the agent.

    The installed agent starts itself, as does the agent in a zipapp; a frozen host starts the installed one;
    any other process starts this package with its own Python.
    """
    if is_agent():
        return [sys.executable]
    if getattr(sys, "frozen", False) or not sys.executable:
        return [_installed(os.environ)]
    # -P: a file named reporter.py in the host's working directory must not be taken for the agent.
    python = [sys.executable, "-P", "-X", "utf8"]
    if not zipapp():
        return [*python, "-m", NAME]
    if _State.is_main:
        return [sys.executable, "-X", "utf8", zipapp()]
    # A host in a zipapp: its packages lie where a new Python does not look.
    packages = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    code = f"import sys; sys.path.insert(0, {packages!r}); from {NAME}.__main__ import main; main()"
    return [*python, "-c", code]


def _installed(environ: Mapping[str, str]) -> str:
    """The installed agent: what REPORTER_AGENT names, else the one that the search path or Windows knows.

    Not yet run on Windows.
    """
    import shutil

    # The name is settings.environment.AGENT; importing that would cost a host some 50 ms.
    wanted = environ.get("REPORTER_AGENT", "") or NAME
    if sys.platform != "win32" or os.path.dirname(wanted):  # noqa: PTH120 - pathlib costs a host's start
        return shutil.which(wanted) or wanted
    # First what administrators alone write: Windows looks for a mere name in the working folder too, where a
    # file that is called so may be anybody's.
    if registered := _registered(wanted):
        return registered
    found = shutil.which(wanted)
    if found and os.path.isabs(found):  # noqa: PTH117 - as above
        return found
    return os.path.join(os.path.dirname(sys.executable), wanted)  # noqa: PTH118, PTH120 - as above


def _registered(wanted: str) -> str | None:
    import winreg
    from typing import Any

    registry: Any = winreg
    key = rf"Software\Microsoft\Windows\CurrentVersion\App Paths\{wanted.removesuffix('.exe')}.exe"
    try:
        value = registry.QueryValue(registry.HKEY_LOCAL_MACHINE, key)
    except OSError:
        return None
    return value if isinstance(value, str) and value else None


def _loaded_from() -> str:
    """Where PyInstaller's loader found this program's libraries; empty where it was not at work."""
    folder = getattr(sys, "_MEIPASS", "") if getattr(sys, "frozen", False) else ""
    return folder if isinstance(folder, str) else ""


def _is_within(value: str, folder: str) -> bool:
    return value == folder or value.startswith((folder + os.sep, folder + os.pathsep))
