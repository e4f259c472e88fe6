"""The administrator's help: the most specific wins, and one bad part leaves the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.settings.help import Help
from reporter.settings.layers import Loaded, load

HELP = """
help_text = "Call 5555."
help_url = "https://help.example/"

[help."tls"]
text = "Something with certificates."
ru.text = "Что-то с сертификатами."

[help."tls.expired"]
text = "It is being renewed."
[help."tls.expired".ru]
url = "https://help.example/ru/expired"
[help."http".pt_BR]
text = "Brasil"
"""


def loaded(folder: Path, toml: str) -> Loaded:
    file = folder / "settings.toml"
    file.write_text(toml, encoding="utf-8")
    return load(environ={"REPORTER_SETTINGS": str(file)})


def test_cause_and_language_before_cause_before_layer_before_general(tmp_path: Path) -> None:
    result = loaded(tmp_path, HELP)
    assert result.problems == []
    help_for = result.settings.help_for
    assert help_for("tls.expired", "tls", "ru_RU.UTF-8") == Help(
        "It is being renewed.", "https://help.example/ru/expired"
    )
    assert help_for("tls.expired", "tls", "en") == Help("It is being renewed.", "https://help.example/")
    assert help_for("tls.wrong_name", "tls", "ru") == Help("Что-то с сертификатами.", "https://help.example/")
    assert help_for("tls.wrong_name", "tls", "en").text == "Something with certificates."
    assert help_for("dns.not_found", "dns", "ru") == Help("Call 5555.", "https://help.example/")
    assert help_for("", "", "") == Help("Call 5555.", "https://help.example/")


def test_a_regional_language_is_met_exactly(tmp_path: Path) -> None:
    settings = loaded(tmp_path, HELP).settings
    assert settings.help_for("http.forbidden", "http", "pt-br").text == "Brasil"
    assert settings.help_for("http.forbidden", "http", "pt").text == "Call 5555."


def test_every_bad_part_is_told_and_the_good_ones_stay(tmp_path: Path) -> None:
    result = loaded(
        tmp_path,
        """
[help.tls]
text = "good"
url = "javascript:alert(1)"
colour = "red"
ru = 5
de = {text = 3, other = 1}
[help.tsl]
text = "x"
[help.dns.not_found]
text = "x"
""",
    )
    assert result.settings.help_for("tls.expired", "tls", "de").text == "good"
    problems = "\n".join(result.problems)
    assert len(result.problems) == 7
    assert "help.tls.url begins with javascript:" in problems
    assert "help.tls.colour is neither text nor url nor a language" in problems
    assert "help.tsl is not the name of a cause or a layer, so it is ignored; write" in problems
    assert '(did you mean "tls"?)' in problems
    assert 'in quotation marks: [help."dns.not_found"]' in problems
    assert "line 4, column 1: help.tls.url" in problems


def test_the_environment_writes_it_as_json() -> None:
    given = load(environ={"REPORTER_SETTINGS": "", "REPORTER_HELP": '{"tls": {"ru": {"text": "Привет"}}}'})
    assert given.settings.help_for("tls.expired", "tls", "ru").text == "Привет"


def test_broken_json_is_one_sentence() -> None:
    given = load(environ={"REPORTER_HELP": "[" * 100_000})
    assert len(given.problems) == 1
    assert "In the variable REPORTER_HELP: help is not valid JSON" in given.problems[0]


@pytest.mark.parametrize(
    "cause",
    ["dns.not_found", "dns.bad_name", "dns.vpn_off", "tls.not_tls", "tcp.no_answer", "app.mfa_required"],
)
def test_a_cause_without_quotation_marks_does_not_pass_for_a_language(tmp_path: Path, cause: str) -> None:
    [problem] = loaded(tmp_path, f'[help.{cause}]\ntext = "x"').problems
    assert f'[help."{cause}"]' in problem
