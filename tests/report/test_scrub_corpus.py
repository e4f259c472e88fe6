"""The corpus: what is planted in realistic texts is found, and ordinary lines stay as they are.

``python -m tests.report.test_scrub_corpus`` prints the tables that docs/scrubbing.md quotes.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from reporter.report import readable, scrub
from reporter.report.pseudonyms import Names, Pseudonyms
from tests.report.corpus import (
    Planted,
    clean,
    filled,
    filled_line,
    held_out,
    makers,
    planted,
    second_held_out,
)

ROOT = Path(__file__).parent.parent.parent
SEED = 1
SETS = {"made with": planted, "held out": held_out, "held out, second": second_held_out}


def names() -> Names:
    return Names(
        Pseudonyms(keep=["erp.example.org"]),
        users=(makers.USER,),
        homes=(makers.HOME,),
        hosts=(makers.HOST,),
        domains=makers.DOMAINS,
    )


def planted_texts() -> list[tuple[str, Planted]]:
    return [(name, plant) for name, texts in SETS.items() for plant in filled(texts.TEMPLATES, seed=SEED)]


def clean_lines() -> list[str]:
    source = random.Random(SEED)
    lines: list[str] = []
    while len(lines) < clean.LINES_LEAST:
        lines += [filled_line(template, source) for template in clean.TEMPLATES]
    return lines


def is_found(plant: Planted, known: Names) -> bool:
    text, _ = scrub.text(plant.text, known)
    return not any(secret in text for secret in plant.secrets)


def table() -> list[str]:
    """A Markdown table of all kinds, and the line of false positives."""
    known = names()
    total: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for _, plant in planted_texts():
        total[plant.kind] += 1
        found[plant.kind] += is_found(plant, known)
    rows = [f"| {kind} | {count} | {found[kind]} |" for kind, count in sorted(total.items())]
    whole = f"| **all {len(total)} kinds** | **{total.total()}** | **{found.total()}** |"
    lines = clean_lines()
    false = sum(scrub.text(line, known)[0] != line for line in lines)
    return [
        "| kind | planted | found |",
        "|---|---:|---:|",
        *rows,
        whole,
        "",
        f"Of {len(lines)} ordinary lines {false} were changed.",
    ]


def test_at_least_99_of_100_planted_secrets_are_found_in_each_set() -> None:
    known = names()
    missed = [(name, plant) for name, plant in planted_texts() if not is_found(plant, known)]
    for name in SETS:
        total = sum(1 for where, _ in planted_texts() if where == name)
        assert len([None for where, _ in missed if where == name]) <= total // 100, [p for _, p in missed]


def test_the_corpus_is_large_and_varied() -> None:
    plants = planted_texts()
    assert len({plant.text for _, plant in plants}) >= 300
    assert len({plant.kind for _, plant in plants}) >= 40
    assert len(clean_lines()) >= clean.LINES_LEAST
    assert all(secret in plant.text for _, plant in plants for secret in plant.secrets)
    assert all(plant.secrets for _, plant in plants)


def test_ordinary_lines_stay_as_they_are() -> None:
    known = names()
    lines = clean_lines()
    changed = [(line, scrub.text(line, known)[0]) for line in lines]
    assert len([line for line, after in changed if line != after]) <= len(lines) // 200


def test_the_whole_corpus_at_once_is_scrubbed_like_its_lines_and_twice_changes_nothing() -> None:
    known = names()
    ends = "-----BEGIN", "Private-Lines"
    plants = [p for _, p in planted_texts() if not any(end in p.text for end in ends)]
    once, found = scrub.text("\n\n".join(plant.text for plant in plants), known)
    left = [secret for plant in plants for secret in plant.secrets if len(secret) > 6 and secret in once]
    assert not left
    assert found.total() >= len(plants)
    assert scrub.text(once, known) == (once, {})


def test_every_kind_that_is_taken_out_has_words_for_the_person() -> None:
    known = names()
    kinds = {kind for _, plant in planted_texts() for kind in scrub.text(plant.text, known)[1]}
    assert kinds <= readable._KINDS.keys()


def test_the_documentation_quotes_the_table() -> None:
    quoted = (ROOT / "docs" / "scrubbing.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in quoted


if __name__ == "__main__":
    print("\n".join(table()))  # noqa: T201 - this is the command
