"""Policies of any system: which is chosen, what happens when it breaks, and that nothing is lost."""

from __future__ import annotations

import json
import os
import plistlib
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.settings.layers import Layer, Loaded, load
from reporter.settings.model import BY_NAME, TABLE
from reporter.settings.names import pascal_case, snake_case
from reporter.settings.policy import Policies, read, select
from reporter.settings.policy.linux import LinuxPolicies
from reporter.settings.policy.macos import RECOMMENDED, MacPolicies
from reporter.settings.policy.trusted import Trust
from reporter.settings.policy.windows import WindowsPolicies
from reporter.settings.source import Said
from reporter.texts.safe import one_line
from tests.settings.policy_systems import NO_FILE, FakeFoundation, FakeWinreg, LinuxRoot
from tests.settings.values import check, said

POLICIES = r"Software\Policies\Reporter\Reporter"


class Broken(Policies):
    """Policies that nobody can read."""

    def read(self) -> dict[Layer, Said]:
        raise RuntimeError("no such thing")


def test_policies_that_cannot_be_read_close_privacy_and_nothing_else() -> None:
    loaded = load(environ={**NO_FILE, "REPORTER_SUBMISSION": "auto"}, policies=Broken())
    assert loaded.settings.submission == "off"
    assert loaded.is_locked("submission")
    assert not loaded.is_locked("help_text")
    assert "the policies of this computer: they cannot be read (RuntimeError)" in loaded.problems[0]


def test_every_system_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "winreg", types.ModuleType("winreg"))
    assert isinstance(select("win32"), WindowsPolicies)
    assert isinstance(select("linux"), LinuxPolicies)
    assert isinstance(select("freebsd14"), LinuxPolicies)


def test_a_system_whose_parts_are_missing_closes_privacy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reporter.settings.policy.sys.platform", "win32")
    monkeypatch.setattr("reporter.settings.policy.select", lambda: select("win32"))
    monkeypatch.setitem(sys.modules, "winreg", None)
    assert list(read()[Layer.MACHINE_POLICY].values) == [row.name for row in TABLE if row.is_private]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_name_has_one_spelling_in_the_registry(name: str) -> None:
    assert snake_case(pascal_case(name)) == name


def test_names_differ_without_letter_case() -> None:
    assert len({pascal_case(name).casefold() for name in BY_NAME}) == len(BY_NAME)


# Round trips

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(sorted(BY_NAME)) | st.text(max_size=12)


@pytest.fixture(scope="module", name="root")
def _root() -> Iterator[LinuxRoot]:
    with tempfile.TemporaryDirectory() as folder:
        yield LinuxRoot(Path(folder) / "root")


def check_bounds(loaded: Loaded) -> None:
    for problem in loaded.problems:
        assert one_line(problem, 100_000) == problem
        assert problem.startswith("In ")


@given(values=said)
def test_what_is_written_as_json_is_what_is_read(root: LinuxRoot, values: dict[str, object]) -> None:
    root.write(json.dumps(values))
    check(root.load(), values, Layer.MACHINE_POLICY)


@given(values=said)
def test_what_is_written_into_the_registry_is_what_is_read(values: dict[str, object]) -> None:
    winreg = FakeWinreg()
    for name, value in values.items():
        raw = json.dumps(value) if isinstance(value, dict) else value
        winreg.write_raw("HKLM", POLICIES, pascal_case(name), raw)
    loaded = load(environ=NO_FILE, policies=WindowsPolicies(winreg=winreg))
    check(loaded, values, Layer.MACHINE_POLICY)


@given(values=said)
def test_what_a_profile_forces_is_what_is_read(root: LinuxRoot, values: dict[str, object]) -> None:
    policies = MacPolicies(foundation=FakeFoundation(values), trust=Trust(root.top, os.getuid()), user="x")
    check(load(environ=NO_FILE, policies=policies), values, Layer.MACHINE_POLICY)


@given(values=said)
def test_what_stands_in_a_property_list_is_what_is_read(root: LinuxRoot, values: dict[str, object]) -> None:
    path = root.top / RECOMMENDED / "org.reporter.agent.plist"
    for folder in reversed(path.parents[:2]):
        folder.mkdir(mode=0o755, exist_ok=True)
    path.write_bytes(plistlib.dumps(values))
    path.chmod(0o644)
    policies = MacPolicies(foundation=FakeFoundation({}), trust=Trust(root.top, os.getuid()), user="x")
    check(load(environ=NO_FILE, policies=policies), values, Layer.RECOMMENDED_POLICY)


@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_no_file_makes_it_raise(root: LinuxRoot, content: bytes) -> None:
    root.write(content)
    check_bounds(root.load())


@given(values=st.dictionaries(names, anything, max_size=4))
def test_no_json_makes_it_raise(root: LinuxRoot, values: dict[str, object]) -> None:
    root.write(json.dumps(values))
    check_bounds(root.load())


@given(
    values=st.lists(
        st.tuples(names.map(pascal_case) | names, anything | st.binary(max_size=9), st.integers(0, 12)),
        max_size=4,
    ),
    below=st.booleans(),
)
def test_no_registry_makes_it_raise(values: list[tuple[str, object, int]], below: bool) -> None:
    winreg = FakeWinreg()
    for name, data, kind in values:
        path = rf"{POLICIES}\{name}" if below else POLICIES
        winreg.write("HKLM", path, "1" if below else name, data, kind)
    check_bounds(load(environ=NO_FILE, policies=WindowsPolicies(winreg=winreg)))
