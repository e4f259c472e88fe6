"""Brand: reads ``brand.toml``, the name and the looks under which an organisation offers this program.

A brand says how the dialog looks and whom people can call. What is sent, and where, is not among its words:
``Settings`` never come from here. One key that cannot be used never disables another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from reporter import program
from reporter.settings.environment import BRAND_FILE
from reporter.settings.kinds import Complain, Kind, Link, MalformedError, listed, nearest, shown
from reporter.settings.picture import why_unfit
from reporter.texts.safe import one_line
from reporter.ui.brand import OWN, Brand, Colours

NAME = "brand.toml"
SYSTEM_FOLDER = Path("/etc")
NAME_LIMIT_CHARS = 40
CONTACT_LIMIT_CHARS = 120
PROBLEM_LIMIT = 50
TEXT_CONTRAST = 4.5
"""Of WCAG 2.2 AA, for text."""
LEVEL = 5
"""The window's pictures have colours in steps of this."""

# What the colours of a brand stand on, and the text on its accent: those of the window's palettes.
GROUNDS = {"light": ("#ffffff", "#f0f5fa", "#f5f5f5"), "dark": ("#1e2328", "#282d37", "#191e23")}
ON_ACCENT = "#ffffff"

_NAME = re.compile(r"\w[\w .,&'()+-]*")
_BUNDLE = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_COMMAND = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_PHONE = re.compile(r"[0-9+][0-9 ()/.+-]*(?: ?(?:ext|x)\.? ?[0-9]+)?")
_EMAIL = re.compile(r"[^\s@<>,;:\"\\]+@[^\s@<>,;:\"\\]+\.[^\s@<>,;:\"\\]+")
_MAINTAINER = re.compile(rf"[^\s<>\"\\][^<>\"\\\x00-\x1f\x7f]* <{_EMAIL.pattern}>")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """``place``: the file, empty where there is none; ``problems``: sentences about all that is not used."""

    brand: Brand = OWN
    place: str = ""
    problems: list[str] = []


def find(environ: Mapping[str, str]) -> Found:
    """The brand in force; never raises.

    The first of: the file that REPORTER_BRAND names, the administrator's ``/etc/reporter/brand.toml`` (where
    the program has another name, its command's folder), ``brand.toml`` of the installed program.
    """
    named = environ.get(BRAND_FILE, "")
    if named:
        return load(Path(named))
    for path in (SYSTEM_FOLDER / program.name() / NAME, *program.places(NAME)):
        if path.is_file():
            return load(path)
    return Found()


def beside_program() -> Brand:
    """The brand that was built into the installed program; policies are kept under its names. Nobody can
    choose it by a variable, so that a person cannot lead the program past the policies."""
    return next((load(path).brand for path in program.places(NAME) if path.is_file()), OWN)


def load(path: Path) -> Found:
    """The brand of one file; never raises."""
    from reporter.settings.file import document

    place = one_line(str(path), 300)
    read = document(path)
    if isinstance(read, str):
        return Found(place=place, problems=[read])
    members, positions = read
    problems: list[str] = []

    def complain(key: tuple[str, ...], what: str, remedy: str) -> None:
        line, column = positions.of(key)
        # One more than there is room for tells that there are more.
        if len(problems) <= PROBLEM_LIMIT:
            name = one_line(".".join(key), 60)
            problems.append(f"In {place}, line {line}, column {column}: {name} {what}; {remedy}.")

    values = _values(members, path.parent, complain)
    plain = {key[-1]: value for key, value in values.items() if key[0] not in GROUNDS}
    brand = Brand(**plain, light=_colours("light", values, complain), dark=_colours("dark", values, complain))
    if len(problems) > PROBLEM_LIMIT:
        problems[PROBLEM_LIMIT:] = [f"In {place}: there are more problems; correct these first."]
    return Found(brand=brand, place=place, problems=problems)


_Complaint = Callable[[tuple[str, ...], str, str], None]


class _Pattern(Kind):
    """A short text of one form."""

    def __init__(self, pattern: re.Pattern[str], limit_chars: int, description: str) -> None:
        self._pattern = pattern
        self._limit_chars = limit_chars
        self.description = description

    def read(self, raw: object, complain: Complain) -> str:
        """The text as it was written."""
        text = self.text(raw)
        if text and (len(text) > self._limit_chars or not self._pattern.fullmatch(text)):
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}")
        return text


class _Colour(_Pattern):
    """A colour in the steps that the window has."""

    def read(self, raw: object, complain: Complain) -> str:
        """The nearest colour of the window."""
        text = super().read(raw, complain)
        channels = [int(text[at : at + 2], 16) for at in (1, 3, 5) if text]
        return "#" + "".join(f"{LEVEL * round(c / LEVEL):02x}" for c in channels) if text else ""


