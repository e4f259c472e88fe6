"""The reference number survives a telephone call."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reporter.report import reference


def test_a_minted_reference_is_two_groups_without_lookalikes() -> None:
    for _ in range(500):
        minted = reference.mint()
        first, _, second = minted.partition("-")
        assert (len(first), len(second)) == (4, 5)
        assert not set("ILOU") & set(minted)
        assert reference.parse(minted) == minted


def test_references_do_not_repeat() -> None:
    assert len({reference.mint() for _ in range(5_000)}) == 5_000


def test_what_a_person_writes_down_is_understood() -> None:
    minted = reference.mint()
    assert reference.parse(f" {minted.lower().replace('-', ' ')} ") == minted
    assert reference.parse(minted.replace("0", "O").replace("1", "l")) == minted


@given(st.integers(0, 8), st.sampled_from(reference.ALPHABET))
def test_one_misheard_character_is_noticed(position: int, heard: str) -> None:
    letters = reference.mint().replace("-", "")
    wrong = letters[:position] + heard + letters[position + 1 :]
    assert wrong == letters or reference.parse(wrong) is None


@given(st.text(max_size=20))
def test_anything_else_is_no_reference(text: str) -> None:
    parsed = reference.parse(text)
    assert parsed is None or reference.parse(parsed) == parsed
