"""Linux: facts from /etc, /proc and /sys, and from the X server; no program is started."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from reporter.facts import places, routes, trust, x11
from reporter.facts.files import Files
from reporter.facts.guard import Row, Section
from reporter.facts.operating_system import OperatingSystem, remote_protocol, virtual_machine, zone_of_link
from reporter.facts.programs import CLOCK, PROTECTION, Programs

MONITORS_LIMIT_ITEMS = 16

_ASSIGNMENT = re.compile(r"""^([A-Za-z_]+)=(["']?)(.*)\2$""", re.MULTILINE)
_ESCAPED = re.compile(r"""\\([$"'`\\])""")
_CONTAINER_FILES = {".dockerenv": "Docker", "run/.containerenv": "Podman"}
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_LAYOUTS = re.compile(r"[A-Za-z0-9_,()-]{1,80}")
_FIRMWARE = ("sys_vendor", "product_name", "product_version")
_SCALING = ("GDK_SCALE", "GDK_DPI_SCALE", "QT_SCALE_FACTOR", "QT_FONT_DPI", "ELM_SCALE")
# What a computer has that joined a domain, by sssd, FreeIPA, winbind or adcli.
_JOINED = (
    "etc/sssd/sssd.conf",
    "etc/ipa/default.conf",
    "etc/krb5.keytab",
    "var/lib/samba/private/secrets.tdb",
)
_JOINED_BY_SAMBA = re.compile(r"^\s*security\s*=\s*(?:ads|domain)\b", re.MULTILINE | re.IGNORECASE)
_REMOTE_FILE_SYSTEMS = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "davfs", "fuse.davfs", "fuse.sshfs", "9p"),
    *(
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.glusterfs",
        "glusterfs",
        "ceph",
        "lustre",
        "fuse.gvfsd-fuse",
        "autofs",
    ),
}
_KINDS = {
    "wlan": "wireless",
    "wwan": "mobile",
    "wireguard": "VPN",
    "bridge": "virtual",
    "bluetooth": "Bluetooth",
}
# From adjtimex(2): the state of a clock that nobody sets.
_TIME_ERROR = 5
_TIMEX_BYTES = 512
_FOLDERS = (
    *((f"/{name}", places.SYSTEM_FOLDER) for name in ("bin", "etc", "lib", "lib64", "sbin", "usr", "var")),
    *((path, places.PROGRAM_FILES) for path in ("/opt", "/usr/local", "/snap", "/var/lib/flatpak")),
    *((path, places.TEMPORARY_FOLDER) for path in ("/tmp", "/var/tmp", "/run", "/dev/shm")),  # noqa: S108 - told
)


def _is_clock_set() -> bool:
    import ctypes

    # All zeros: nothing is to be changed. The kernel's answer is longer than no known layout of the struct.
    state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if state < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return state != _TIME_ERROR


