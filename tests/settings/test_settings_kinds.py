"""Each kind takes what belongs to it, and says in words what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.settings.kinds import (
    Choice,
    FilePath,
    Flag,
    Kind,
    Language,
    Link,
    ListOf,
    MalformedError,
    Number,
    Sections,
    Text,
    nearest,
    shown,
)

WEB = ("https", "http")


def read(kind: Kind, raw: object) -> object:
    """The value, any complaint raised."""

    def refuse(fault: MalformedError) -> None:
        raise fault

    return kind.read(raw, refuse)


def read_text(kind: Kind, text: str) -> object:
    return read(kind, kind.from_text(text))


def test_text_loses_what_would_harm_a_reader() -> None:
    assert read(Text(100), " call\x07 \u202e5555\nnow ") == "call 5555\nnow"


def test_text_is_cut_visibly() -> None:
    assert read(Text(5), "abcdefgh") == "abcde… [+3]"


@pytest.mark.parametrize("word", ["true", "Yes", "ON", "1"])
def test_a_flag_in_words_is_true(word: str) -> None:
    assert read_text(Flag(), word) is True


@pytest.mark.parametrize("word", ["false", "No", "OFF", "0"])
def test_a_flag_in_words_is_false(word: str) -> None:
    assert read_text(Flag(), word) is False


@pytest.mark.parametrize("raw", [1, 0, "true", None, []])
def test_a_flag_in_a_file_is_true_or_false_only(raw: object) -> None:
    with pytest.raises(MalformedError, match="write true or false"):
        read(Flag(), raw)


@pytest.mark.parametrize("text", ["", "3.5", "1_0", "٣", "-1", "9" * 5000, "0x1f"])
def test_a_number_is_written_in_digits(text: str) -> None:
    with pytest.raises(MalformedError, match="a whole number from 1 to 90"):
        read_text(Number(1, 90), text)


@pytest.mark.parametrize("raw", [0, 91, True, 1.0, pytest.param(16**10_000, id="huge")])
def test_a_number_lies_within_its_bounds(raw: object) -> None:
    with pytest.raises(MalformedError, match="a whole number from 1 to 90"):
        read(Number(1, 90), raw)


def test_a_choice_names_the_nearest() -> None:
    with pytest.raises(MalformedError, match=r'is "windwo"; .*did you mean "window"\?'):
        read(Choice("auto", "window"), "windwo")


def test_a_choice_of_a_later_version_is_told_as_such() -> None:
    with pytest.raises(MalformedError, match="not available in this version"):
        read(Choice("auto", not_yet=("browser",)), "browser")


@pytest.mark.parametrize(
    "address",
    ["https://support.example.org/reports", "http://10.0.0.1:8080/r", "https://[::1]:8443/", ""],
)
def test_an_address_of_a_supported_scheme_passes(address: str) -> None:
    assert read(Link(WEB), address) == address


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("onec+https://erp.example/hs", "begins with onec"),
        ("smtp://relay:25/help@example.org", "begins with smtp:"),
        ("file:///share/reports", "begins with file:"),
        ("mailto:help@example.org", "begins with mailto:"),
        (r"\\server\share", "network share"),
        ("//server/share", "network share"),
        ("support.example.org/reports", "no scheme"),
        ("https:///reports", "names no server"),
        ("https://h.example:99999/", "port that does not exist"),
        ("https://h.example:port/", "port that does not exist"),
        ("https://[::1/", "not a valid address"),
        ("https://h.example/\u202egnp.exe", "control characters"),
    ],
)
def test_any_other_destination_is_refused_with_what_is_supported(address: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=reason) as refused:
        read(Link(WEB), address)
    assert refused.value.remedy == "write an address that begins with https:// or http://"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "C:\\x"])
def test_a_link_that_must_not_be_opened_is_refused(link: str) -> None:
    with pytest.raises(MalformedError):
        read(Link(), link)


@pytest.mark.parametrize("link", ["mailto:help@example.org", "tel:+380441234567", "https://h.example/"])
def test_a_link_for_a_person_may_write_and_call(link: str) -> None:
    assert read(Link(), link) == link


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(MalformedError, match="user name or password") as refused:
        read(Link(WEB), "https://reporter:geheim@h.example/")
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("path", ["/.well-known/reporter.json", "https://h.example/x.json"])
def test_a_path_stands_for_an_address_where_it_may(path: str) -> None:
    assert read(Link(WEB, or_path=True), path) == path


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "x.json"])
def test_what_only_looks_like_a_path_is_refused(path: str) -> None:
    with pytest.raises(MalformedError):
        read(Link(WEB, or_path=True), path)


@pytest.mark.parametrize("tag", ["", "en", "ru_RU.UTF-8", "pt-BR", "sr@latin"])
def test_a_language_tag_passes(tag: str) -> None:
    assert read(Language(), tag) == tag


@pytest.mark.parametrize("tag", ["русский", "../../etc", "x", "en us"])
def test_what_is_no_language_tag_is_refused(tag: str) -> None:
    with pytest.raises(MalformedError):
        read(Language(), tag)


def test_a_file_is_named_by_its_complete_path(tmp_path: Path) -> None:
    assert read(FilePath(), str(tmp_path / "x.log")) == str(tmp_path / "x.log")
    assert read(FilePath(), "~/x.log") == "~/x.log"
    for wrong in ("x.log", "/x\0.log", 3):
        with pytest.raises(MalformedError):
            read(FilePath(), wrong)


def test_a_list_in_text_is_separated_by_commas() -> None:
    assert read_text(ListOf(Link(WEB)), " https://a.example/ ,, http://b/ ") == (
        "https://a.example/",
        "http://b/",
    )


def test_a_list_leaves_out_only_what_is_wrong_and_numbers_it() -> None:
    faults: list[MalformedError] = []
    assert ListOf(Choice("a", "b")).read(["a", 5, "b"], faults.append) == ("a", "b")
    assert [fault.item for fault in faults] == [2]


def test_a_single_word_is_not_taken_for_a_list() -> None:
    with pytest.raises(MalformedError):
        read(ListOf(Choice("a", "b")), "a")


class TestSections:
    kind = Sections(("story", "facts"), ("memory", "network"))

    def test_all_facts_under_one_name(self) -> None:
        assert read(self.kind, ["facts"]) == ("facts", "memory", "network")

    def test_one_fact_brings_its_part_with_it(self) -> None:
        assert read(self.kind, ["network"]) == ("facts", "network")

    def test_parts_without_facts(self) -> None:
        assert read(self.kind, ["story"]) == ("story",)


@pytest.mark.parametrize(
    "raw", [None, object(), pytest.param(16**10_000, id="huge"), b"x", {"a": 1}, [1], "x" * 10_000, "\x1b[2J"]
)
def test_any_value_can_be_shown_briefly(raw: object) -> None:
    text = shown(raw)
    assert len(text) < 100
    assert text.isprintable()


def test_the_nearest_name_ignores_case_and_hyphens() -> None:
    assert nearest("Help-Texts", ["help_text", "help_url"]) == "help_text"
    assert nearest("something", ["help_text", "help_url"]) == ""
