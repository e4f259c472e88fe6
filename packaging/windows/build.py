"""Build: the installer for Windows around a program that was frozen there, and its manifests for winget.

The installer is made on Linux, by wixl and msibuild: the files by a source (``source``), everything else by
tables (``database``). What was made is checked (``sanity``) before it appears. The same order gives the same
bytes.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from functools import partial
from pathlib import Path

import msgspec

from freeze.payload import check_payload, programs
from release.errors import PackagingError
from release.icon import ico
from release.order import Order
from release.workshop import deliver, run, tool, workshop
from windows import manifest, task
from windows.database import LANGUAGE, Plan, database
from windows.sanity import faults
from windows.source import lay_out, source
from windows.table import Table, code_page, exported, put, tables, texts, too_long
from windows.tree import File, Tree, is_for_x64, short_or_long, tree

FAULTS_SHOWN = 5
TOOLS = {"wixl": "wixl", "msibuild": "msitools", "msiinfo": "msitools", "faketime": "faketime"}
"""The package that each tool comes with."""


def msi(order: Order) -> list[Path]:
    """The installer ``<command>-<version>-x64.msi``; raises PackagingError."""
    payload = check_payload(order.payload, order, "win32")
    for program in programs(payload, order, "win32"):
        if not is_for_x64(program.read_bytes()):
            raise PackagingError(f"{program} is no program of 64 bit for x64; freeze it there.")
    for needed in TOOLS.items():
        tool(*needed)
    with workshop(order.out) as folder:
        plan = planned(order, payload, folder)
        made = database(plan)
        page = code_page(texts(made))
        if problems := too_long(made):
            raise PackagingError(f"A text is too long for Windows Installer: {problems[0]}; shorten it.")
        lay_out(plan, ico(order), folder, order.source.epoch_s)
        (folder / "source.wxs").write_text(source(plan), encoding="utf-8")
        package = folder / file_name(order)
        steadily = partial(_run, folder, order.source.epoch_s)
        steadily("wixl", "-a", "x64", "-o", package.name, "source.wxs")
        put(package, [*made, _hashes(package, plan)], page, steadily)
        # Another step than the ones before, without which the bytes are not the same each time.
        steadily("msibuild", package.name, "-s", *_summary(plan, made))
        found = faults(tables(package))
        if found:
            raise PackagingError("\n    ".join(["The installer was made wrong:", *found[:FAULTS_SHOWN]]))
        # Its checksum would be that of another installer.
        shutil.rmtree(order.out / manifest_folder(order), ignore_errors=True)
        return [deliver(package, order.out)]


def winget(order: Order) -> list[Path]:
    """The folder of manifests for a winget repository, of the installer that lies finished in ``order.out``.

    Raises PackagingError, also where the order does not say from where people download the installer.
    """
    package = order.out / file_name(order)
    if not order.download_url:
        raise PackagingError(
            "There is no winget manifest without the address that people download from; give it with "
            "--download-url https://…, or do without."
        )
    if not package.is_file():
        raise PackagingError(f"{package} is missing, which the winget manifest describes; make msi first.")
    codes = Plan(order.identity, order.version, Tree([], []))
    _check_installer(package, codes)
    digest = hashlib.sha256(package.read_bytes()).hexdigest().upper()
    with workshop(order.out) as folder:
        made = folder / manifest_folder(order)
        made.mkdir()
        for name, text in manifest.manifests(order, package.name, digest, codes).items():
            (made / name).write_text(text, encoding="utf-8", newline="\n")
        return [deliver(made, order.out)]


def _check_installer(package: Path, plan: Plan) -> None:
    """Raises PackagingError where a file of the installer's name is not the one that was ordered."""
    tool("msiinfo", TOOLS["msiinfo"])
    try:
        properties = {row["Property"]: row["Value"] for row in exported(package, "Property").dicts()}
    except (PackagingError, ValueError):
        raise PackagingError(f"{package} is no installer for Windows; make msi again.") from None
    if properties.get("ProductCode") != plan.product_code:
        raise PackagingError(f"{package} is the installer of another program; make msi again.")


def file_name(order: Order) -> str:
    """Of the installer."""
    return f"{order.identity.command}-{order.version}-x64.msi"


def manifest_folder(order: Order) -> str:
    """The name of the folder of manifests."""
    return f"{order.identity.command}-{order.version}-winget"


def planned(order: Order, payload: Path, folder: Path) -> Plan:
    """What the installer is made of; the postman's task is written into ``folder``."""
    found = tree(payload)
    empty = Plan(order.identity, order.version, found)
    written = folder / task.FILE
    written.write_bytes(task.text(order.identity, empty.usual_folder))
    if any(file.path == task.FILE for file in found.files):
        raise PackagingError(f"{payload} holds a {task.FILE}, which the installer writes; freeze it again.")
    added = File(
        id="FTask",
        folder="INSTALLDIR",
        name=short_or_long(task.FILE),
        path=task.FILE,
        source=written,
        size=written.stat().st_size,
        version="",
    )
    return msgspec.structs.replace(empty, tree=Tree(found.folders, [*found.files, added]))


def _summary(plan: Plan, made: list[Table]) -> tuple[str, str, str, str]:
    """Subject, author, for what it is, and its code; these texts have a code page of their own, which nothing
    sets: they are in plain letters.
    """
    identity = plan.identity
    name = identity.product if identity.product.isascii() else identity.command
    maker = identity.vendor if identity.vendor.isascii() else identity.bundle_id
    return name, maker, f"x64;{LANGUAGE}", _package_code(plan, made)


def _package_code(plan: Plan, made: list[Table]) -> str:
    """The identifier of these very bytes: another content has another."""
    digest = hashlib.sha256()
    for table in made:
        digest.update(table.text().encode())
    for file in plan.tree.files:
        digest.update(hashlib.sha256(file.source.read_bytes()).digest())
    return plan.code(f"msi:package:{digest.hexdigest()}")


def _hashes(package: Path, plan: Plan) -> Table:
    """Of wixl's table those that may stay: a file with a version has no hash."""
    made = exported(package, "MsiFileHash")
    versioned = {file.id for file in plan.tree.files if file.version}
    return msgspec.structs.replace(made, rows=tuple(row for row in made.rows if row[0] not in versioned))


def _run(folder: Path, epoch_s: int, *command: str) -> None:
    """Run a tool while the clock stands still, which several write into what they make.

    Raises PackagingError, also for a word of complaint: wixl ends well when it has not understood something,
    and only says so.
    """
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(epoch_s))
    faketime = tool("faketime", TOOLS["faketime"])
    environ = {"TZ": "UTC0", "LC_ALL": "C.UTF-8"}
    run([faketime, "-f", moment, *command], cwd=folder, environ=environ, quiet=True)
