"""Text: the facts for a person, as groups for the About window and as text for an e-mail, in the same words.

The text is headings and "Name: value" lines, without columns, so that it reads well in any font.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from reporter.facts.labels import HEADINGS, LABELS, NAMES, WORDS
from reporter.facts.model import Facts, Scalar, Value
from reporter.texts import N_, Translator
from reporter.ui.about import About, Group, Row

Item = Mapping[str, Scalar]

_BUILT_IN = N_("built-in")
_GIB = 1024**3
_MIB = 1024**2
_KIB = 1024


def about(facts: Facts, texts: Translator) -> About:
    """All three shapes of the facts; ``json`` is the document that ``about --json`` prints."""
    document = msgspec.json.format(msgspec.json.encode(facts), indent=2).decode()
    return About(groups=groups(facts, texts), text=as_text(facts, texts), json=document)


def as_text(facts: Facts, texts: Translator) -> str:
    """The facts as plain text, ending in a newline; what a newer version added keeps its own name."""
    moment = facts.collected_at.strftime("%Y-%m-%d %H:%M:%S %z").strip()
    blocks = [texts.say("Information about this computer, {moment}", moment=moment)]
    for group in groups(facts, texts):
        lines = (f"  {row.label}: {row.value}" if row.label else f"  {row.value}" for row in group.rows)
        blocks.append("\n".join([group.heading, *lines]))
    return "\n\n".join(blocks) + "\n"


def groups(facts: Facts, texts: Translator) -> list[Group]:
    """One group a section, in their order, then one of what could not be determined."""
    found = [
        Group(
            heading=_named(name, HEADINGS, texts),
            rows=[row for fact, value in section.items() for row in _rows(fact, value, texts)],
        )
        for name, section in facts.sections.items()
    ]
    if facts.gaps:
        reasons = [Row(label=_named(gap.section, HEADINGS, texts), value=gap.reason) for gap in facts.gaps]
        found.append(Group(heading=texts.say("Could not be determined"), rows=reasons))
    return found


def _named(name: str, names: Mapping[str, str], texts: Translator) -> str:
    return texts.say(names[name]) if name in names else name


def _rows(fact: str, value: Value, texts: Translator) -> Iterator[Row]:
    label = _named(fact, LABELS, texts)
    if isinstance(value, str) or not isinstance(value, Sequence):
        yield Row(label=label, value=_value(fact, value, texts))
        return
    items = [item for item in value if isinstance(item, Mapping)]
    if fact == "in_force":
        yield from _settings(items, texts)
    elif fact in _ITEMS:
        for item in items:
            named, parts = _ITEMS[fact](item, texts)
            yield Row(label=named or label, value=", ".join(part for part in parts if part))
    elif items:
        for item in items:
            yield Row(label=label, value=", ".join(_unknown(item, texts)))
    else:
        yield Row(label=label, value=", ".join(map(str, value)))


def _value(fact: str, value: Scalar, texts: Translator) -> str:
    if isinstance(value, bool):
        return texts.say("yes") if value else texts.say("no")
    if isinstance(value, int):
        if fact.endswith("_bytes"):
            return _bytes(value, texts)
        if fact.endswith("_seconds"):
            return _duration(value, texts)
        if fact == "utc_offset_minutes":
            return f"UTC{'-' if value < 0 else '+'}{abs(value) // 60:02}:{abs(value) % 60:02}"
    return str(value) if fact in NAMES else _word(value, texts)


def _word(word: Scalar, texts: Translator) -> str:
    text = "" if word is None else str(word)
    return texts.say(text) if text in WORDS else text


def _bytes(size: int, texts: Translator) -> str:
    if size >= _GIB:
        whole, tenth = divmod(round(size * 10 / _GIB), 10)
        return texts.say("{whole}.{tenth} GiB", whole=whole, tenth=tenth)
    if size >= _MIB:
        return texts.say("{number} MiB", number=round(size / _MIB))
    return texts.say("{number} KiB", number=-(-size // _KIB))


def _duration(seconds: int, texts: Translator) -> str:
    minutes = seconds // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return texts.say("{days} d {hours} h", days=days, hours=hours)
    return texts.say("{hours} h {minutes} min", hours=hours, minutes=minutes % 60)


def _moment(text: Scalar) -> str:
    try:
        return datetime.fromisoformat(str(text)).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return ""


def _interface(item: Item, texts: Translator) -> tuple[str, list[str]]:
    speed = item.get("speed_mbps")
    return str(item.get("name") or ""), [
        _word(item.get("kind"), texts),
        texts.say("connected") if item.get("is_up") else texts.say("not connected"),
        texts.say("{number} Mbit/s", number=speed) if isinstance(speed, int) else "",
        *(_word(scope, texts) for scope in str(item.get("addresses") or "").split(", ")),
    ]


def _gateway(item: Item, texts: Translator) -> tuple[str, list[str]]:
    return "", [str(item.get("address") or ""), str(item.get("interface") or "")]


def _monitor(item: Item, texts: Translator) -> tuple[str, list[str]]:
    scale = item.get("scale_percent")
    return "", [
        str(item.get("output") or ""),
        f"{item.get('width_px')} × {item.get('height_px')}",
        f"{scale} %" if isinstance(scale, int) else "",
        texts.say("main monitor") if item.get("is_primary") else "",
    ]


def _file(item: Item, texts: Translator) -> tuple[str, list[str]]:
    size = item.get("size_bytes")
    return str(item.get("name") or ""), [
        texts.say("does not exist") if item.get("exists") is False else "",
        _bytes(size, texts) if isinstance(size, int) else "",
        _moment(item.get("modified")),
        _word(item.get("remark"), texts),
        _word(item.get("place"), texts),
    ]


def _store(item: Item, texts: Translator) -> tuple[str, list[str]]:
    absent = texts.say("does not exist") if item.get("exists") is False else ""
    return str(item.get("variable") or ""), [absent, _word(item.get("place"), texts)]


def _product(item: Item, texts: Translator) -> tuple[str, list[str]]:
    is_on, is_current = item.get("is_on"), item.get("is_current")
    return str(item.get("name") or ""), [
        _word(item.get("kind"), texts),
        str(item.get("version") or ""),
        "" if is_on is None else texts.say("switched on") if is_on else texts.say("switched off"),
        texts.say("out of date") if is_current is False else "",
    ]


def _unknown(item: Item, texts: Translator) -> Iterator[str]:
    for name, value in item.items():
        if value not in (None, ""):
            yield f"{_named(name, LABELS, texts)}: {_value(name, value, texts)}"


# The facts that are lists of rows, and how one of them reads: its own label, if it has one, and its parts.
_ITEMS: dict[str, Callable[[Item, Translator], tuple[str, list[str]]]] = {
    "interfaces": _interface,
    "gateways": _gateway,
    "monitors": _monitor,
    "files": _file,
    "stores_of_environment": _store,
    "products": _product,
}


def _settings(rows: Sequence[Item], texts: Translator) -> Iterator[Row]:
    for row in rows:
        if row.get("layer") != _BUILT_IN:
            origin = texts.say(str(row.get("layer") or ""))
            place = row.get("place")
            source = f"{origin}, {place}" if place else origin
            yield Row(label=str(row.get("name") or ""), value=f"{row.get('value')} ({source})")
    rest = ", ".join(str(row.get("name")) for row in rows if row.get("layer") == _BUILT_IN)
    if rest:
        yield Row(label=texts.say("Built-in values"), value=rest)
