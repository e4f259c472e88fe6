"""The page about the settings says what the table says."""

from __future__ import annotations

from pathlib import Path

from reporter.settings.layers import load
from reporter.settings.model import TABLE
from reporter.settings.reference import EXAMPLE, reference

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python -m reporter.settings.reference > docs/settings.md"
    )


def test_every_setting_has_its_section() -> None:
    page = reference()
    for row in TABLE:
        assert f"### `{row.name}`\n" in page
        assert row.help in page


def test_the_example_works(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    loaded = load(environ={"REPORTER_SETTINGS": str(file)})
    assert loaded.problems == []
    assert loaded.settings.help_for("tls.expired", "tls", "ru").text.startswith("Сертификат")
