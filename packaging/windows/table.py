"""Table: one of an installer's database, and the text files by which tables come and go.

An IDT file has the names of the columns, their types and the name of the table with those of its keys in
three lines, then a row a line, with tabs between the values. The types are those of Windows Installer:
``s72`` is a text of at most 72 characters, ``l`` one that may be translated, ``i2`` a number, a capital
letter means that it may be empty; 0 characters are without limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from release.errors import PackagingError
from release.workshop import run, tool

Value = str | int

CODE_PAGES = (1252, 1251, 1250, 1253, 1254, 1257, 1255, 1256, 1258, 874, 932, 936, 949, 950)
"""In which Windows Installer keeps texts; all of one database are in one."""
CODE_PAGE_TABLE = "_ForceCodepage"


class Table(msgspec.Struct, frozen=True):
    """``columns``: each ``Name:type``, with spaces between; ``keys``: how many of them, from the first, tell
    rows apart.
    """

    name: str
    columns: str
    keys: int
    rows: tuple[tuple[Value, ...], ...]

    @property
    def names(self) -> list[str]:
        """Of the columns."""
        return [column.partition(":")[0] for column in self.columns.split()]

    @property
    def types(self) -> list[str]:
        """Of the columns."""
        return [column.partition(":")[2] for column in self.columns.split()]

    def dicts(self) -> list[dict[str, Value]]:
        """The rows by the names of the columns."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    def text(self) -> str:
        """The table as an IDT file; its rows in the order of their keys. Raises PackagingError."""
        rows = sorted([str(value) for value in row] for row in self.rows)
        for value in (value for row in rows for value in row):
            # There are ways to write them, which msibuild does not know.
            if re.search(r"[\x00-\x1f]", value):
                raise PackagingError(f"An installer has no room for the control characters of {value!r}.")
        lines = [self.names, self.types, [self.name, *self.names[: self.keys]], *rows]
        return "".join("\t".join(line) + "\r\n" for line in lines)


def parse(text: str) -> Table:
    """The table of an IDT file."""
    names, types, about, *rows = [line.split("\t") for line in re.split(r"\r?\n", text.rstrip("\r\n"))]
    # A number in front is the code page.
    name, *keys = about[1:] if about[0].isdigit() else about
    return Table(
        name=name,
        columns=" ".join(f"{column}:{kind}" for column, kind in zip(names, types, strict=True)),
        keys=len(keys),
        rows=tuple(
            tuple(
                int(value) if kind[0] in "iI" and value else value
                for value, kind in zip(row, types, strict=True)
            )
            for row in rows
        ),
    )


def code_page(texts: Sequence[str]) -> int:
    """The code page in which all texts can be written; raises PackagingError where there is none."""
    for page in CODE_PAGES:
        if all(_fits(text, page) for text in texts):
            return page
    strange = [text for text in texts if not text.isascii()][:3]
    raise PackagingError(
        "An installer for Windows keeps all its texts in one code page, and none holds all of "
        f"{', '.join(repr(text) for text in strange)}; write them in letters of one language, or Latin ones."
    )


def _fits(text: str, page: int) -> bool:
    try:
        return text.encode(f"cp{page}").decode(f"cp{page}") == text
    except UnicodeError:
        return False


def literal(text: str) -> str:
    """A text in a column that Windows Installer would search for ``[Property]`` and ``{ }``."""
    return re.sub(r"[\[\]{}]", lambda found: rf"[\{found[0]}]", text)


def exported(database: Path, name: str) -> Table:
    """One of its tables, as msiinfo says it. Raises PackagingError."""
    # It leaves what a table carries, such as icons, in the current folder.
    with TemporaryDirectory() as aside:
        return parse(run([tool("msiinfo", "msitools"), "export", database.absolute(), name], cwd=Path(aside)))


def tables(database: Path) -> dict[str, Table]:
    """All that hold something, by name. Raises PackagingError."""
    names = run([tool("msiinfo", "msitools"), "tables", database]).split()
    found = {name: exported(database, name) for name in names if not name.startswith("_")}
    return {name: table for name, table in found.items() if table.rows}


def put(database: Path, given: Sequence[Table], page: int, steadily: Callable[..., object]) -> None:
    """Write tables, in place of those of the same name, in a code page.

    ``steadily``: runs a tool with its words; files on the way are left beside the database.
    """
    forced = database.parent / f"{CODE_PAGE_TABLE}.idt"
    # Files on the way are in UTF-8 whatever the code page; it has to be said before the first text comes.
    forced.write_bytes(f"\r\n\r\n{page}\t{CODE_PAGE_TABLE}\r\n".encode())
    files = [forced]
    for table in given:
        file = database.parent / f"{table.name}.idt"
        file.write_bytes(table.text().encode())
        files.append(file)
    for file in files:
        steadily("msibuild", database.name, "-i", file.name)


def texts(tables: Sequence[Table]) -> list[str]:
    """All that is said in tables."""
    values = [value for table in tables for row in table.rows for value in row]
    return [value for value in values if isinstance(value, str) and value]


def too_long(tables: Sequence[Table]) -> list[str]:
    """Where a value is longer than its column, as parts of sentences."""
    found: list[str] = []
    for table in tables:
        limits = [int(re.sub(r"\D", "", kind)) if kind[0] in "sSlL" else 0 for kind in table.types]
        for row in table.rows:
            found += [
                f"{table.name}.{name} holds {limit} characters, and {value!r} has {len(value)}"
                for name, limit, value in zip(table.names, limits, row, strict=True)
                if limit and isinstance(value, str) and len(value) > limit
            ]
    return found
