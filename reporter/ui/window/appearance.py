"""Appearance: whether the person's desktop is dark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

GSETTINGS_TIMEOUT_S = 0.3
CONFIG_LIMIT_BYTES = 256 * 1024
DARKER_THAN = 128 * 3


def ask_dark(appearance: str, system: str, environ: Mapping[str, str]) -> Callable[[], bool]:
    """Begin to find out, and return the function that tells.

    ``appearance``: ``auto``, ``light`` or ``dark``. Asking early and reading late lets a slow
    desktop service answer while Tk starts. What cannot be told is light.
    """
    if appearance in ("light", "dark"):
        return lambda: appearance == "dark"
    if system == "win32":
        return _windows_is_dark
    if system == "darwin":
        return _macos_is_dark
    if _files_say_dark(environ):
        return lambda: True
    return _ask_gsettings(environ)


def _files_say_dark(environ: Mapping[str, str]) -> bool:
    theme = environ.get("GTK_THEME", "")
    if theme:
        return theme.lower().endswith((":dark", "-dark"))
    config = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    for version in ("gtk-4.0", "gtk-3.0"):
        gtk = _read_ini(config / version / "settings.ini").get("settings", {})
        if gtk.get("gtk-application-prefer-dark-theme", "").lower() in ("1", "true"):
            return True
        if gtk.get("gtk-theme-name", "").lower().endswith("-dark"):
            return True
    kde = _read_ini(config / "kdeglobals")
    ground = kde.get("colors:window", {}).get("backgroundnormal", "").split(",")
    if len(ground) == 3 and all(part.strip().isdigit() for part in ground):
        return sum(int(part) for part in ground) < DARKER_THAN
    return kde.get("general", {}).get("colorscheme", "").lower().endswith("dark")


def _ask_gsettings(environ: Mapping[str, str]) -> Callable[[], bool]:
    if not environ.get("XDG_CURRENT_DESKTOP"):
        return lambda: False
    import subprocess

    try:
        asked = subprocess.Popen(
            ["gsettings", "get", "org.gnome.desktop.interface", "color-scheme"],  # noqa: S607 - the desktop's
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return lambda: False

    def answer() -> bool:
        try:
            told, _ = asked.communicate(timeout=GSETTINGS_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            asked.kill()
            asked.communicate()
            return False
        return b"prefer-dark" in told

    return answer


def _windows_is_dark() -> bool:
    import winreg

    key = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:  # type: ignore[attr-defined,unused-ignore]
            return bool(winreg.QueryValueEx(opened, "AppsUseLightTheme")[0] == 0)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False


def _macos_is_dark() -> bool:
    import subprocess

    try:
        told = subprocess.run(
            ["/usr/bin/defaults", "read", "-g", "AppleInterfaceStyle"],
            capture_output=True,
            timeout=GSETTINGS_TIMEOUT_S,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    return b"Dark" in told


def _read_ini(path: Path) -> dict[str, dict[str, str]]:
    """Sections and keys in lower case; desktops write files that stricter readers refuse."""
    try:
        with path.open("rb") as file:
            lines = file.read(CONFIG_LIMIT_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return {}
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in map(str.strip, lines):
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1].lower(), {})
        elif "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            current[name.strip().lower()] = value.strip()
    return sections
