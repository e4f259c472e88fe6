"""Help: the administrator's words for a failed login, in general and for single causes.

In TOML, the most specific wins, for text and link apart::

    help_text = "Call 5555."
    [help."tls.expired"]
    text = "The certificate is being renewed."
    [help."tls".ru]
    url = "https://help.example.org/ru/tls"
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from reporter.settings.kinds import ITEMS_LIMIT, Complain, Kind, Link, MalformedError, Text, nearest, shown
from reporter.texts.safe import one_line

TEXT_LIMIT_CHARS = 4_000
# The layers of the causes; a cause is one of them, or one of them, a dot and a name.
LAYERS = ("local", "dns", "proxy", "portal", "tcp", "tls", "http", "app", "unknown")

_CAUSE = re.compile(r"[a-z]+(?:\.[a-z0-9_]+)?")
# Narrow, lest the second half of a cause without its quotation marks passes for a language: "bad_name".
_LANGUAGE_KEY = re.compile(r"[A-Za-z]{2,3}(?:[-_](?:Latn|Cyrl|Hans|Hant))?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?")
_TEXT = Text(TEXT_LIMIT_CHARS)
_LINK = Link()


class Help(msgspec.Struct, frozen=True, omit_defaults=True):
    """Text and link of the administrator; each may be empty."""

    text: str = ""
    url: str = ""


class HelpOverride(Help, frozen=True, omit_defaults=True):
    """Help for one cause or layer; ``languages``: language tag in lower case → help."""

    languages: dict[str, Help] = msgspec.field(default_factory=dict)

    def without(self, part: str) -> HelpOverride:
        """The same with no ``text``, or with no ``url``."""
        spoken = {tag: msgspec.structs.replace(own, **{part: ""}) for tag, own in self.languages.items()}
        return msgspec.structs.replace(self, languages=spoken, **{part: ""})


def most_specific(
    general: Help, overrides: Mapping[str, HelpOverride], *, cause: str, layer: str, language: str
) -> Help:
    """The help for a cause: cause and language, cause, layer and language, layer, general.

    ``language``: any tag, such as ``ru`` or ``ru_RU.UTF-8``; an override for ``ru`` serves both.
    """
    tag = language.split(".", 1)[0].replace("_", "-").lower()
    candidates: list[Help] = []
    for key in (cause, layer):
        override = overrides.get(key)
        if override is not None:
            spoken = [override.languages.get(name) for name in (tag, tag.split("-", 1)[0])]
            candidates += [help_ for help_ in spoken if help_ is not None]
            candidates.append(override)
    candidates.append(general)
    return Help(
        text=next((help_.text for help_ in candidates if help_.text), ""),
        url=next((help_.url for help_ in candidates if help_.url), ""),
    )


class HelpTable(Kind):
    """Overrides by cause or layer: ``{"tls.expired": {"text": …, "url": …, "ru": {"text": …}}}``.

    A member that cannot be used is left out and complained of; the others stay.
    """

    description = 'a table such as {"tls.expired" = {text = "…", url = "https://…"}}'

    def from_text(self, text: str) -> object:
        """The table in a JSON object, the form for environment variables."""
        try:
            return msgspec.json.decode(text.encode(errors="replace"))
        except (msgspec.DecodeError, RecursionError):
            raise MalformedError("is not valid JSON", 'write {"tls.expired": {"text": "…"}}') from None

    def read(self, raw: object, complain: Complain) -> dict[str, HelpOverride]:
        """The overrides that can be used, by cause or layer."""
        overrides = {}
        for key, members in _table(raw, ()).items():
            layer = key.split(".", 1)[0]
            if not _CAUSE.fullmatch(key) or layer not in LAYERS:
                meant = nearest(layer, LAYERS)
                hint = f' (did you mean "{meant}"?)' if meant else ""
                remedy = f'write a layer such as "tls" or a cause such as "tls.expired"{hint}'
                complain(MalformedError("is not the name of a cause or a layer", remedy, (key,)))
                continue
            try:
                overrides[key] = _override(_table(members, (key,)), key, complain)
            except MalformedError as fault:
                complain(fault)
        return overrides


def _override(members: Mapping[str, object], key: str, complain: Complain) -> HelpOverride:
    languages = {}
    for name, value in members.items():
        path = (key, name)
        if name in ("text", "url"):
            continue
        if not _LANGUAGE_KEY.fullmatch(name):
            quoted = f', and a cause in quotation marks: [help."{key}.{one_line(name, 30)}"]'
            remedy = f"write text, url or a language{quoted if isinstance(value, Mapping) else ''}"
            complain(MalformedError("is neither text nor url nor a language", remedy, path))
            continue
        try:
            table = _table(value, path)
        except MalformedError as fault:
            complain(fault)
            continue
        for other in table.keys() - {"text", "url"}:
            complain(MalformedError("is neither text nor url", "write text or url", (*path, other)))
        languages[name.replace("_", "-").lower()] = Help(**_text_and_url(table, path, complain))
    return HelpOverride(**_text_and_url(members, (key,), complain), languages=languages)


def _text_and_url(members: Mapping[str, object], path: tuple[str, ...], complain: Complain) -> dict[str, str]:
    found = {}
    for name, kind in (("text", _TEXT), ("url", _LINK)):
        if name not in members:
            continue
        try:
            found[name] = kind.read(members[name], complain)
        except MalformedError as fault:
            complain(MalformedError(fault.what, fault.remedy, (*path, name)))
    return found


def _table(raw: object, path: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise MalformedError(f"is {shown(raw)}", 'write a table with "text" and "url"', path)
    if len(raw) > ITEMS_LIMIT:
        raise MalformedError(f"has more than {ITEMS_LIMIT:,} members", "write fewer", path)
    return {str(key): value for key, value in raw.items()}
