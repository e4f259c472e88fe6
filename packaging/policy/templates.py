"""Templates: everything that IT writes policies with, made from the table of settings.

    python packaging/policy/templates.py OUT

makes windows/ (ADMX, ADML in every language, OMA-URI), macos/ (a profile, recommended preferences), linux/
(examples and their JSON Schema) and docs/. The same table always gives the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":  # started by its path, from any folder
    sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from policy import admx, json_files, oma, page, profile, structure  # noqa: E402 - see above
from policy.words import WORDS  # noqa: E402
from reporter.settings.brand import load  # noqa: E402
from reporter.settings.model import TABLE  # noqa: E402
from reporter.settings.policy.base import VENDOR, Vendor, vendor_of  # noqa: E402
from reporter.settings.reference import reference  # noqa: E402
from reporter.texts import LANGUAGES, translator  # noqa: E402

PAGE = ROOT / "docs" / "policies.md"


class TemplateError(Exception):
    """Templates that nobody should get; the sentence says why."""


def files(vendor: Vendor = VENDOR) -> Iterator[tuple[str, bytes]]:
    """Every file with its path below the folder; raises TemplateError."""
    name = vendor.command
    template = admx.admx(vendor)
    yield f"windows/{name}.admx", template
    for language in LANGUAGES:
        texts = admx.adml(vendor, translator(language))
        wrong = structure.problems(template, texts)
        if wrong:
            raise TemplateError(f"The template breaks its rules in {language}: {'; '.join(wrong[:5])}.")
        yield f"windows/{WORDS[language].culture}/{name}.adml", texts
    yield "windows/oma-uri.csv", oma.table(vendor)
    yield f"macos/{name}.mobileconfig", profile.mobileconfig(vendor)
    yield f"macos/{vendor.bundle_id}.plist", profile.preferences()
    yield "linux/managed/example.json", json_files.managed_example()
    yield "linux/recommended/example.json", json_files.recommended_example()
    yield f"linux/{json_files.SCHEMA_NAME}", json_files.schema(vendor.product)
    yield f"docs/{PAGE.name}", page.page(vendor)
    # What the page refers to.
    yield "docs/settings.md", _of(vendor, reference())


def _of(vendor: Vendor, text: str) -> bytes:
    """A page of ours for another command and its folders."""
    for before, after in (("`", " "), ("/", "/"), ("\\", "\\")):
        text = text.replace(f"{before}{VENDOR.command}{after}", f"{before}{vendor.command}{after}")
    return text.encode()


def untranslated() -> list[str]:
    """The languages that lack a title or an explanation, with one of them each."""
    lacking = []
    for language in LANGUAGES:
        texts = translator(language)
        same = [row.name for row in TABLE if texts.say(row.help) == row.help]
        if same and language != "en":
            lacking.append(f"{language} ({len(same)} settings, such as {same[0]})")
    return lacking


def write(folder: Path, vendor: Vendor = VENDOR) -> list[Path]:
    """Write every file below ``folder`` and return their paths; raises OSError or TemplateError."""
    written = []
    for name, content in list(files(vendor)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def main() -> int:
    """The command line; 1 and a sentence where there are no good templates."""
    parser = argparse.ArgumentParser(description="Make the policy templates from the table of settings.")
    parser.add_argument("out", type=Path, help="the folder to write to")
    parser.add_argument("--brand", type=Path, metavar="BRAND.toml", help="the names of a branded program")
    parser.add_argument("--page", action="store_true", help=f"also write {PAGE.relative_to(ROOT)}")
    arguments = parser.parse_args()
    vendor = VENDOR
    if arguments.brand:
        found = load(arguments.brand)
        vendor = vendor_of(found.brand)
        if found.problems:
            print("\n".join(found.problems), file=sys.stderr)
            return 1
    try:
        written = write(arguments.out, vendor)
    except (OSError, TemplateError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.page:
        PAGE.write_bytes(page.page())
    lacking = untranslated()
    if lacking:
        print(
            f"In English for want of a translation: {', '.join(lacking)}; "
            "run `python packaging/catalogues.py compile` first, or translate them.",
            file=sys.stderr,
        )
    for path in written:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
