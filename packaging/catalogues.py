"""The catalogues of translations: compiled for every wheel and editable install, updated from the code.

Hatchling loads this file as its build hook. By hand, from the checkout:

    python packaging/catalogues.py compile    every .po to its .mo
    python packaging/catalogues.py update     the sentences of the code into every .po

An update keeps what is translated, drops what nobody says any more, and is sorted by sentence and
free of places and times: a catalogue changes only when a sentence does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
SOURCE = Path("reporter")
CATALOGUES = "reporter/texts/locale/*/LC_MESSAGES/*.po"
# What marks a sentence in the code: Translator.say (also where it is kept as ``_say``), N_, and
# Translator.count with its two forms.
KEYWORDS = {"say": None, "_say": None, "N_": None, "count": (1, 2)}
LINE_WIDTH_CHARS = 110
# Babel would write down the minute of each run, and the same commit would not give the same files.
NO_TIME = datetime(1980, 1, 1, tzinfo=UTC)

# Babel's own header carries the time of each run.
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


class CatalogueError(Exception):
    """A catalogue that cannot be read; the sentence says which and where."""


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the catalogues before hatchling collects the files of a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling; ``version`` is "standard" or "editable", both get the same."""
        compile_all(Path(self.root))


def compile_all(root: Path) -> list[Path]:
    """Write the .mo beside each .po below ``root`` and return those paths.

    Raises CatalogueError when one cannot be read.
    """
    compiled = []
    for source in sorted(root.glob(CATALOGUES)):
        target = source.with_suffix(".mo")
        catalogue = _read(source)
        catalogue.creation_date = NO_TIME
        with target.open("wb") as file:
            write_mo(file, catalogue)
        compiled.append(target)
    return compiled


def update_all(root: Path) -> list[Path]:
    """Bring every .po below ``root`` up to the sentences of the code; returns the paths that changed.

    Raises CatalogueError when one cannot be read.
    """
    template = extract(root)
    changed = []
    for path in sorted(root.glob(CATALOGUES)):
        before = path.read_bytes()
        catalogue = _read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        after = _rendered(catalogue)
        if after != before:
            path.write_bytes(after)
            changed.append(path)
    return changed


def extract(root: Path) -> Catalog:
    """Every sentence that the Python sources below ``root`` give to a translator."""
    template = Catalog()
    found: Iterator[Any] = extract_from_dir(
        root / SOURCE, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=()
    )
    for _file, _line, message, _comments, context in found:
        template.add(message, context=context)
    return template


def _read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=path.parent.parent.name, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise CatalogueError(
            f"The catalogue {path} cannot be read: {error}. Mend it, then try again."
        ) from None


def _rendered(catalogue: Catalog) -> bytes:
    header = HEADER.format(language=catalogue.locale, plural_forms=catalogue.plural_forms)
    body = BytesIO()
    write_po(
        body,
        catalogue,
        width=LINE_WIDTH_CHARS,
        no_location=True,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
    )
    return header.encode() + body.getvalue().strip(b"\n") + b"\n"


def main() -> int:
    """The command line; 1 and a sentence when a catalogue cannot be read."""
    parser = argparse.ArgumentParser(description="Compile or update the catalogues of translations.")
    parser.add_argument("action", choices=("compile", "update"))
    action = parser.parse_args().action
    try:
        paths = compile_all(ROOT) if action == "compile" else update_all(ROOT)
    except CatalogueError as error:
        print(error, file=sys.stderr)
        return 1
    for path in paths:
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
