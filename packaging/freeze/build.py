"""Build: the frozen program, whole and tried out, or a sentence why not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from freeze import contents, libraries, licences, search_paths, windows_resource
from freeze.environment import Environment, environment
from freeze.payload import (
    BRAND,
    LICENSE,
    LICENSES,
    MACOS_MINIMUM,
    SBOM,
    check_payload,
    logos,
    programs,
    resources,
)
from release import icon, sbom
from release.errors import PackagingError
from release.identity import SUMMARY
from release.order import Order
from release.portable import system_name
from release.source import EPOCH, ROOT, source
from release.workshop import deliver, run, workshop
from signing.apple import seal

HERE = Path(__file__).resolve().parent
TRIAL_LIMIT_S = 60.0
COMPLAINTS = re.compile(r"not found|could not (find|resolve)|Failed to", re.IGNORECASE)
HARMLESS = {
    # Names of Windows that ctypes code carries; that code runs on Windows alone, where they are part of the
    # system and are not collected.
    r"Library (shell32|ole32|user32|kernel32|advapi32|shcore|gdi32)(\.dll)? required via ctypes not found":
        ("linux", "darwin"),
    # platformdirs asks Android's Java in code that runs there alone.
    r"Hidden import .?jnius.? not found": ("linux", "darwin", "win32"),
}  # fmt: skip

ASKERS = (
    # PyInstaller's hooks ask for every module of these, whatever is wanted of them.
    "PIL.Image",
    "Xlib",
    "sqlite3",
    # An encoding that nothing is read in.
    "encodings.bz2_codec",
)


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What PyInstaller took in: each by its name inside and its path on this computer."""

    modules: list[tuple[str, str]]
    binaries: list[tuple[str, str]]


def frozen(order: Order) -> list[Path]:
    """The payload, as the one artefact of freezing. Raises PackagingError."""
    return [freeze(order)]


def freeze(order: Order) -> Path:
    """Freeze the program of this checkout under the order's names; the finished payload, see ``payload``.

    Raises PackagingError where it is of another version than was ordered, where something is missing, and
    where the finished program does not start.
    """
    here = source(allow_changes=True)
    if here.version != order.version:
        raise PackagingError(
            f"{ROOT} holds version {here.version}, and {order.version} is to be frozen; check it out."
        )
    with environment(order) as used, workshop(order.out) as folder:
        collected = _run_pyinstaller(used, order, folder)
        made = folder / payload_name(order)
        if sys.platform == "darwin":
            made.mkdir()
            (folder / "dist" / f"{order.identity.product}.app").rename(made / f"{order.identity.product}.app")
        else:
            (folder / "dist" / "program").rename(made)
        _check_collected(collected, used)
        if sys.platform == "linux":
            libraries.thin_out(made)
            libraries.remove_unneeded(made)
            libraries.strip(made)
            search_paths.forget(made)
            libraries.check(made)
        _put_beside(made, order, used, collected)
        _settle(made, order.identity.command, order.source.epoch_s)
        if sys.platform == "darwin":
            seal(made / f"{order.identity.product}.app")
        check_payload(made, order, sys.platform)
        try_out(made, order)
        return deliver(made, order.out)


def payload_name(order: Order) -> str:
    """The folder of the payload: of which program, for which system."""
    return f"{order.identity.command}-{system_name()}"


