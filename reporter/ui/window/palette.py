"""Palette: every colour of the window, by the part it plays."""

from __future__ import annotations

import msgspec


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """Colours as Tk names them (``#rrggbb`` or a system colour).

    Text on its ground reaches a contrast of 4.5, the outline of a field and the focus ring 3
    (WCAG 2.2 AA); a test measures the two palettes of our own.
    """

    window: str
    footer: str
    line: str
    text: str
    muted: str
    link: str
    ring: str
    panel: str
    field: str
    field_line: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    button: str
    button_hover: str
    button_pressed: str
    button_line: str
    disabled: str
    disabled_fill: str
    selection: str
    scroll: str
    scroll_hover: str
    caution: str
    caution_tint: str
    success: str
    success_tint: str
    info: str
    info_tint: str


LIGHT = Palette(
    window="#ffffff",
    footer="#f5f6f8",
    line="#e3e6ea",
    text="#1a1d21",
    muted="#59616c",
    link="#1d5bc9",
    ring="#1d5bc9",
    panel="#f1f5fb",
    field="#ffffff",
    field_line="#868e99",
    accent="#1f5fd0",
    accent_hover="#1a52b6",
    accent_pressed="#16479e",
    on_accent="#ffffff",
    button="#ffffff",
    button_hover="#eef1f5",
    button_pressed="#e2e6eb",
    button_line="#c3c9d1",
    disabled="#9aa1ab",
    disabled_fill="#eceef1",
    selection="#cfe0fc",
    scroll="#c3c9d1",
    scroll_hover="#9aa1ab",
    caution="#8f5a00",
    caution_tint="#fdf0d5",
    success="#1a7340",
    success_tint="#def3e6",
    info="#1d5bc9",
    info_tint="#e2ecfc",
)

DARK = Palette(
    window="#202327",
    footer="#191b1f",
    line="#2f343a",
    text="#e9ebee",
    muted="#a7aeb8",
    link="#8ab6ff",
    ring="#8ab6ff",
    panel="#2a2f36",
    field="#17191c",
    field_line="#79828e",
    accent="#2f6bd8",
    accent_hover="#3a73dc",
    accent_pressed="#2659b8",
    on_accent="#ffffff",
    button="#2d3238",
    button_hover="#383e46",
    button_pressed="#24282d",
    button_line="#4b525c",
    disabled="#6b737e",
    disabled_fill="#25292e",
    selection="#2f4d80",
    scroll="#4b525c",
    scroll_hover="#79828e",
    caution="#f3c35b",
    caution_tint="#3b3119",
    success="#6fd49a",
    success_tint="#1c3a29",
    info="#8ab6ff",
    info_tint="#23324b",
)

# On Windows and macOS in their own themes, the grounds and texts are the system's.
WINDOWS = msgspec.structs.replace(
    LIGHT,
    window="SystemButtonFace",
    footer="SystemButtonFace",
    text="SystemWindowText",
    link="SystemHotlight",
    ring="SystemHighlight",
    panel="SystemWindow",
    field="SystemWindow",
    selection="SystemHighlight",
)

MACOS = msgspec.structs.replace(
    LIGHT,
    window="systemWindowBackgroundColor",
    footer="systemWindowBackgroundColor",
    line="systemSeparatorColor",
    text="systemTextColor",
    muted="systemTextColor",
    link="systemLinkColor",
    ring="systemControlAccentColor",
    panel="systemTextBackgroundColor",
    field="systemTextBackgroundColor",
    selection="systemSelectedTextBackgroundColor",
)
