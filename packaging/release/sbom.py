"""SBOM: what a frozen program is made of, for those who look for known weaknesses in it.

The list (CycloneDX 1.6) is made by cyclonedx-py from the runtime-only environment that was frozen. Added is
what lies in the program beside Python packages and is what scanners ask for first: the interpreter, the
libraries that came with it, those of the system and those that wheels bring along.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from freeze.payload import SBOM, resources
from release.errors import PackagingError
from release.identity import SUMMARY
from release.order import Order
from release.portable import system_name
from release.source import EPOCH
from release.workshop import deliver, run, workshop

DISTRIBUTION = "reporter-agent"
LICENCE = "MIT"
# Every environment holds them, no program is frozen with them.
INSTALLERS = frozenset({"pip", "setuptools", "wheel"})
# Says what lies inside the interpreter itself. Printed as JSON, an empty version where a part is absent.
PROBE = """
import json, platform, pyexpat, ssl, sqlite3, zlib
found = {
    "python": platform.python_version(),
    "openssl": ssl.OPENSSL_VERSION.split()[1],
    "sqlite": sqlite3.sqlite_version,
    "zlib": zlib.ZLIB_RUNTIME_VERSION,
    "expat": pyexpat.EXPAT_VERSION.removeprefix("expat_"),
    "tcl": "", "tk": "",
}
try:
    import tkinter
    tcl = tkinter.Tcl()
    found["tcl"] = tcl.eval("info patchlevel")
    # Tk itself tells its version only where there is a display; both are released together.
    found["tk"] = found["tcl"]
except ImportError:
    pass
wheels = {}
try:
    from PIL import features
    for name in (*features.modules, *features.codecs, *features.features):
        version = features.version(name)
        if version:
            wheels[name] = version
except ImportError:
    pass