class Linux(OperatingSystem):
    """``root``: the root of the file system; ``is_clock_set``: what the kernel says; others in tests."""

    def __init__(
        self,
        environ: Mapping[str, str],
        root: Path = Path("/"),
        is_clock_set: Callable[[], bool] = _is_clock_set,
    ) -> None:
        super().__init__(environ)
        self.files = Files(root)
        self._programs = Programs(self.files)
        self._is_clock_set = is_clock_set

    def system(self) -> Section:
        """From os-release(5), the kernel from uname."""
        text = self.files.text("etc/os-release") or self.files.text("usr/lib/os-release")
        release = {key: _ESCAPED.sub(r"\1", value) for key, _, value in _ASSIGNMENT.findall(text)}
        return {
            "name": release.get("PRETTY_NAME") or release.get("NAME") or "Linux",
            "family": "Linux",
            "version": release.get("VERSION_ID", ""),
            "edition": release.get("VARIANT", ""),
            "build": release.get("BUILD_ID", ""),
            "kernel": os.uname().release,
        }

    def machine(self) -> Section:
        """From the firmware or the device tree. Lenovo writes the name that people know into the version."""
        told = {name: self.files.line(f"sys/class/dmi/id/{name}") for name in _FIRMWARE}
        maker, model, version = (told[name] for name in _FIRMWARE)
        if maker == "LENOVO" and version.startswith("Think"):
            model = f"{version} ({model})"
        return {"maker": maker, "hardware_model": model or self.files.line("proc/device-tree/model")}

    def domain(self) -> Section:
        """From the files that joining leaves; where none may be looked at, nothing is told."""
        signs = [self.files.is_there(path) for path in _JOINED]
        signs.append(bool(_JOINED_BY_SAMBA.search(self.files.text("etc/samba/smb.conf"))))
        return {"is_domain_joined": True if True in signs else None if None in signs else False}

    def processor(self) -> Section:
        """From /proc/cpuinfo; boards without that line name themselves in the device tree."""
        described = re.search(
            r"^(?:model name|Model|cpu)\s*:\s*(.+)$", self.files.required("proc/cpuinfo"), re.MULTILINE
        )
        model = described[1] if described else self.files.text("proc/device-tree/model")
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        return {"model": model, "usable_count": usable, "architecture": os.uname().machine}

    def virtualization(self) -> Section:
        """From the names in the firmware, and the marks that containers leave."""
        machine = virtual_machine(
            " ".join(self.files.line(f"sys/class/dmi/id/{name}") for name in _FIRMWARE[:2])
        )
        if "microsoft" in self.files.text("proc/sys/kernel/osrelease").lower():
            machine = "WSL"
        elif not machine and re.search(
            r"^flags\s*:.*\bhypervisor\b", self.files.text("proc/cpuinfo"), re.MULTILINE
        ):
            machine = "unknown hypervisor"
        marks = [name for file, name in _CONTAINER_FILES.items() if self.files.is_there(file)]
        container = self.environ.get("container") or self.files.line("run/systemd/container")
        return {"virtual_machine": machine, "container": (marks or [container])[0]}

    def locale(self) -> Section:
        """From the variables of the session."""
        names = ("LC_ALL", "LC_TIME", "LANG")
        return {"format": next((self.environ[name] for name in names if self.environ.get(name)), "")}

    def keyboard(self) -> Section:
        """From the X server, which knows what the person uses; else from the files of the system."""
        layouts = ""
        with suppress(OSError, x11.X11Error):
            screen = self._screen()
            layouts = screen.layouts if screen else ""
        for file in ("etc/default/keyboard", "etc/vconsole.conf"):
            if not layouts:
                named = {key: value for key, _, value in _ASSIGNMENT.findall(self.files.text(file))}
                layouts = named.get("XKBLAYOUT") or named.get("KEYMAP") or ""
        return {"keyboard_layouts": layouts.split(",") if _LAYOUTS.fullmatch(layouts) else []}

    def time_zone(self) -> str:
        """From TZ, /etc/timezone, or the link /etc/localtime."""
        named = self.environ.get("TZ", "").removeprefix(":") or self.files.line("etc/timezone")
        if named and not named.startswith("/"):
            return named
        return zone_of_link(self.files.root / "etc/localtime")

    def clock(self) -> Section:
        """The program that sets the clock, and the kernel's word on whether it does."""
        section: Section = {
            "clock_hardware": self.files.line(
                "sys/devices/system/clocksource/clocksource0/current_clocksource"
            ),
            "is_clock_synchronized": self._is_clock_set(),
        }
        with suppress(PermissionError):  # the kernel's word is what counts
            section["clock_services"] = self._programs.running(CLOCK)
        return section

    def display(self) -> Section:
        """From the variables of the session; their values are not told, only what they mean."""
        if self.environ.get("WAYLAND_DISPLAY"):
            session = "Wayland"
        elif self.environ.get("DISPLAY"):
            session = "X11"
        else:
            session = "no display"
        protocol = remote_protocol(self.environ)
        return {
            "session": session,
            "desktop": self.environ.get("XDG_CURRENT_DESKTOP", ""),
            "is_remote": bool(protocol),
            "remote_protocol": protocol,
            "scaling": [f"{name}={self.environ[name]}" for name in _SCALING if self._is_number(name)],
        }

    def monitors(self) -> Section:
        """From the X server, else the connected outputs of the graphics card with their preferred sizes."""
        screen = self._screen()
        if screen is None:
            return {"monitors": self._connected()}
        return {
            "monitors": [
                {"width_px": one.width_px, "height_px": one.height_px, "is_primary": one.is_primary}
                for one in screen.monitors
            ],
            "text_dpi": round(float(screen.text_dpi)) if _NUMBER.fullmatch(screen.text_dpi) else None,
        }

    def gateways(self) -> Section:
        """From the routing tables of the kernel."""
        return {
            "gateways": [
                *routes.gateways_of_ipv4(self.files.required("proc/net/route")),
                *routes.gateways_of_ipv6(self.files.text("proc/net/ipv6_route")),
            ]
        }

    def name_servers(self) -> Section:
        """From resolv.conf, and from the one behind it where systemd-resolved answers first."""
        found = routes.name_servers_of(self.files.required("etc/resolv.conf"))
        if found == ["127.0.0.53"]:
            behind = routes.name_servers_of(self.files.text("run/systemd/resolve/resolv.conf"))
            return {"name_servers": behind or found, "resolver": "systemd-resolved"}
        return {"name_servers": found}

    def trust(self) -> Section:
        """The files that OpenSSL reads."""
        return trust.of_linux(self.files, self.environ, self.places)

    def protection(self) -> Section:
        """The known products that run."""
        found = self._programs.running(PROTECTION)
        return {"products": [{"name": name, "is_on": True} for name in found]}

    def hardening(self) -> Section:
        """SELinux, AppArmor, and the rules that forbid old encryption."""
        enforced = {"1": "enforcing", "0": "permissive"}.get(self.files.line("sys/fs/selinux/enforce"), "")
        has_apparmor = self.files.line("sys/module/apparmor/parameters/enabled") == "Y"
        fips = self.files.line("proc/sys/crypto/fips_enabled")
        return {
            "selinux": enforced,
            "apparmor": "enabled" if has_apparmor else "",
            "is_fips": fips == "1" if fips else None,
            "crypto_policy": self.files.line("etc/crypto-policies/state/current"),
        }

    def folders(self) -> list[places.Folder]:
        """By the Filesystem Hierarchy Standard."""
        own = [
            (self.environ.get("HOME", ""), places.HOME_FOLDER),
            (self.environ.get("TMPDIR", ""), places.TEMPORARY_FOLDER),
        ]
        return [*_FOLDERS, *own]

    def is_remote(self, path: str) -> bool:
        """By the kind of the file system that is mounted there."""
        deepest, is_remote = -1, False
        for line in self.files.text("proc/self/mounts").splitlines():
            fields = line.split(" ")
            if len(fields) < 3:
                continue
            point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[1]).rstrip("/")
            # Of two on one folder the later one covers the other.
            if (path == point or path.startswith(f"{point}/")) and len(point) >= deepest:
                deepest, is_remote = len(point), fields[2] in _REMOTE_FILE_SYSTEMS
        return is_remote

    def interface_kinds(self) -> Mapping[str, str]:
        """From what drivers say of themselves."""
        kinds = {}
        for name in self.files.names("sys/class/net"):
            said = re.search(
                r"^DEVTYPE=(\w+)$", self.files.text(f"sys/class/net/{name}/uevent"), re.MULTILINE
            )
            if said and said[1] in _KINDS:
                kinds[name] = _KINDS[said[1]]
            elif self.files.is_there(f"sys/class/net/{name}/phy80211"):
                kinds[name] = "wireless"
        return kinds

    def _screen(self) -> x11.Screen | None:
        display = self.environ.get("DISPLAY", "")
        home = self.environ.get("HOME", "/")
        authority = Path(self.environ.get("XAUTHORITY") or f"{home}/.Xauthority")
        return x11.ask(display, authority) if display else None

    def _connected(self) -> list[Row]:
        """Outputs that a monitor is plugged into, with its own size: the first of its modes."""
        rows: list[Row] = []
        for name in self.files.names("sys/class/drm"):
            size = re.match(r"(\d{2,5})x(\d{2,5})", self.files.line(f"sys/class/drm/{name}/modes"))
            if size and self.files.line(f"sys/class/drm/{name}/status") == "connected":
                output = re.sub(r"^card\d+-", "", name)
                rows.append({"output": output, "width_px": int(size[1]), "height_px": int(size[2])})
        return rows[:MONITORS_LIMIT_ITEMS]

    def _is_number(self, name: str) -> bool:
        return _NUMBER.fullmatch(self.environ.get(name, "")) is not None
