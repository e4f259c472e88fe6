"""Text: the facts for a person, made to be pasted into an e-mail.

Headings and "Name: value" lines, without columns, so that it reads well in any font.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reporter.facts.model import Facts, Scalar, Value
from reporter.texts import N_, Translator

_HEADINGS = {
    "application": N_("Application"),
    "agent": N_("Reporter"),
    "settings": N_("Settings"),
    "system": N_("Operating system"),
    "processor": N_("Processor"),
    "memory": N_("Memory"),
    "storage": N_("Storage"),
    "locale": N_("Language and region"),
    "time": N_("Time"),
    "network": N_("Network"),
    "proxy": N_("Proxy"),
    "display": N_("Display"),
    "runtime": N_("Python"),
    "identity": N_("Names"),
}

_LABELS = {
    "name": N_("Name"),
    "version": N_("Version"),
    "family": N_("Family"),
    "edition": N_("Edition"),
    "build": N_("Build"),
    "kernel": N_("Kernel"),
    "uptime_seconds": N_("Running for"),
    "virtual_machine": N_("Virtual machine"),
    "container": N_("Container"),
    "model": N_("Model"),
    "architecture": N_("Architecture"),
    "count": N_("Logical processors"),
    "usable_count": N_("Available to this program"),
    "total_bytes": N_("Total"),
    "available_bytes": N_("Available"),
    "system_total_bytes": N_("System drive"),
    "system_free_bytes": N_("System drive, free"),
    "home_total_bytes": N_("Drive of the home folder"),
    "home_free_bytes": N_("Drive of the home folder, free"),
    "format": N_("Regional format"),
    "language": N_("Language"),
    "zone": N_("Time zone"),
    "utc_offset_minutes": N_("Offset"),
    "left_out_count": N_("Further interfaces"),
    "source": N_("Set in"),
    "all": N_("All protocols"),
    "bypass": N_("Without proxy"),
    "auto_config_url": N_("Automatic configuration"),
    "session": N_("Session"),
    "desktop": N_("Desktop"),
    "is_remote": N_("Remote session"),
    "python": N_("Version"),
    "implementation": N_("Implementation"),
    "bits": N_("Bits"),
    "is_frozen": N_("Part of an installed package"),
    "user_name": N_("User"),
    "host_name": N_("Computer"),
}

# Values that collectors choose from a list of words; all others are shown as they are.
_WORDS = frozenset(
    (
        N_("no display"),
        N_("environment"),
        N_("system settings"),
        N_("unknown hypervisor"),
        N_("loopback"),
        N_("virtual"),
        N_("VPN"),
        N_("wireless"),
        N_("wired"),
        N_("wired or wireless"),
        N_("mobile"),
        N_("Bluetooth"),
        N_("other"),
        N_("IPv4 loopback"),
        N_("IPv4 link-local"),
        N_("IPv4 shared"),
        N_("IPv4 private"),
        N_("IPv4 public"),
        N_("IPv6 loopback"),
        N_("IPv6 link-local"),
        N_("IPv6 private"),
        N_("IPv6 public"),
    )
)

Row = Mapping[str, Scalar]

_BUILT_IN = N_("built-in")
_GIB = 1024**3
_MIB = 1024**2


def as_text(facts: Facts, texts: Translator) -> str:
    """The facts as plain text, ending in a newline; what a newer version added keeps its own name."""
    moment = facts.collected_at.strftime("%Y-%m-%d %H:%M:%S %z").strip()
    blocks = [texts.say("Information about this computer, {moment}", moment=moment)]
    for name, section in facts.sections.items():
        lines = (line for fact, value in section.items() for line in _lines(fact, value, texts))
        blocks.append(_block(_named(name, _HEADINGS, texts), lines))
    if facts.gaps:
        reasons = (f"{_named(gap.section, _HEADINGS, texts)}: {gap.reason}" for gap in facts.gaps)
        blocks.append(_block(texts.say("Could not be determined"), reasons))
    return "\n\n".join(blocks) + "\n"


def _block(heading: str, lines: Iterable[str]) -> str:
    return "\n".join([heading, *(f"  {line}" for line in lines)])


def _named(name: str, names: Mapping[str, str], texts: Translator) -> str:
    return texts.say(names[name]) if name in names else name


def _lines(fact: str, value: Value, texts: Translator) -> Iterator[str]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        yield f"{_named(fact, _LABELS, texts)}: {_value(fact, value, texts)}"
        return
    rows = [row for row in value if isinstance(row, Mapping)]
    if fact == "interfaces":
        yield from (_interface(row, texts) for row in rows)
    elif fact == "in_force":
        yield from _settings(rows, texts)
    else:
        yield f"{_named(fact, _LABELS, texts)}: {', '.join(map(str, value))}"


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
    return _word(str(value), texts)


def _word(word: str, texts: Translator) -> str:
    return texts.say(word) if word in _WORDS else word


def _bytes(size: int, texts: Translator) -> str:
    if size >= _GIB:
        whole, tenth = divmod(round(size * 10 / _GIB), 10)
        return texts.say("{whole}.{tenth} GiB", whole=whole, tenth=tenth)
    return texts.say("{number} MiB", number=round(size / _MIB))


def _duration(seconds: int, texts: Translator) -> str:
    minutes = seconds // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return texts.say("{days} d {hours} h", days=days, hours=hours)
    return texts.say("{hours} h {minutes} min", hours=hours, minutes=minutes % 60)


def _interface(row: Row, texts: Translator) -> str:
    parts = [_word(str(row.get("kind", "")), texts)]
    parts.append(texts.say("connected") if row.get("is_up") else texts.say("not connected"))
    speed = row.get("speed_mbps")
    if isinstance(speed, int):
        parts.append(texts.say("{number} Mbit/s", number=speed))
    addresses = str(row.get("addresses") or "").split(", ")
    parts += [_word(scope, texts) for scope in addresses if scope]
    return f"{row.get('name', '')}: {', '.join(parts)}"


def _settings(rows: Sequence[Row], texts: Translator) -> Iterator[str]:
    for row in rows:
        if row.get("layer") != _BUILT_IN:
            origin = texts.say(str(row.get("layer") or ""))
            place = row.get("place")
            yield f"{row.get('name')} = {row.get('value')} ({f'{origin}, {place}' if place else origin})"
    rest = ", ".join(str(row.get("name")) for row in rows if row.get("layer") == _BUILT_IN)
    if rest:
        heading = texts.say("Built-in values")
        yield f"{heading}: {rest}"
