"""Whatever is written into a settings file or a variable: read exactly, or told; never raised."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.settings.environment import variable
from reporter.settings.layers import Layer, Loaded, load
from reporter.settings.model import BY_NAME, FACT_SECTIONS, REPORT_PARTS
from reporter.settings.positions import Positions
from reporter.texts.safe import one_line
from tests.settings.policy_systems import NO_FILE, Nothing
from tests.settings.values import check, said

printable = st.characters(exclude_categories=("C", "Z"))
words = st.text(printable, min_size=1, max_size=40)
addresses = st.builds(
    "{}://{}.example/{}".format,
    st.sampled_from(["https", "http"]),
    st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    st.from_regex(r"[a-z0-9/]{0,12}", fullmatch=True),
)
valid = st.fixed_dictionaries(
    {},
    optional={
        "help_text": words,
        "help_url": addresses,
        "endpoint": addresses,
        "submission": st.sampled_from(["ask", "auto", "off"]),
        "include_user_name": st.booleans(),
        "control_urls": st.lists(addresses, max_size=3),
        "allowed_sections": st.just([*REPORT_PARTS, *FACT_SECTIONS]),
        "face": st.sampled_from(["auto", "window", "terminal", "none"]),
        "retention_days": st.integers(1, 3650),
    },
)
keys = st.text(printable | st.sampled_from('."\\ ='), min_size=1, max_size=8)


@pytest.fixture(scope="module", name="file")
def _file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "settings.toml"


def read(file: Path) -> Loaded:
    return load(environ={"REPORTER_SETTINGS": str(file)})


def toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # of these values TOML is written like JSON


@given(said=valid)
def test_what_is_written_is_what_is_read(file: Path, said: dict[str, object]) -> None:
    file.write_text("".join(f"{name} = {toml(value)}\n" for name, value in said.items()), encoding="utf-8")
    loaded = read(file)
    assert loaded.problems == []
    for name, value in said.items():
        assert getattr(loaded.settings, name) == (tuple(value) if isinstance(value, list) else value)
    for number, name in enumerate(said, 1):
        assert loaded.origins[name].place.endswith(f"line {number}, column 1")


@given(
    content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
)
def test_no_file_makes_it_raise(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for problem in read(file).problems:
        assert one_line(problem, 100_000) == problem


@given(
    name=st.sampled_from(sorted(BY_NAME)) | keys,
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
        max_leaves=8,
    ),
)
def test_no_option_makes_it_raise(name: str, value: object) -> None:
    for problem in load(environ={}, command_line={name: value}).problems:
        assert one_line(problem, 100_000) == problem
        assert problem.startswith("In ")


@given(name=st.sampled_from(sorted(BY_NAME)), text=st.text(st.characters(), max_size=60))
def test_no_variable_makes_it_raise(name: str, text: str) -> None:
    for problem in load(environ={variable(name): text}).problems:
        assert one_line(problem, 100_000) == problem


@given(path=st.lists(keys, min_size=1, max_size=3, unique=True), before=st.integers(0, 5))
def test_a_key_is_found_where_it_stands(path: list[str], before: int) -> None:
    text = "# x = 1\n" * before + ".".join(toml(key) for key in path) + " = 1"
    assert Positions(text).of(tuple(path)) == (before + 1, 1)


@given(values=said)
def test_what_stands_in_variables_is_what_is_read(values: dict[str, object]) -> None:
    environ = {variable(name): text(value) for name, value in values.items()}
    loaded = load(environ={**NO_FILE, **environ}, policies=Nothing())
    # An empty list cannot be told from a variable that is not set.
    check(loaded, {name: value for name, value in values.items() if text(value)}, Layer.ENVIRONMENT)


@given(values=said)
def test_what_is_given_as_an_option_is_what_is_read(values: dict[str, object]) -> None:
    options = {name: text(value) for name, value in values.items()}
    check(load(environ=NO_FILE, command_line=options, policies=Nothing()), values, Layer.COMMAND_LINE)


@given(values=said)
def test_every_setting_in_a_file_is_what_is_read(file: Path, values: dict[str, object]) -> None:
    plain = {name: value for name, value in values.items() if name != "help"}
    lines = [f"{name} = {toml(value)}" for name, value in plain.items()]
    helps = values.get("help", {})
    assert isinstance(helps, dict)
    for cause, members in helps.items():
        lines += [f"[help.{toml(cause)}]", *(f"{name} = {toml(value)}" for name, value in members.items())]
    file.write_text("\n".join(lines), encoding="utf-8")
    check(read(file), plain | ({"help": helps} if helps else {}), Layer.USER_SETTINGS)


def text(value: object) -> str:
    """A value as a variable or an option holds it."""
    if isinstance(value, list):
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value)
