"""OperatingSystem: what has to be asked differently on each system, and the choice between them."""

from __future__ import annotations

import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path, PurePath, PurePosixPath

from reporter.facts.guard import Section
from reporter.facts.places import Folder, Places

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# What makers write into the name of a computer that is none.
_VIRTUAL = {
    "vmware": "VMware",
    "virtualbox": "VirtualBox",
    "innotek": "VirtualBox",
    "qemu": "QEMU/KVM",
    "kvm": "QEMU/KVM",
    "virtual machine": "Hyper-V",
    "amazon ec2": "Amazon EC2",
    "google compute engine": "Google Compute Engine",
    "parallels": "Parallels",
    "xen": "Xen",
    "openstack": "OpenStack",
}
# The variables that servers of remote sessions leave in them; the last one also holds inside the others.
_REMOTE = {
    "XRDP_SESSION": "RDP",
    "XRDP_SOCKET_PATH": "RDP",
    "X2GO_SESSION": "X2Go",
    "NXSESSIONID": "NX",
    "CHROME_REMOTE_DESKTOP_SESSION": "Chrome Remote Desktop",
    "VNCDESKTOP": "VNC",
    "SSH_CONNECTION": "SSH",
}


class OperatingSystem(ABC):
    """One method a subject; each may raise anything, which the guard turns into a gap."""

    system_drive = "/"
    path_kind: type[PurePath] = PurePosixPath

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    @property
    def places(self) -> Places:
        """What the folders of this system are for."""
        return Places(self.path_kind, self.folders(), self.is_remote)

    @abstractmethod
    def system(self) -> Section:
        """Name as people know it, version, edition, build, kernel."""

    @abstractmethod
    def machine(self) -> Section:
        """Maker and model of the computer, never its numbers."""

    @abstractmethod
    def domain(self) -> Section:
        """Whether the computer belongs to a domain, never to which."""

    @abstractmethod
    def processor(self) -> Section:
        """Model, and the architecture of the machine, which may not be that of this process."""

    @abstractmethod
    def virtualization(self) -> Section:
        """Virtual machine and container, where there are signs of one."""

    @abstractmethod
    def locale(self) -> Section:
        """The regional format of the session."""

    @abstractmethod
    def keyboard(self) -> Section:
        """The keyboard layouts of the session."""

    @abstractmethod
    def time_zone(self) -> str:
        """The system's name for the zone, such as ``Europe/Kyiv``; empty where unknown."""

    @abstractmethod
    def clock(self) -> Section:
        """What sets the clock, and whether it is set."""

    @abstractmethod
    def display(self) -> Section:
        """Kind of session, desktop, and how a session from afar reaches this computer."""

    @abstractmethod
    def monitors(self) -> Section:
        """Monitors in pixels, and how much bigger than that things are drawn."""

    @abstractmethod
    def gateways(self) -> Section:
        """Default gateways, of interfaces that are up."""

    @abstractmethod
    def name_servers(self) -> Section:
        """Name servers; search domains are names of the organisation, and stay here."""

    @abstractmethod
    def trust(self) -> Section:
        """Which store of authorities is trusted, how many they are, and how many were added."""

    @abstractmethod
    def protection(self) -> Section:
        """Products that guard this computer, where the system or an allow-list knows them."""

    @abstractmethod
    def folders(self) -> list[Folder]:
        """Folders and the words for what they hold."""

    @abstractmethod
    def is_remote(self, path: str) -> bool:
        """Whether a path leads to another computer; found out without touching it."""

    def hardening(self) -> Section:
        """How the system itself restrains programs."""
        return {}

    def interface_kinds(self) -> Mapping[str, str]:
        """The kinds of network interfaces that this system knows better than their names tell."""
        return {}

    def proxy(self) -> Section:
        """Proxy settings without credentials, of the environment before those of the system."""
        section: Section = {}
        for name in _PROXY_VARIABLES:
            value = self.environ.get(name) or self.environ.get(name.upper(), "")
            if value:
                section[_proxy_fact(name)] = _proxy_value(name, value)
        if section:
            section["source"] = "environment"
        return section


def this_system(environ: Mapping[str, str]) -> OperatingSystem:
    """The one this process runs on."""
    if sys.platform == "win32":
        from reporter.facts.windows import Windows

        return Windows(environ)
    if sys.platform == "darwin":
        from reporter.facts.macos import MacOS

        return MacOS(environ)
    from reporter.facts.linux import Linux

    return Linux(environ)


def system_proxies(proxies: Mapping[str, str]) -> Section:
    """What ``urllib.request.getproxies`` tells, without credentials."""
    section: Section = {
        _proxy_fact(name): _proxy_value(name, value) for name, value in proxies.items() if value
    }
    if section:
        section["source"] = "system settings"
    return section


def without_credentials(addresses: str) -> str:
    """Proxy addresses separated by commas, reduced to scheme, host and port.

    Whatever stands before the last ``@`` goes, however wrongly the password in it is written.
    """
    scheme = _SCHEME.match(addresses)
    _, at, rest = addresses.rpartition("@")
    if at and scheme:
        rest = f"{scheme[0]}{rest}"
    return ", ".join(_host_and_port(address.strip()) for address in rest.split(","))


def virtual_machine(hardware: str) -> str:
    """The virtual machine that the names of maker and model tell of; empty for a real computer."""
    names = hardware.lower()
    return next((name for sign, name in _VIRTUAL.items() if sign in names), "")


def remote_protocol(environ: Mapping[str, str]) -> str:
    """How a session from afar reaches a Unix computer; empty for one that sits before it."""
    return next((name for variable, name in _REMOTE.items() if environ.get(variable)), "")


def zone_of_link(link: Path) -> str:
    """``Europe/Kyiv`` from a link to ``…/zoneinfo/Europe/Kyiv``; empty where it is none."""
    target = str(link.readlink()) if link.is_symlink() else ""
    return target.partition("zoneinfo/")[2]


def _host_and_port(address: str) -> str:
    scheme = _SCHEME.match(address)
    start = scheme.end() if scheme else 0
    return address[:start] + re.split(r"[/?#]", address[start:], maxsplit=1)[0]


def _proxy_value(name: str, value: str) -> str:
    if _proxy_fact(name) != "bypass":
        return without_credentials(value)
    # A list of names and networks ("10.0.0.0/8"); an item that could hold credentials is none of them.
    return ", ".join(item for item in re.split(r"[,;\s]+", value) if item and "@" not in item)


def _proxy_fact(name: str) -> str:
    scheme = name.removesuffix("_proxy")
    return "bypass" if scheme == "no" else scheme
