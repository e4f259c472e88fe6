"""Parts: what lies in the package beside the program, made from the identity alone.

``preinstall.sh``, ``postinstall.sh`` and ``uninstall.sh`` are the scripts, ``@name@`` stands where a name
belongs.

Not yet run on macOS.
"""

from __future__ import annotations

import plistlib
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

from release.identity import Identity

INTERVAL_S = 15 * 60
"""Between two looks at what waits to be sent; what is due at another time is sent by the next."""

SCRIPTS = Path(__file__).parent
LICENSE = "LICENSE.txt"
_PLACE = re.compile(r"@([a-z_]+)@")


def label(identity: Identity) -> str:
    """The launch agent's."""
    return f"{identity.bundle_id}.postman"


def receipt(identity: Identity) -> str:
    """Under which name macOS remembers what was installed."""
    return f"{identity.bundle_id}.pkg"


def app_name(identity: Identity) -> str:
    """The bundle's, below ``/Applications``."""
    return f"{identity.product}.app"


def agent(identity: Identity) -> bytes:
    """The launch agent that sends what waits: for every person, at login and then now and then."""
    return plistlib.dumps(
        {
            "Label": label(identity),
            "ProgramArguments": [
                f"/Applications/{app_name(identity)}/Contents/MacOS/{identity.command}",
                "queue",
                "flush",
            ],
            "RunAtLoad": True,
            "StartInterval": INTERVAL_S,
            # Nobody waits for it.
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "Nice": 10,
            # System Settings names it by the program that it belongs to.
            "AssociatedBundleIdentifiers": [identity.bundle_id],
        }
    )


def components(identity: Identity) -> bytes:
    """How macOS treats the bundle in the package, as ``pkgbuild --component-plist`` takes it."""
    return plistlib.dumps(
        [
            {
                "RootRelativeBundlePath": f"Applications/{app_name(identity)}",
                # Else it would go where a person has moved the program to, and the link would lead nowhere.
                "BundleIsRelocatable": False,
                # Else the installer would keep what it takes for newer; preinstall decides about that.
                "BundleIsVersionChecked": False,
                "BundleHasStrictIdentifier": True,
                # Files that the new version no longer has go.
                "BundleOverwriteAction": "upgrade",
            }
        ]
    )


def distribution(identity: Identity, version: str, *, architectures: list[str], minimum: str) -> bytes:
    """What the installer shows and where it installs: the whole computer, without a choice."""
    top = ElementTree.Element("installer-gui-script", minSpecVersion="2")
    ElementTree.SubElement(top, "title").text = f"{identity.product} {version}"
    ElementTree.SubElement(top, "license", {"file": LICENSE, "mime-type": "text/plain"})
    # Without hostArchitectures a Mac with Apple silicon asks for Rosetta.
    options = {
        "customize": "never",
        "require-scripts": "false",
        "hostArchitectures": ",".join(architectures),
    }
    ElementTree.SubElement(top, "options", options)
    where = {"enable_localSystem": "true", "enable_anywhere": "false", "enable_currentUserHome": "false"}
    ElementTree.SubElement(top, "domains", where)
    allowed = ElementTree.SubElement(ElementTree.SubElement(top, "volume-check"), "allowed-os-versions")
    ElementTree.SubElement(allowed, "os-version", min=minimum)
    outline = ElementTree.SubElement(top, "choices-outline")
    ElementTree.SubElement(outline, "line", choice="all")
    choice = ElementTree.SubElement(top, "choice", id="all", visible="false", title=identity.product)
    ElementTree.SubElement(choice, "pkg-ref", id=receipt(identity))
    package = ElementTree.SubElement(top, "pkg-ref", id=receipt(identity), version=version)
    package.text = component_name(identity)
    ElementTree.SubElement(top, "product", id=identity.bundle_id, version=version)
    ElementTree.indent(top)
    text: bytes = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def component_name(identity: Identity) -> str:
    """The file inside the package that holds the program."""
    return f"{receipt(identity)}.component.pkg"


def script(name: str, identity: Identity, version: str, *, root: str = "") -> str:
    """One of the scripts with its names filled in; ``root``: what stands for ``/``, in tests."""
    names = {
        "root": root,
        "product": identity.product,
        "command": identity.command,
        "bundle_id": identity.bundle_id,
        "version": version,
        "label": label(identity),
        "receipt": receipt(identity),
    }
    text = (SCRIPTS / f"{name}.sh").read_text(encoding="utf-8")
    return _PLACE.sub(lambda found: shlex.quote(names[found[1]]), text)
