"""The house stands as it was drawn: which module may know which, and what stays unloaded."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "reporter"

# What travels between the rooms. A struct module knows nothing but other structs.
STRUCTS = {
    "reporter.capture.failure",
    "reporter.delivery.receipt",
    "reporter.diagnosis.evidence",
    "reporter.diagnosis.verdict",
    "reporter.facts.model",
    "reporter.report.drawing",
    "reporter.report.model",
    "reporter.ui.about",
    "reporter.ui.brand",
    "reporter.ui.notice",
}
# What every room may know.
COMMON = {
    "reporter._version",
    "reporter.errors",
    "reporter.files",
    "reporter.program",
    "reporter.settings.model",
    "reporter.texts",
    "reporter.texts.safe",
}
ROOMS = ("capture", "delivery", "diagnosis", "facts", "report", "settings", "texts", "ui", "web")
FACES = ("reporter.ui.browser", "reporter.ui.recorded", "reporter.ui.terminal", "reporter.ui.window")
FACES_KNOW = {
    "reporter.errors",
    "reporter.program",
    "reporter.texts",
    "reporter.ui.desk",
    "reporter.ui.face",
    "reporter.ui.presenter",
    "reporter.ui.view",
}
# The dialog without a toolkit: its logic, its words, and what it is at.
PRESENTING = (
    "reporter.ui.errand",
    "reporter.ui.presenter",
    "reporter.ui.submission",
    "reporter.ui.underway",
    "reporter.ui.wording",
)

# Who alone may import what; a name stands for itself and everything below it.
ONLY_IMPORTED_BY = {
    "reporter.agent": ("reporter", "reporter.cli", "reporter.demo", "reporter.showing"),
    "reporter.case": ("reporter.agent", "reporter.cli"),
    "reporter.checkup": ("reporter.cli",),
    "reporter.examination": (
        *("reporter.agent", "reporter.case", "reporter.checkup", "reporter.cli", "reporter.explanation"),
    ),
    "reporter.explanation": ("reporter.case",),
    "reporter.outbox": (
        *("reporter.agent", "reporter.case", "reporter.checkup", "reporter.cli", "reporter.demo"),
    ),
    "reporter.showing": ("reporter.__main__", "reporter.cli"),
    "reporter.cli": ("reporter.__main__",),
    "reporter.demo": ("reporter.cli",),
    "reporter.inbox": ("reporter.cli", "reporter.demo"),
    "reporter.ui.errand": ("reporter.ui.presenter",),
    "reporter.ui.submission": ("reporter.ui.presenter",),
    "reporter.ui.underway": ("reporter.ui.errand", "reporter.ui.presenter", "reporter.ui.wording"),
    "reporter.ui.wording": ("reporter.ui.errand", "reporter.ui.presenter", "reporter.ui.submission"),
    "requests": ("reporter.delivery", "reporter.demo"),  # the demo plays a host application
    "tkinter": ("reporter.ui.window",),
}
NEVER_AT_IMPORT = (
    "PIL",
    "Xlib",
    "ctypes",
    "fcntl",
    "jeepney",
    "msvcrt",
    "psutil",
    "requests",
    "rich",
    "segno",
    "winreg",
)
NOT_LOADED_BY_THE_PUBLIC_API = ("click", "msgspec", "psutil", "requests", "ssl", "tkinter")


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(module: str, *, below: ast.AST | None = None) -> Iterator[str]:
    """Every module that ``module`` imports, also inside functions and for type checking only:
    a type known across a wall is knowledge too."""
    tree = below or ast.parse(MODULES[module].read_text(encoding="utf-8"))
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in MODULES else base


def house_imports(module: str) -> set[str]:
    return {name for name in imports(module) if name == "reporter" or name.startswith("reporter.")}


def imports_at_load(module: str) -> set[str]:
    """What is imported when the module is: outside functions and ``if TYPE_CHECKING``."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            if isinstance(child, ast.Import | ast.ImportFrom):
                found.update(imports(module, below=child))
            visit(child)

    visit(ast.parse(MODULES[module].read_text(encoding="utf-8")))
    return found


def is_within(module: str, *places: str) -> bool:
    # Everything is below "reporter"; as a place it means the public API alone.
    return any(
        module == place or (place != "reporter" and module.startswith(f"{place}.")) for place in places
    )


def modules_within(*places: str) -> list[str]:
    return [module for module in MODULES if is_within(module, *places)]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_itself_and_what_travels(room: str) -> None:
    home = f"reporter.{room}"
    for module in modules_within(home):
        strangers = {name for name in house_imports(module) if not is_within(name, home)}
        known = {name for name in strangers if is_within(name, "reporter.texts.causes")}
        assert strangers - known <= COMMON | STRUCTS, f"{module} knows too much"


def test_structs_know_only_structs() -> None:
    assert set(MODULES) >= STRUCTS
    for module in STRUCTS:
        assert house_imports(module) <= STRUCTS | {"reporter.errors", "reporter.texts.safe"}, module


def test_the_foundations_know_no_room() -> None:
    assert house_imports("reporter.errors") == set()
    for module in modules_within("reporter.texts"):
        assert house_imports(module) <= {"reporter.errors", *modules_within("reporter.texts")}, module


def test_faces_know_only_the_presenter_and_what_travels() -> None:
    for face in FACES:
        for module in modules_within(face):
            others = {name for name in house_imports(module) if not is_within(name, face)}
            assert others <= FACES_KNOW | STRUCTS | {"reporter.texts.safe"}, f"{module} knows too much"


@pytest.mark.parametrize("module", PRESENTING)
def test_the_presenter_knows_no_face_but_the_idea_of_one(module: str) -> None:
    assert module in MODULES
    assert not any(is_within(name, *FACES) for name in house_imports(module))


@pytest.mark.parametrize("place", ONLY_IMPORTED_BY)
def test_who_alone_may_import(place: str) -> None:
    importers = {module for module in MODULES if any(is_within(name, place) for name in imports(module))}
    strangers = {module for module in importers if not is_within(module, place, *ONLY_IMPORTED_BY[place])}
    assert not strangers, f"{place} is imported by {sorted(strangers)}"


@pytest.mark.parametrize("module", MODULES)
def test_heavy_and_system_modules_wait_until_they_are_needed(module: str) -> None:
    assert not {n for n in imports_at_load(module) if is_within(n, *NEVER_AT_IMPORT)}


def test_the_public_names_are_sorted_and_there() -> None:
    import reporter

    assert list(reporter.__all__) == sorted(reporter.__all__)
    assert all(getattr(reporter, name) is not None for name in reporter.__all__)


def test_importing_reporter_loads_nothing_heavy() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import json, sys, reporter; print(json.dumps(list(sys.modules)))"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert not set(json.loads(loaded.stdout)) & set(NOT_LOADED_BY_THE_PUBLIC_API)
