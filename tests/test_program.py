"""What this process is, under which name it keeps its things, and what the programs it starts inherit."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
import zipapp
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reporter import program
from reporter.__main__ import _speak_as_the_terminal

ROOT = Path(__file__).parent.parent

# A process that is what the loader of a frozen program makes of one: its own file, the marks, no Python.
FROZEN = """
import sys
sys.frozen, sys._reporter_agent, sys.executable = True, {is_ours}, {executable!r}
import json, os
from pathlib import Path
from reporter import program
program.begin()
import click
from reporter.capture import native
from reporter.cli import reporter
from reporter.settings import brand, paths
from reporter.settings.policy.base import VENDOR
from reporter.settings.policy.linux import LinuxPolicies
from reporter.settings.policy.macos import MacPolicies

def helps(command):
    yield command.get_help(click.Context(command, info_name="x", max_content_width=1000))
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        yield from helps(one)

environ = dict(os.environ)
print(json.dumps({{
    "spool": str(paths.spool(environ)),
    "drafts": str(paths.drafts(environ)),
    "mails": str(paths.mails(environ)),
    "cache": str(paths.cache(environ)),
    "pseudonyms": str(paths.pseudonyms(environ)),
    "crashes": [str(paths.crashes(environ)), native.folder(environ)],
    "settings": str(paths.settings_file(environ)[0]),
    "policies": str(LinuxPolicies()._policies),
    "registry": [VENDOR.policies_key, VENDOR.recommended_key, VENDOR.installer_key],
    "preferences": VENDOR.bundle_id,
    "agent": program.agent_command(),
    "command": program.command(),
    "product": program.product(),
    "looks": brand.find({{"REPORTER_BRAND": environ.get("REPORTER_BRAND", "")}}).brand.product,
    "help": "".join(helps(reporter)),
}}))
"""


def installed(folder: Path, product: str, command: str, *, is_ours: bool = True, more: dict[str, str]) -> Any:
    """What a program says that was frozen with a brand and lies in ``folder``."""
    folder.mkdir(exist_ok=True)
    words = [f'product = "{product}"', f'vendor = "{product}"', f'command = "{command}"']
    words.append(f'bundle_id = "example.{command}"')
    (folder / "brand.toml").write_text("\n".join(words), encoding="utf-8")
    code = FROZEN.format(is_ours=is_ours, executable=str(folder / command))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("REPORTER_")}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**environ, **more}, capture_output=True, check=True
    )
    return json.loads(ran.stdout)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for one in value.values() if isinstance(value, dict) else value:
            yield from leaves(one)


def test_two_brands_share_nothing_on_one_computer(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    one = installed(tmp_path / "one", "Nordwind", "nordwind-help", more=home)
    other = installed(tmp_path / "other", "Suedwind", "suedwind", more=home)
    assert not set(leaves(one)) & set(leaves(other))
    for place in leaves({name: one[name] for name in ("spool", "cache", "crashes", "settings", "policies")}):
        assert "nordwind-help" in Path(place).parts
    assert one["policies"] == "/etc/nordwind-help/policies"
    assert one["agent"] == [str(tmp_path / "one" / "nordwind-help")]


def test_what_the_help_tells_to_run_is_what_there_is(tmp_path: Path) -> None:
    told = installed(tmp_path / "one", "Nordwind", "nordwind-help", more={})["help"]
    assert re.search(r"`nordwind-help\s+infobases`", told)
    assert "`reporter " not in told


def test_nobody_becomes_another_program_by_a_variable(tmp_path: Path) -> None:
    rogue = tmp_path / "rogue.toml"
    rogue.write_text('product = "Rogue"\ncommand = "rogue"\nbundle_id = "a.rogue"\n', encoding="utf-8")
    home = {"HOME": str(tmp_path)}
    own = installed(tmp_path / "one", "Nordwind", "nordwind", more=home)
    led = installed(tmp_path / "one", "Nordwind", "nordwind", more={**home, "REPORTER_BRAND": str(rogue)})
    assert led.pop("looks") == "Rogue"
    own.pop("looks")
    assert led == own


def test_a_host_that_was_frozen_with_our_library_is_not_the_agent(tmp_path: Path) -> None:
    host = installed(tmp_path / "host", "Rogue", "rogue", is_ours=False, more={"PATH": str(tmp_path)})
    assert "rogue" not in json.dumps(host).lower().replace(str(tmp_path).lower(), "")
    assert host["agent"] == ["reporter"]
    assert host["policies"] == "/etc/reporter/policies"


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    return monkeypatch


def test_the_agent_starts_itself(frozen: pytest.MonkeyPatch) -> None:
    frozen.setattr(sys, "_reporter_agent", True, raising=False)
    assert program.agent_command() == [sys.executable]


def test_a_frozen_host_starts_the_installed_agent(frozen: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("reporter", "nordwind-help"):
        (tmp_path / name).touch(0o755)
    frozen.setenv("PATH", str(tmp_path))
    assert program.agent_command() == [str(tmp_path / "reporter")]
    frozen.setenv("REPORTER_AGENT", "nordwind-help")
    assert program.agent_command() == [str(tmp_path / "nordwind-help")]
    frozen.setenv("REPORTER_AGENT", "gone")
    assert program.agent_command() == ["gone"], "what cannot be started is told where it is started"


def test_windows_knows_where_programs_are(frozen: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {r"Software\Microsoft\Windows\CurrentVersion\App Paths\reporter.exe": r"C:\P\reporter.exe"}

    def query(hive: str, key: str) -> str:
        assert hive == "machine", "where only administrators write"
        try:
            return known[key]
        except KeyError:
            raise FileNotFoundError(key) from None

    winreg = SimpleNamespace(HKEY_LOCAL_MACHINE="machine", QueryValue=query)
    frozen.setattr(sys, "platform", "win32")
    frozen.setitem(sys.modules, "winreg", winreg)
    frozen.setattr("shutil.which", lambda name: None)
    assert program.agent_command() == [r"C:\P\reporter.exe"]
    frozen.setenv("REPORTER_AGENT", "nordwind-help.exe")
    assert program.agent_command() == [str(Path(sys.executable).parent / "nordwind-help.exe")]
    # Windows looks into the working folder first, where anybody may have put a program of this name.
    frozen.setattr("shutil.which", lambda name: rf".\{name}")
    assert program.agent_command() == [str(Path(sys.executable).parent / "nordwind-help.exe")]
    frozen.setattr("shutil.which", lambda name: f"/on/the/path/{name}")
    assert program.agent_command() == ["/on/the/path/nordwind-help.exe"]
    frozen.setenv("REPORTER_AGENT", "reporter")
    assert program.agent_command() == [r"C:\P\reporter.exe"]


def test_on_macos_the_brand_may_lie_with_the_resources(frozen: pytest.MonkeyPatch, tmp_path: Path) -> None:
    contents = tmp_path / "Nordwind.app" / "Contents"
    frozen.setattr(sys, "_reporter_agent", True, raising=False)
    frozen.setattr(sys, "platform", "darwin")
    frozen.setattr(sys, "executable", str(contents / "MacOS" / "nordwind"))
    places = [contents / "Resources" / "brand.toml", contents / "MacOS" / "brand.toml"]
    assert list(program.places("brand.toml")) == places


def test_a_link_to_the_program_lies_beside_no_brand(frozen: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt" / "reporter").touch()
    (tmp_path / "reporter").symlink_to(tmp_path / "opt" / "reporter")
    frozen.setattr(sys, "_reporter_agent", True, raising=False)
    frozen.setattr(sys, "executable", str(tmp_path / "reporter"))
    assert program.places("brand.toml") == (tmp_path / "opt" / "brand.toml",)


# In a zipapp


def from_zipapp(tmp_path: Path, code: str) -> list[str]:
    """The command that a zipapp with this program starts the agent by."""
    source = tmp_path / "source"
    source.mkdir()
    before = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    (source / "__main__.py").write_text(before + code, encoding="utf-8")
    zipapp.create_archive(source, tmp_path / "tool.pyz")
    ran = subprocess.run(
        [sys.executable, "tool.pyz"], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    return [str(word) for word in json.loads(ran.stdout)]


def test_the_agent_in_a_zipapp_starts_the_zipapp(tmp_path: Path) -> None:
    code = (
        "import json; from reporter import program\n"
        "program.begin(); print(json.dumps(program.agent_command()))"
    )
    assert from_zipapp(tmp_path, code) == [sys.executable, "-X", "utf8", str(tmp_path / "tool.pyz")]


def test_a_host_in_a_zipapp_is_not_started_in_place_of_the_agent(tmp_path: Path) -> None:
    code = "import json; from reporter import program; print(json.dumps(program.agent_command()))"
    command = from_zipapp(tmp_path, code)
    assert str(tmp_path / "tool.pyz") not in command
    ran = subprocess.run([*command, "--version"], cwd=tmp_path, capture_output=True, check=True, text=True)
    assert ran.stdout.startswith("reporter ")


# What children inherit

LOADED = {
    "HOME": "/home/anna",
    "PATH": "/usr/bin",
    "LD_LIBRARY_PATH": "/opt/reporter/_internal:/opt/lib",
    "LD_LIBRARY_PATH_ORIG": "/opt/lib",
    "TCL_LIBRARY": "/opt/reporter/_internal/_tcl_data",
    "TK_LIBRARY": "/opt/of-the-person",
    "_PYI_ARCHIVE_FILE": "/opt/reporter/reporter",
    "_PYI_PARENT_PROCESS_LEVEL": "0",
    "_MEIPASS2": "/opt/reporter/_internal",
    "NEAR": "/opt/reporter/_internals",
}
THEIRS = {
    "HOME": "/home/anna",
    "PATH": "/usr/bin",
    "LD_LIBRARY_PATH": "/opt/lib",
    "TK_LIBRARY": "/opt/of-the-person",
    "NEAR": "/opt/reporter/_internals",
}


def test_the_environment_is_the_persons_own() -> None:
    assert program.persons(LOADED, "/opt/reporter/_internal") == THEIRS
    alone = {"LD_LIBRARY_PATH": "/opt/reporter/_internal", "HOME": "/"}
    assert program.persons(alone, "/opt/reporter/_internal") == {"HOME": "/"}
    untouched = {"LD_LIBRARY_PATH": "/opt/lib"}
    assert program.persons(untouched, "/opt/reporter/_internal") == untouched


@pytest.fixture
def loaded(frozen: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        frozen.delenv(name)
    for name, value in LOADED.items():
        frozen.setenv(name, value)
    frozen.setattr(sys, "_MEIPASS", "/opt/reporter/_internal", raising=False)
    frozen.setattr(program._State, "is_main", False)
    frozen.setattr(program._State, "own", {})
    return frozen


def around() -> dict[str, str]:
    """The environment of this process, without what pytest puts there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def test_the_agent_gives_back_what_its_loader_changed(loaded: pytest.MonkeyPatch) -> None:
    loaded.setattr(sys, "_reporter_agent", True, raising=False)
    program.begin()
    assert around() == THEIRS
    with program.own_environment():
        assert around() == THEIRS, "where it has no Tk of its own"
    assert program.environment() == dict(os.environ)