print(json.dumps({"interpreter": found, "pillow": wheels}))
"""


class Native(NamedTuple):
    """``cpe``: vendor and product in the dictionary of known weaknesses; ``files``: of which libraries."""

    cpe: str
    licence: str
    files: tuple[str, ...]


NATIVE = {
    "python": Native("python:python", "PSF-2.0", ("libpython",)),
    "openssl": Native("openssl:openssl", "Apache-2.0", ("libssl", "libcrypto")),
    "sqlite": Native("sqlite:sqlite", "blessing", ("libsqlite",)),
    "tcl": Native("tcl:tcl", "TCL", ("libtcl",)),
    "tk": Native("tcl:tk", "TCL", ("libtk",)),
    "zlib": Native("zlib:zlib", "Zlib", ("libz",)),
    "expat": Native("libexpat_project:libexpat", "MIT", ("libexpat",)),
}
# How Pillow calls the libraries that its wheel brings along.
PILLOW = {
    "avif": "libavif",
    "freetype2": "libfreetype",
    "harfbuzz": "libharfbuzz",
    "jpg_2000": "libopenjp2",
    "libjpeg_turbo": "libjpeg",
    "libtiff": "libtiff",
    "littlecms2": "liblcms2",
    "webp": "libwebp",
}
_SYSTEM = re.compile(r"[a-z0-9_]+-[a-z0-9_]+")
_SHARED = re.compile(r"(?P<name>lib[\w+.-]*?)(?P<vendored>-[0-9a-f]{8})?\.so(\.[0-9.]+)?")


def document(python: Path, order: Order) -> bytes:
    """The SBOM of the environment that ``python`` runs in, as JSON, always with the same bytes.

    Libraries of the system are listed where ``order.payload`` is the tree that holds them. Raises
    PackagingError where the environment is not that of this version alone.
    """
    if find_spec("cyclonedx_py") is None:
        raise PackagingError("cyclonedx-bom is missing; run packaging/develop packages and try again.")
    inside = json.loads(run([python, "-I", "-c", PROBE]))
    found = _environment(python, order)
    own = next((c for c in found["components"] if _normal(c["name"]) == DISTRIBUTION), None)
    if own is None or own.get("version") != order.version:
        held = (own or {}).get("version", "in no version")
        raise PackagingError(
            f"The environment of {python} holds {DISTRIBUTION} {held}, "
            f"and not {order.version}; remove that environment, so that it is made anew."
        )
    reference = own["bom-ref"]
    needed = _needed(found["dependencies"], reference)
    packages = [c for c in found["components"] if c is not own and _normal(c["name"]) not in INSTALLERS]
    strangers = sorted(c["name"] for c in packages if c["bom-ref"] not in needed)
    if strangers:
        raise PackagingError(
            f"The environment of {python} holds {', '.join(strangers)}, which the program does not need; "
            "remove that environment, so that it is made anew."
        )
    for component in packages:
        _forget_places(component)
    tree = order.payload if sys.platform == "linux" else None
    natives = _natives(inside["interpreter"], inside["pillow"], tree)
    components = sorted([*packages, *natives], key=lambda component: str(component["bom-ref"]))
    known = {component["bom-ref"] for component in components}
    dependencies = []
    for entry in found["dependencies"]:
        inner = known.intersection(entry.get("dependsOn", ()))
        if entry["ref"] == reference:
            inner |= {component["bom-ref"] for component in natives}
        elif entry["ref"] not in known:
            continue
        dependencies.append({"ref": entry["ref"], **({"dependsOn": sorted(inner)} if inner else {})})
    dependencies += [{"ref": component["bom-ref"]} for component in natives]
    found["metadata"]["component"] = _own(order, reference)
    found["components"] = components
    found["dependencies"] = sorted(dependencies, key=lambda entry: str(entry["ref"]))
    found["serialNumber"] = order.identity.uuid(f"sbom {order.version} {system_name()}").urn
    text = json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    _validate(text)
    return text.encode()


def sbom(order: Order) -> list[Path]:
    """The SBOM inside the payload, put beside the other artefacts; raises PackagingError."""
    if order.payload is None:
        raise PackagingError("There is no frozen program yet whose SBOM could be shown; freeze it first.")
    inside = resources(order.payload, order, sys.platform) / SBOM
    try:
        raw = inside.read_bytes()
        component = json.loads(raw)["metadata"]["component"]
        version, system = component["version"], dict_of(component["properties"])["platform"]
        is_whole = bool(_SYSTEM.fullmatch(system))
    except FileNotFoundError:
        raise PackagingError(f"{order.payload} holds no {SBOM}; freeze the program again.") from None
    except OSError as error:
        raise PackagingError(f"{inside} cannot be read: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        is_whole = False
    if not is_whole:
        raise PackagingError(f"{inside} is no SBOM of this program; freeze the program again.")
    if (component.get("name"), version) != (order.identity.product, order.version):
        raise PackagingError(
            f"{inside} is that of {component.get('name')} {version}, and not of {order.identity.product} "
            f"{order.version}; freeze the program again."
        )
    with workshop(order.out) as folder:
        made = folder / f"{order.identity.command}-{order.version}-{system}.cdx.json"
        made.write_bytes(raw)
        return [deliver(made, order.out)]


def dict_of(properties: list[Mapping[str, str]]) -> dict[str, str]:
    """CycloneDX properties by their name."""
    return {entry["name"]: entry["value"] for entry in properties}


def _environment(python: Path, order: Order) -> dict[str, Any]:
    made = run(
        [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible",
         "--spec-version", "1.6", "--output-format", "JSON", python],
        environ={EPOCH: str(order.source.epoch_s), "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(made)
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _needed(dependencies: list[dict[str, Any]], start: str) -> set[str]:
    inner = {entry["ref"]: entry.get("dependsOn", []) for entry in dependencies}
    needed: set[str] = set()
    waiting = [start]
    while waiting:
        reference = waiting.pop()
        if reference not in needed:
            needed.add(reference)
            waiting += inner.get(reference, [])
    return needed


def _forget_places(component: dict[str, Any]) -> None:
    """Where a wheel lay on the computer of the build is nobody's business."""
    references = [r for r in component.get("externalReferences", ()) if not r["url"].startswith("file:")]
    component.pop("externalReferences", None)
    if references:
        component["externalReferences"] = references


def _own(order: Order, reference: str) -> dict[str, Any]:
    identity = order.identity
    component: dict[str, Any] = {
        "bom-ref": reference,
        "description": SUMMARY,
        "licenses": [{"license": {"acknowledgement": "declared", "id": LICENCE}}],
        "name": identity.product,
        "properties": [{"name": "platform", "value": system_name()}],
        "purl": f"pkg:pypi/{DISTRIBUTION}@{order.version}",
        "supplier": {"name": identity.vendor},
        "type": "application",
        "version": order.version,
    }
    if identity.help_url:
        component["supplier"]["url"] = [identity.help_url]
    return component


