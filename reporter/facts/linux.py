"""Linux: facts from /etc, /proc and /sys; no program is started."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

from reporter.facts.guard import Section
from reporter.facts.operating_system import OperatingSystem, virtual_machine, zone_of_link

FILE_LIMIT_BYTES = 64 * 1024

_ASSIGNMENT = re.compile(r"""^([A-Z_]+)=(["']?)(.*)\2$""", re.MULTILINE)
_ESCAPED = re.compile(r"""\\([$"'`\\])""")
_CONTAINER_FILES = {".dockerenv": "Docker", "run/.containerenv": "Podman"}


class Linux(OperatingSystem):
    """``root``: the root of the file system, another one in tests."""

    def __init__(self, environ: Mapping[str, str], root: Path = Path("/")) -> None:
        super().__init__(environ)
        self.root = root

    def system(self) -> Section:
        """From os-release(5), the kernel from uname."""
        text = self._read("etc/os-release") or self._read("usr/lib/os-release")
        release = {key: _ESCAPED.sub(r"\1", value) for key, _, value in _ASSIGNMENT.findall(text)}
        return {
            "name": release.get("PRETTY_NAME") or release.get("NAME") or "Linux",
            "family": "Linux",
            "version": release.get("VERSION_ID", ""),
            "edition": release.get("VARIANT", ""),
            "build": release.get("BUILD_ID", ""),
            "kernel": os.uname().release,
        }

    def processor(self) -> Section:
        """From /proc/cpuinfo; boards without that line name themselves in the device tree."""
        described = re.search(
            r"^(?:model name|Model|cpu)\s*:\s*(.+)$", self._required("proc/cpuinfo"), re.MULTILINE
        )
        model = described[1] if described else self._read("proc/device-tree/model")
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        return {"model": model, "usable_count": usable, "architecture": platform.machine()}

    def virtualization(self) -> Section:
        """From the names in the firmware, and the marks that containers leave."""
        hardware = " ".join(self._read(f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name"))
        machine = virtual_machine(hardware)
        if "microsoft" in self._read("proc/sys/kernel/osrelease").lower():
            machine = "WSL"
        elif not machine and re.search(
            r"^flags\s*:.*\bhypervisor\b", self._read("proc/cpuinfo"), re.MULTILINE
        ):
            machine = "unknown hypervisor"
        marks = [name for file, name in _CONTAINER_FILES.items() if (self.root / file).exists()]
        container = self.environ.get("container") or self._read("run/systemd/container").strip()
        return {"virtual_machine": machine, "container": (marks or [container])[0]}

    def locale(self) -> Section:
        """From the variables of the session."""
        names = ("LC_ALL", "LC_TIME", "LANG")
        return {"format": next((self.environ[name] for name in names if self.environ.get(name)), "")}

    def time_zone(self) -> str:
        """From TZ, /etc/timezone, or the link /etc/localtime."""
        named = self.environ.get("TZ", "").removeprefix(":") or self._read("etc/timezone").strip()
        if named and not named.startswith("/"):
            return named
        return zone_of_link(self.root / "etc/localtime")

    def display(self) -> Section:
        """From the variables of the session; their values are not told, only what they mean."""
        if self.environ.get("WAYLAND_DISPLAY"):
            session = "Wayland"
        elif self.environ.get("DISPLAY"):
            session = "X11"
        else:
            session = "no display"
        return {
            "session": session,
            "desktop": self.environ.get("XDG_CURRENT_DESKTOP", ""),
            "is_remote": bool(self.environ.get("SSH_CONNECTION")),
        }

    def _read(self, path: str) -> str:
        """The beginning of a file that may be missing."""
        try:
            return self._required(path)
        except OSError:
            return ""

    def _required(self, path: str) -> str:
        with (self.root / path).open("rb") as file:
            return file.read(FILE_LIMIT_BYTES).decode(errors="replace").replace("\0", "")