def test_the_agents_tk_finds_its_files_and_the_persons_tk_stays_theirs(
    loaded: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded.setattr(sys, "_reporter_agent", True, raising=False)
    loaded.setattr(sys, "_MEIPASS", str(tmp_path))
    for name in ("_tcl_data", "_tk_data"):
        (tmp_path / name).mkdir()
    loaded.setenv("TCL_LIBRARY", "/opt/theirs")
    program.begin()
    before = around()
    assert (before["TCL_LIBRARY"], before["TK_LIBRARY"]) == ("/opt/theirs", "/opt/of-the-person")
    with program.own_environment():
        own = {"TCL_LIBRARY": str(tmp_path / "_tcl_data"), "TK_LIBRARY": str(tmp_path / "_tk_data")}
        assert around() == {**before, **own}
    assert around() == before
    assert program.environment() == dict(os.environ)


def test_a_hosts_environment_stays_and_its_agent_gets_the_persons(loaded: pytest.MonkeyPatch) -> None:
    program.begin()
    assert around() == LOADED
    assert (program.environment() or {}).items() >= THEIRS.items()
    assert not {"TCL_LIBRARY", "_PYI_ARCHIVE_FILE", "_MEIPASS2"} & set(program.environment() or {})


def test_without_a_loader_nothing_changes() -> None:
    assert program.environment() is None


def test_every_program_that_a_host_starts_gets_the_persons_environment() -> None:
    """Capture runs in hosts, whose own environment may be that of a loader; elsewhere the agent runs."""
    for path in (ROOT / "reporter" / "capture").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            starts = isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "subprocess.run",
                "subprocess.Popen",
            )
            if isinstance(node, ast.Call) and starts and path.name != "restart.py":  # which the agent runs
                assert "env" in {word.arg for word in node.keywords}, f"{path.name}:{node.lineno}"