def _natives(
    interpreter: Mapping[str, str], pillow: Mapping[str, str], tree: Path | None
) -> list[dict[str, Any]]:
    """The components that are no Python packages, each once."""
    files = _shared_libraries(tree)
    packages = _debian_packages([name for name, wheel in files.items() if not wheel])
    components: dict[str, dict[str, Any]] = {}
    placed: dict[str, list[str]] = defaultdict(list)
    for name, version in interpreter.items():
        if version:
            native = NATIVE[name]
            purl = f"pkg:generic/{name}@{quote(version, safe='')}"
            components[f"native:{name}"] = {
                "bom-ref": f"native:{name}",
                "cpe": f"cpe:2.3:a:{native.cpe}:{version}:*:*:*:*:*:*:*",
                "licenses": [{"license": {"id": native.licence}}],
                "name": name,
                "purl": purl,
                "type": "application" if name == "python" else "library",
                "version": version,
            }
    in_pillow = {library: pillow[feature] for feature, library in PILLOW.items() if feature in pillow}
    if tree is None:  # linked into Pillow itself, or nobody knows
        components |= {f"library:{name}": _library(name, version) for name, version in in_pillow.items()}
    for file, wheel in files.items():
        stem = re.split(r"[-.\d]", file.removesuffix(".so"), maxsplit=1)[0]
        name = next((name for name, native in NATIVE.items() if stem in native.files), "")
        debian = packages.get(file)
        # The interpreter may hold a copy of its own beside the system's; then both are listed.
        upstream = re.sub(r"^\d+:", "", debian["version"]) if debian else ""
        same = name and interpreter[name] and re.match(rf"{re.escape(interpreter[name])}(?!\d)", upstream)
        if not wheel and (same or name == "python"):
            reference = f"native:{name}"
            if debian and same:
                components[reference]["purl"] = debian["purl"]
        elif debian:
            reference = f"deb:{debian['name']}"
            components[reference] = {"bom-ref": reference, **debian, "type": "library"}
        else:
            library = wheel or stem
            reference = f"library:{library}"
            components[reference] = _library(library, in_pillow.get(library, "") if wheel else "")
        placed[reference].append(file)
    for reference, names in placed.items():
        components[reference]["evidence"] = {"occurrences": [{"location": name} for name in sorted(names)]}
    return list(components.values())


def _library(name: str, version: str) -> dict[str, Any]:
    component = {"bom-ref": f"library:{name}", "name": name, "type": "library"}
    if version:
        component |= {"purl": f"pkg:generic/{name}@{quote(version, safe='')}", "version": version}
    return component


def _shared_libraries(tree: Path | None) -> dict[str, str]:
    """The file names of the libraries in a tree; with the library's name where a wheel brought it along."""
    found: dict[str, str] = {}
    for path in sorted(tree.rglob("lib*.so*")) if tree else ():
        parts = _SHARED.fullmatch(path.name)
        if parts:
            wheel = parts["vendored"] is not None or path.parent.name.endswith(".libs")
            found[path.name] = re.sub(r"(?<=[a-z])16$", "", parts["name"]) if wheel else ""
    return found


def _debian_packages(files: list[str]) -> dict[str, dict[str, Any]]:
    """Which package of the system each library came with; nothing on systems without packages of Debian."""
    if not files or shutil.which("dpkg-query") is None:
        return {}
    machine = run(["dpkg", "--print-architecture"]).strip()
    system = platform.freedesktop_os_release()
    distribution = f"{system.get('ID', 'debian')}-{system.get('VERSION_ID', '')}".rstrip("-")
    # Its status tells only that one of them is of no package, such as what wheels bring along.
    told = subprocess.run(
        ["dpkg-query", "--search", *(f"*/{file}" for file in files)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    owners: dict[str, str] = {}
    for line in told.stdout.splitlines():
        # Compilers bring other architectures' along, and debuggers their own: the plain one was taken.
        found = re.fullmatch(r"([\w.+-]+)(?::(\w+))?: (?:/usr)?/lib/(?:[\w-]+/)?([^/]+)", line)
        if found and found[2] in (None, machine):
            owners.setdefault(found[3], found[1])
    described: dict[str, dict[str, Any]] = {}
    for package in sorted(set(owners.values())):
        form = "${Version}\\t${source:Package}\\t${source:Version}\\t${Architecture}\\n"
        shown = run(["dpkg-query", "--show", f"--showformat={form}", f"{package}:{machine}"])
        version, origin, origin_version, architecture = shown.splitlines()[0].split("\t")
        upstream = quote(f"{origin}@{origin_version}", safe="")
        described[package] = {
            "name": package,
            "purl": f"pkg:deb/{system.get('ID', 'debian')}/{package}@{quote(version, safe='')}"
            f"?arch={architecture}&distro={distribution}&upstream={upstream}",
            "version": version,
        }
    return {file: described[package] for file, package in owners.items()}


def _validate(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        raise PackagingError(f"The SBOM breaks the rules of CycloneDX: {wrong!r}.")
