"""Who is heard before whom, and that nobody's mistake silences another."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.settings.layers import Layer, load
from reporter.settings.model import TABLE, Settings


@pytest.fixture(autouse=True)
def _no_settings_of_the_tester(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


def written(folder: Path, toml: str) -> dict[str, str]:
    file = folder / "settings.toml"
    file.write_text(toml, encoding="utf-8")
    return {"REPORTER_SETTINGS": str(file)}


def test_with_nothing_said_everything_is_built_in() -> None:
    loaded = load(environ={})
    assert loaded.settings == Settings()
    assert loaded.problems == []
    assert {origin.layer for origin in loaded.origins.values()} == {Layer.BUILT_IN}
    assert set(loaded.origins) == {row.name for row in TABLE}


def test_the_order_of_the_layers_is_the_order_of_the_design() -> None:
    assert [layer.name for layer in Layer] == [
        "MACHINE_POLICY",
        "USER_POLICY",
        "COMMAND_LINE",
        "ENVIRONMENT",
        "USER_SETTINGS",
        "DATABASE_LIST",
        "PUBLISHED",
        "RECOMMENDED_POLICY",
        "INSTALLER",
        "BUILT_IN",
    ]


def test_each_layer_is_overruled_by_the_one_above(tmp_path: Path) -> None:
    said: dict[str, str] = {}
    found = [load(environ=said, published={"help_text": "server"})]
    said |= written(tmp_path, 'help_text = "file"')
    found.append(load(environ=said, published={"help_text": "server"}))
    said["REPORTER_HELP_TEXT"] = "environment"
    found.append(load(environ=said, published={"help_text": "server"}))
    found.append(load(environ=said, command_line={"help_text": "option"}, published={"help_text": "server"}))
    assert [loaded.settings.help_text for loaded in found] == ["server", "file", "environment", "option"]
    assert [loaded.origins["help_text"].layer for loaded in found] == [
        Layer.PUBLISHED,
        Layer.USER_SETTINGS,
        Layer.ENVIRONMENT,
        Layer.COMMAND_LINE,
    ]


def test_an_origin_names_its_place(tmp_path: Path) -> None:
    environ = written(tmp_path, '# comment\n  language = "ru"\n') | {"REPORTER_FACE": "none"}
    loaded = load(environ=environ, command_line={"help_text": "x"})
    assert loaded.origins["language"].place == f"{tmp_path / 'settings.toml'}, line 2, column 3"
    assert str(loaded.origins["face"]) == "environment, the variable REPORTER_FACE"
    assert str(loaded.origins["help_text"]) == "command line, the option --help-text"
    assert str(loaded.origins["endpoint"]) == "built-in"


def test_an_option_that_was_not_given_and_an_empty_variable_say_nothing() -> None:
    loaded = load(environ={"REPORTER_LANGUAGE": ""}, command_line={"face": None})
    assert loaded == load(environ={})


def test_options_may_be_text_or_values() -> None:
    loaded = load(
        environ={},
        command_line={
            "include_user_name": "yes",
            "retention_days": 5,
            "destinations": ("https://a.example/",),
        },
    )
    assert loaded.problems == []
    assert (loaded.settings.include_user_name, loaded.settings.retention_days) == (True, 5)
    assert loaded.settings.destinations == ("https://a.example/",)


def test_all_problems_are_told_at_once_and_the_rest_works(tmp_path: Path) -> None:
    environ = written(
        tmp_path,
        'endpont = "https://a.example/"\nface = "browser"\nlanguage = "ru"\nretention_days = "x"\n',
    )
    environ |= {"REPORTER_SPOOL_LIMIT_MB": "lots", "REPORTER_HELPTEXT": "x", "REPORTER_HELP_TEXT": "kept"}
    loaded = load(environ=environ, command_line={"endpiont": "x", "appearance": "pink"})
    assert (loaded.settings.language, loaded.settings.help_text) == ("ru", "kept")
    file = tmp_path / "settings.toml"
    assert loaded.problems == [
        "In the option --endpiont: there is no setting endpiont (did you mean endpoint?);"
        " correct it or remove it.",
        'In the option --appearance: appearance is "pink", so it is ignored; write auto, light or dark.',
        'In the variable REPORTER_SPOOL_LIMIT_MB: spool_limit_mb is "lots", so it is ignored;'
        " write a whole number from 1 to 100000.",
        "In the environment: the variable REPORTER_HELPTEXT belongs to no setting"
        " (did you mean REPORTER_HELP_TEXT?); correct its name or remove it.",
        f"In {file}, line 1, column 1: there is no setting endpont (did you mean endpoint?);"
        " correct it or remove it.",
        f'In {file}, line 2, column 1: face is "browser", which is not available in this version,'
        " so it is ignored; write auto, window, terminal or none.",
        f'In {file}, line 4, column 1: retention_days is "x", so it is ignored;'
        " write a whole number from 1 to 3650.",
    ]


def test_variables_of_other_programs_are_left_alone() -> None:
    assert load(environ={"REPORTER_ZEBRA": "1", "REPORTER_HOME": "/x", "ENDPONT": "x"}).problems == []


def test_a_malformed_value_leaves_the_word_to_the_layer_below(tmp_path: Path) -> None:
    environ = written(tmp_path, "retention_days = 7") | {"REPORTER_RETENTION_DAYS": "soon"}
    assert load(environ=environ).settings.retention_days == 7


@pytest.mark.parametrize(
    ("line", "name", "closed"),
    [
        ('submission = "atuo"', "submission", "off"),
        ("submission = true", "submission", "off"),
        ('include_user_name = "yes"', "include_user_name", False),
        ("include_host_name = 1", "include_host_name", False),
        ("include_screenshot = 2026-01-01", "include_screenshot", False),
        ('allowed_sections = "memory"', "allowed_sections", ()),
        ('allowed_sections = ["memory", "netwrk"]', "allowed_sections", ()),
    ],
)
def test_malformed_means_closed_where_privacy_is_concerned(
    tmp_path: Path, line: str, name: str, closed: object
) -> None:
    loaded = load(environ=written(tmp_path, line))
    assert getattr(loaded.settings, name) == closed
    assert len(loaded.problems) == 1
    assert "the closed choice applies" in loaded.problems[0]


def test_a_malformed_word_closes_what_a_lower_layer_opened(tmp_path: Path) -> None:
    environ = written(tmp_path, 'submission = "auto"') | {"REPORTER_SUBMISSION": "sure"}
    assert load(environ=environ).settings.submission == "off"
    assert load(environ=environ, command_line={"submission": "ask"}).settings.submission == "ask"


def test_endpoint_and_destinations_exclude_each_other(tmp_path: Path) -> None:
    environ = written(tmp_path, 'destinations = ["https://list.example/"]\nendpoint = "https://one.example/"')
    assert load(environ=environ).settings.destinations_in_order() == ("https://list.example/",)
    environ["REPORTER_ENDPOINT"] = "https://env.example/"
    loaded = load(environ=environ)
    assert loaded.settings.destinations_in_order() == ("https://env.example/",)
    assert loaded.origins["destinations"].layer is Layer.BUILT_IN


def test_a_server_cannot_decide_what_is_sent() -> None:
    loaded = load(environ={}, published={"submission": "auto", "endpoint": "https://evil.example/"})
    assert loaded.settings == Settings()
    assert len(loaded.problems) == 2


def test_a_published_link_is_checked_like_any_other() -> None:
    loaded = load(environ={}, published={"help_url": "javascript:alert(1)", "help_text": ["no", "text"]})
    assert loaded.settings == Settings()
    assert len(loaded.problems) == 2


def test_rows_tell_value_and_origin_of_every_setting() -> None:
    rows = load(environ={"REPORTER_DESTINATIONS": "https://a.example/,http://b/"}).rows()
    assert [row["name"] for row in rows] == [row.name for row in TABLE]
    assert {
        "name": "destinations",
        "value": "https://a.example/, http://b/",
        "origin": "environment, the variable REPORTER_DESTINATIONS",
        "layer": "environment",
        "place": "the variable REPORTER_DESTINATIONS",
        "locked": False,
    } in rows