# When an upgrade comes


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep what runs, or end it")
def test_what_is_imported_later_comes_from_the_file_that_was_started(loaded: pytest.MonkeyPatch) -> None:
    loaded.setattr(sys, "_reporter_agent", True, raising=False)
    ours = SimpleNamespace(_filename=os.path.realpath("/proc/self/exe"))
    another = SimpleNamespace(_filename="/bin/true")
    for archive, expected in ((ours, "/proc/self/exe"), (another, "/bin/true")):
        loaded.setitem(sys.modules, "pyimod02_importers", SimpleNamespace(pyz_archive=archive))
        program.begin()
        assert archive._filename == expected


# In a terminal of another encoding


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def in_terminal(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """Standard output is a terminal, standard error a file; in UTF-8, as the frozen program opens both."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Terminal(), encoding="utf-8"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    monkeypatch.setattr("locale.setlocale", lambda *_: "")
    monkeypatch.setattr("locale.getencoding", lambda: encoding)


def written(stream: Any, text: str) -> bytes:
    stream.write(text)
    stream.flush()
    return bytes(stream.buffer.getvalue())


def test_the_frozen_program_speaks_as_the_terminal_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = os.fsdecode(os.fsencode(tmp_path) + "/отчёт".encode("koi8-r"))
    Path(named).touch()
    typed = os.fsdecode("Привет".encode("koi8-r"))
    monkeypatch.setattr(sys, "argv", ["reporter", "--story", typed, named, "Ї\n"])
    in_terminal(monkeypatch, "KOI8-R")
    _speak_as_the_terminal()
    assert sys.argv == ["reporter", "--story", "Привет", named, "Ї\n"]
    assert written(sys.stdout, "Нет связи ≠") == "Нет связи ?".encode("koi8-r")
    assert written(sys.stderr, "Нет") == "Нет".encode(), "no terminal: whoever reads it expects UTF-8"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("ANSI_X3.4-1968", "Нет".encode()), ("UTF-8", "Нет".encode()), ("no-such", b"???")],
)
def test_it_writes_letters_that_the_terminal_has(
    monkeypatch: pytest.MonkeyPatch, encoding: str, expected: bytes
) -> None:
    in_terminal(monkeypatch, encoding)
    _speak_as_the_terminal()
    assert written(sys.stdout, "Нет") == expected


# The name stands in one place

FINE = {
    r"reporter(\.\w+)+": "a module, or a logger that has its name",
    r"reporter-[a-z0-9-]*": "the name of a thread or of the distribution, which is the same in every brand",
    r"reporter-agent/": "the protocols' name of the program",
    r"REPORTER_\w*": "a variable, which hosts and scripts depend on",
    r"_reporter_agent": "the mark of the frozen program's own entry script",
    r"reporter-crash/1": "the schema of a crash file",
    r"User-Agent: Reporter/": "the probes' name for servers",
    r"/\.well-known/reporter\.json": "an address that servers publish",
}
# Where a word that looks like the name means something else: the module, and why.
ELSEWHERE = {
    "reporter/program.py": "the one place",
    "reporter/__init__.py": "the module, as a host imports it",
    "reporter/capture/handover.py": "the library, in the host's own log",
    "reporter/settings/policy/base.py": "the bundle of our own build",
    "reporter/cli/reference.py": "the documentation is about our own build",
    "reporter/settings/reference.py": "the same",
    "reporter/texts/__init__.py": "the file of the translations, inside the package",
    "reporter/delivery/mail.py": "the sender of mails",
    "reporter/delivery/sentry_event.py": "a field of Sentry's",
    "reporter/diagnosis/probes/postgresql.py": "how the probe introduces itself to a server",
    "reporter/report/screenshot/wayland.py": "a token of one request to the desktop",
    "reporter/inbox/": "support's side, which is in no frozen program",
    "reporter/demo/": "a demonstration, whose folder is temporary and private",
}
LOGGERS = re.compile(r"getLogger\(\s*['\"]reporter['\"]\s*\)")


def named() -> Iterator[tuple[str, int, str]]:
    """Every text in the code, without docstrings, that holds our name."""
    for path in sorted((ROOT / "reporter").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        loggers = {
            id(argument)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and LOGGERS.search(ast.unparse(node))
            for argument in node.args
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if id(node) not in prose | loggers and "reporter" in node.value.lower():
                yield path.relative_to(ROOT).as_posix(), node.lineno, node.value


def test_no_folder_lock_key_or_advice_has_our_name_for_good() -> None:
    strange = []
    for module, line, text in named():
        rest = text
        for pattern in FINE:
            rest = re.sub(rf"(?<![\w/.-]){pattern}", "", rest)
        if "reporter" in rest.lower() and not module.startswith(tuple(ELSEWHERE)):
            strange.append(f"{module}:{line} {text!r}")
    assert strange == []