def _run_pyinstaller(used: Environment, order: Order, folder: Path) -> Collected:
    """Raises PackagingError where it fails, or complains of something that matters."""
    plan = plan_of(order, used, folder)
    plan_file = folder / "plan.json"
    plan_file.write_bytes(msgspec.json.encode(plan))
    run(
        [
            *(used.python, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"),
            *("--distpath", folder / "dist", "--workpath", folder / "work", HERE / "reporter.spec"),
        ],
        cwd=folder,
        environ={
            "REPORTER_FREEZE": str(plan_file),
            "PYTHONPATH": str(used.tools),
            "PYINSTALLER_CONFIG_DIR": str(folder / "cache"),
            "PYTHONHASHSEED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONOPTIMIZE": "",  # would leave out the assertions, and give other bytes
            "LC_ALL": "C.UTF-8",
            EPOCH: str(order.source.epoch_s),
        },
    )
    complaints = (folder / "complaints.txt").read_text(encoding="utf-8").splitlines()
    matter = [line for line in complaints if matters(line, sys.platform)]
    absent = (folder / "work" / "reporter" / "warn-reporter.txt").read_text(encoding="utf-8")
    matter += wanted_modules(absent)
    if matter:
        raise PackagingError("\n    ".join(["PyInstaller did not find everything:", *matter]))
    return msgspec.json.decode((folder / "collected.json").read_bytes(), type=Collected)


def matters(complaint: str, system: str) -> bool:
    """Whether a warning of PyInstaller says that something will be missing from the program."""
    if not COMPLAINTS.search(complaint):
        return False
    return not any(re.search(pattern, complaint) and system in where for pattern, where in HARMLESS.items())


def wanted_modules(absent: str) -> list[str]:
    """Of PyInstaller's list of absent modules, what was left out although one inside imports it at once."""
    found = []
    for name, importers in re.findall(
        r"^excluded module named (\S+) - imported by (.*)$", absent, re.MULTILINE
    ):
        at_once = re.findall(r"([\w.]+) \(top-level\)", importers)
        if any(one not in ASKERS for one in at_once):
            found.append(f"{name} was left out, and {', '.join(at_once)} imports it.")
    return found


def plan_of(order: Order, used: Environment, folder: Path) -> dict[str, object]:
    """What the recipe is told, as JSON can hold it; files that it names are written to ``folder``."""
    identity = order.identity
    names = [[identity.command, sys.platform != "darwin"]]
    picture, resource = "", ""
    if sys.platform == "win32":
        names.append([f"{identity.command}w", False])
        (folder / "program.ico").write_bytes(icon.ico(order))
        (folder / "version.txt").write_text(windows_resource.text(order), encoding="utf-8")
        picture, resource = str(folder / "program.ico"), str(folder / "version.txt")
    elif sys.platform == "darwin":
        (folder / "program.icns").write_bytes(icon.icns(order))
        picture = str(folder / "program.icns")
    return {
        "entry": str(HERE / "program.py"),
        "hidden": list(contents.HIDDEN),
        "excluded": list(contents.excluded(sys.platform)),
        "plain": list(contents.PLAIN),
        "packed": list(contents.PACKED),
        "left_out": list(contents.left_out(sys.platform)),
        "datas": [
            [str(used.site / "reporter" / "texts" / "locale"), "reporter/texts/locale"],
            *([str(path), path.parent.name] for path in _versions(used, folder)),
        ],
        "run_before": list(contents.RUN_BEFORE),
        "programs": names,
        "folder": "program",
        "icon": picture,
        "version_resource": resource,
        "bundle": f"{identity.product}.app" if sys.platform == "darwin" else "",
        "bundle_id": identity.bundle_id,
        "version": order.version,
        "info_plist": {
            "CFBundleDisplayName": identity.product,
            "CFBundleGetInfoString": SUMMARY,
            "CFBundleVersion": order.version,
            "LSMinimumSystemVersion": MACOS_MINIMUM,
            "NSHighResolutionCapable": True,
        },
        "collected": str(folder / "collected.json"),
        "complaints": str(folder / "complaints.txt"),
    }


def _versions(used: Environment, folder: Path) -> list[Path]:
    """What tells the versions of the packages inside, of each its name and number alone."""
    made = []
    for metadata in sorted(used.site.glob("*.dist-info/METADATA")):
        lines = metadata.read_text(encoding="utf-8").splitlines()
        told = [line for line in lines if line.startswith(("Metadata-Version: ", "Name: ", "Version: "))][:3]
        path = folder / "versions" / metadata.parent.name / metadata.name
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(told) + "\n", encoding="utf-8", newline="\n")
        made.append(path)
    return made


def _check_collected(collected: Collected, used: Environment) -> None:
    """Raises PackagingError where a module of the tools got in: no list of contents would name it."""
    tools = str(used.tools)
    strangers = sorted(
        name
        for name, path in collected.modules
        if path.startswith(tools) and not path.startswith(str(used.tools / "PyInstaller" / "loader"))
    )
    if strangers:
        raise PackagingError(
            f"The program would hold {', '.join(strangers[:5])} of what only freezes it; "
            "leave it out in packaging/freeze/contents.py."
        )


def _put_beside(made: Path, order: Order, used: Environment, collected: Collected) -> None:
    beside = resources(made, order, sys.platform)
    beside.mkdir(exist_ok=True)
    shutil.copyfile(order.identity.brand, beside / BRAND)
    for logo in logos(order.identity.brand):
        if (beside / logo).exists() or logo in (LICENSE, LICENSES, SBOM):
            raise PackagingError(
                f"{order.identity.brand} names the logo {logo}, as a part of the program is called; "
                "rename it."
            )
        shutil.copyfile(order.identity.brand.parent / logo, beside / logo)
    shutil.copyfile(ROOT / LICENSE, beside / LICENSE)
    (beside / LICENSES).mkdir()
    inside = {path.name for path in made.rglob("*")}
    taken = [Path(path) for name, path in collected.binaries if Path(name).name in inside]
    for name, text in licences.collect(used, taken).items():
        (beside / LICENSES / name).write_text(text, encoding="utf-8", newline="\n")
    held = msgspec.structs.replace(order, payload=made)
    (beside / SBOM).write_bytes(sbom.document(used.python, held))


def _settle(made: Path, command: str, epoch_s: int) -> None:
    """One time and two modes for everything, whoever builds it."""
    for path in [made, *sorted(made.rglob("*"))]:
        if path.is_symlink():
            continue
        if sys.platform == "linux":
            is_program = path.name == command and path.parent == made
            path.chmod(0o755 if path.is_dir() or is_program else 0o644)
        os.utime(path, (epoch_s, epoch_s))


def try_out(made: Path, order: Order) -> None:
    """Start the finished program; raises PackagingError where it does not say who it is."""
    program = programs(made, order, sys.platform)[0]
    expected = f"{order.identity.command} {order.version}"
    # Nothing of this environment, that the computers of others do not have, may help it.
    needed = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "HOME") if name in os.environ}
    try:
        done = subprocess.run(
            [program, "--version"], env=needed, capture_output=True, text=True, errors="replace",
            timeout=TRIAL_LIMIT_S, check=False, cwd=made.parent,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackagingError(f"The frozen program cannot be started: {error}.") from None
    if done.returncode or done.stdout.strip() != expected:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-8:]
        what = f"The frozen program should say {expected!r}; it ended with {done.returncode}:"
        raise PackagingError("\n    ".join([what, *said]))