class _Logo(Kind):
    """The name of a PNG beside the file; its value is the picture."""

    description = f"the name of a PNG beside {NAME}"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, raw: object, complain: Complain) -> bytes:
        """The bytes of the picture."""
        import os

        from reporter.settings.textfile import RefusedError, content, open_file

        name = self.text(raw)
        if not name:
            return b""
        if re.search(r"[/\\:\0]", name) or name in (".", ".."):
            # Elsewhere could be a server, to which Windows would sign the person in.
            raise MalformedError(f"is {shown(raw)}", f"write {self.description}, without a folder")
        try:
            descriptor = open_file(self._folder / name)
            try:
                picture = content(descriptor)
            finally:
                os.close(descriptor)
        except RefusedError as refused:
            raise MalformedError(f"cannot be used: {refused}", "name a smaller PNG") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "this is no name of a file"
            raise MalformedError(f"cannot be read ({reason})", f"write {self.description}") from None
        what, remedy = why_unfit(picture)
        if what:
            raise MalformedError(what, remedy)
        return picture


def _kinds(folder: Path) -> dict[tuple[str, ...], Kind]:
    name = _Pattern(_NAME, NAME_LIMIT_CHARS, f"a name of at most {NAME_LIMIT_CHARS} letters and digits")
    colour = _Colour(_COLOUR, 7, "a colour such as #1e5fd2")
    return {
        ("product",): name,
        ("vendor",): name,
        ("bundle_id",): _Pattern(_BUNDLE, 100, "a name such as org.example.helper"),
        ("command",): _Pattern(_COMMAND, NAME_LIMIT_CHARS, "small Latin letters, digits and hyphens"),
        ("maintainer",): _Pattern(_MAINTAINER, CONTACT_LIMIT_CHARS, "Name <mail address>"),
        ("logo",): _Logo(folder),
        ("logo_dark",): _Logo(folder),
        **{(look, one): colour for look in GROUNDS for one in Colours.__struct_fields__},
        ("support", "phone"): _Pattern(_PHONE, CONTACT_LIMIT_CHARS, "a telephone number"),
        ("support", "email"): _Pattern(_EMAIL, CONTACT_LIMIT_CHARS, "an e-mail address"),
        ("support", "url"): Link(("https",)),
    }


def _values(members: dict[str, Any], folder: Path, complain: _Complaint) -> dict[tuple[str, ...], Any]:
    """Every value that can be used, by its key."""
    kinds = _kinds(folder)
    tables = {key[0] for key in kinds if len(key) > 1}
    values: dict[tuple[str, ...], Any] = {}
    given: list[tuple[tuple[str, ...], object]] = []
    for name, member in members.items():
        if name in tables and not isinstance(member, dict):
            complain((name,), f"is {shown(member)}", f"write it as a table: [{name}]")
        elif name in tables:
            given.extend(((name, inner), value) for inner, value in member.items())
        else:
            given.append(((name,), member))
    for key, raw in given[:1000]:
        kind = kinds.get(key)
        if kind is None:
            known = [one[-1] for one in kinds if one[:-1] == key[:-1]] + (
                [] if len(key) > 1 else sorted(tables)
            )
            meant = nearest(key[-1][:60], known)
            hint = f" (did you mean {meant}?)" if meant else ""
            complain(key, f"is not known here{hint}", f"write one of {listed(known)}")
            continue
        try:
            values[key] = kind.read(raw, lambda fault: None)
        except MalformedError as fault:
            complain(key, fault.what, fault.remedy)
    return values


def _colours(look: str, values: Mapping[tuple[str, ...], Any], complain: _Complaint) -> Colours:
    """The colours that can be read on their grounds; the others stay the program's own."""
    accent, on_accent, link = (values.get((look, name), "") for name in ("accent", "on_accent", "link"))
    if on_accent and not accent:
        complain((look, "on_accent"), "stands on no accent", f"write {look}.accent too")
        on_accent = ""
    if accent and (low := contrast(accent, on_accent or ON_ACCENT)) < TEXT_CONTRAST:
        text = on_accent or ON_ACCENT
        complain(
            (look, "accent"),
            f"is {accent}, on which the text {text} of a button has a contrast of {low:.1f}",
            f"choose one with at least {TEXT_CONTRAST}, or another {look}.on_accent",
        )
        accent = on_accent = ""
    if link:
        low, ground = min((contrast(link, one), one) for one in GROUNDS[look])
        if low < TEXT_CONTRAST:
            what = f"is {link}, which has a contrast of {low:.1f} on the ground {ground}"
            complain((look, "link"), what, f"choose one with at least {TEXT_CONTRAST}")
            link = ""
    return Colours(accent=accent, on_accent=on_accent, link=link)


def contrast(one: str, other: str) -> float:
    """Of two colours ``#rrggbb``, from 1 to 21, as WCAG 2 defines it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
