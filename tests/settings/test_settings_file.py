"""The settings file: what is said of a broken, strange or hostile one, and where."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reporter.settings.layers import Loaded, load
from reporter.settings.model import Settings
from reporter.settings.positions import Positions
from reporter.settings.source import PROBLEM_LIMIT
from reporter.settings.textfile import FILE_LIMIT_BYTES


def loaded(file: Path, **environ: str) -> Loaded:
    return load(environ={"REPORTER_SETTINGS": str(file), **environ})


def refused(file: Path) -> str:
    """The one problem of a file that is not read; what concerns privacy must be closed by it."""
    result = loaded(file, REPORTER_LANGUAGE="ru", REPORTER_SUBMISSION="ask")
    assert result.settings == Settings(
        language="ru",
        submission="ask",
        include_screenshot=False,
        include_server_names=False,
        allowed_sections=(),
    )
    [problem] = result.problems
    assert problem.startswith(f"In {file}")
    assert problem.endswith(".")
    return problem


def test_a_missing_file_is_no_problem_where_it_was_not_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load(environ={}).problems == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_the_file_in_the_folder_of_the_person_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "reporter").mkdir()
    (tmp_path / "reporter" / "settings.toml").write_text('language = "ru"')
    assert load(environ={}).settings.language == "ru"


def test_a_missing_file_that_was_named_is_a_problem(tmp_path: Path) -> None:
    assert "there is no such file" in refused(tmp_path / "none.toml")


def test_the_null_device_stands_for_no_file() -> None:
    assert load(environ={"REPORTER_SETTINGS": os.devnull}).settings == Settings()
    assert load(environ={"REPORTER_SETTINGS": os.devnull}).problems == []


def test_broken_toml_is_told_with_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('language = "en"\nendpoint = https://a.example/\n')
    assert f"In {file}, line 2, column 12: this is not valid TOML" in refused(file)


def test_toml_that_ends_too_early_is_told_with_its_last_line(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('language = "en"\nhelp_text = """\nno end')
    assert f"In {file}, line 3: this is not valid TOML" in refused(file)


def test_a_key_given_twice_is_told(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('language = "en"\nlanguage = "ru"\n')
    assert "line 2" in refused(file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x" * (FILE_LIMIT_BYTES + 1), "more than 1,048,576 bytes"),
        (b'language = "e\0n"', "NUL bytes"),
        ('language = "ru"'.encode("utf-16"), "NUL bytes"),
        ('ok = 1\nhelp_text = "тест"'.encode("cp1251"), "line 2 is not UTF-8"),
        (b"a = " + b"[" * 50_000, "nested too deeply"),
        (b"a." * 100_000 + b"a = 1", "more than 32 parts"),
        (b"retention_days = " + b"9" * 10_000, "not valid TOML"),
    ],
    ids=["too large", "NUL", "UTF-16", "not UTF-8", "deep", "deep key", "huge number"],
)
def test_content_that_no_settings_file_has(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(content)
    assert reason in refused(file)


def test_windows_line_ends_and_byte_order_mark_are_welcome(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b'\xef\xbb\xbflanguage = "ru"\r\nendpont = 1\r\n')
    result = loaded(file)
    assert result.settings.language == "ru"
    assert "line 2, column 1" in result.problems[0]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "not a regular file" in refused(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refused(tmp_path / "pipe")


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert "cannot be read" in refused(tmp_path / "a")


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text('language = "ru"')
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert loaded(tmp_path / "link").settings.language == "ru"


def test_an_unreadable_file_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def deny(path: object, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", deny)
    assert "the file cannot be read (Permission denied)" in refused(tmp_path / "settings.toml")


def test_a_flood_of_unknown_names_is_cut_short(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("".join(f"n{number} = 0\n" for number in range(1000)) + 'language = "ru"\n')
    result = loaded(file)
    assert result.settings.language == "ru"
    assert len(result.problems) == PROBLEM_LIMIT + 1
    assert result.problems[-1] == (
        f"In {file}, line 1000, column 1: this and {999 - PROBLEM_LIMIT} earlier problems are not "
        "listed one by one; correct the others first."
    )


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "~nobody-of-this-name/x"])
def test_a_path_that_is_none_is_told(name: str) -> None:
    assert len(load(environ={"REPORTER_SETTINGS": name}).problems) == 1


def test_a_run_without_a_file_does_not_load_the_parser(tmp_path: Path) -> None:
    code = """
import sys
from reporter.settings.layers import load
load(environ={})
print("tomllib" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.defpath, "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert told.stdout.strip() == "False"


class TestPositions:
    def test_keys_tables_and_dotted_keys(self) -> None:
        positions = Positions('a = 1\n\n  "b c" = 2\n[help."tls.expired"]\n ru.text = "x"\n[[list]]\nd = 1')
        assert positions.of(("a",)) == (1, 1)
        assert positions.of(("b c",)) == (3, 3)
        assert positions.of(("help",)) == (4, 2)
        assert positions.of(("help", "tls.expired", "ru", "text")) == (5, 2)
        assert positions.of(("list", "d")) == (7, 1)

    def test_a_part_of_an_inline_table_has_the_place_of_its_key(self) -> None:
        assert Positions("x = 1\nhelp = {tls = {url = 1}}").of(("help", "tls", "url")) == (2, 1)

    @pytest.mark.parametrize("quotes", ['"""', "'''"])
    def test_text_that_looks_like_a_key_is_none(self, quotes: str) -> None:
        text = f"""a = {quotes}
b = "no key"
{quotes} # {quotes}
b = 2"""
        assert Positions(text).of(("b",)) == (4, 1)

    def test_escaped_quotation_marks_do_not_end_a_text(self) -> None:
        assert Positions('a = """\n\\"""\nb = 0\n"""\nb = 1').of(("b",)) == (5, 1)

    def test_quotation_marks_may_touch_the_end(self) -> None:
        assert Positions('a = """x"""""\nb = 1').of(("b",)) == (2, 1)

    def test_an_escaped_key_is_found_by_its_real_name(self) -> None:
        assert Positions('x = 1\n"a\\u00e9" = 1').of(("aé",)) == (2, 1)

    def test_what_is_not_found_stands_at_the_beginning(self) -> None:
        assert Positions("").of(("a",)) == (1, 1)
