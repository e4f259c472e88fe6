"""The help of a database's entry: heard for a login there, below the person and above the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.settings import database_list
from reporter.settings.layers import Layer, Loaded, load
from tests.settings.policy_systems import NO_FILE, Nothing

LIST = """\
[Sales]
Connect=ws="https://erp.example.org/sales";
StartupErrorHelpText=Call 1.
StartupErrorHelpURL=https://help.example.org/1
[Stock]
Connect=Srvr="cluster.example.org";Ref="stock";
StartupErrorHelpText=Call 2.
[Pay]
Connect=Srvr="cluster.example.org";Ref="pay";
StartupErrorHelpText=Call 3.
StartupErrorHelpURL=https://help.example.org/3
[Bad]
Connect=ws="https://bad.example.org/";
StartupErrorHelpURL=javascript:alert(1)
[Own]
Connect=File="/home/anna/base";
StartupErrorHelpText=Call 4.
"""


@pytest.fixture(name="environ")
def _environ(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / ".1C" / "1cestart"
    folder.mkdir(parents=True)
    (folder / "ibases.v8i").write_text(LIST, encoding="utf-8-sig")
    return {**NO_FILE, "HOME": str(tmp_path), "REPORTER_HOME": str(tmp_path / "reporter")}


def loaded(environ: dict[str, str], target: str, **more: object) -> Loaded:
    return load(environ=environ, target=target, policies=Nothing(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "target",
    [
        "infobase:Sales",
        "infobase:sales",
        "https://erp.example.org/sales/",
        "https://ERP.example.org:443/sales",
    ],
)
def test_the_help_of_the_entry_is_heard(environ: dict[str, str], target: str, tmp_path: Path) -> None:
    found = loaded(environ, target)
    assert (found.settings.help_text, found.settings.help_url) == ("Call 1.", "https://help.example.org/1")
    assert found.origins["help_text"].layer is Layer.DATABASE_LIST
    assert found.origins["help_text"].place == "~/.1C/1cestart/ibases.v8i, line 3, column 1"
    assert found.problems == []


@pytest.mark.parametrize(
    "target",
    ["", "infobase:", "infobase:None", "https://erp.example.org/other", "https://[bad", "erp.example.org"],
)
def test_other_targets_hear_nothing(environ: dict[str, str], target: str) -> None:
    assert loaded(environ, target).origins["help_text"].layer is Layer.BUILT_IN


def test_a_file_database_has_a_name_only(environ: dict[str, str]) -> None:
    assert loaded(environ, "infobase:Own").settings.help_text == "Call 4."


def test_what_databases_of_one_address_do_not_agree_about_is_not_used(environ: dict[str, str]) -> None:
    address = "tcp://cluster.example.org:1541"
    found = loaded(environ, address)
    assert (found.settings.help_text, found.settings.help_url) == ("", "https://help.example.org/3")
    assert loaded(environ, "infobase:Stock").settings.help_text == "Call 2."


def test_an_unsafe_link_is_ignored_with_its_place(environ: dict[str, str]) -> None:
    found = loaded(environ, "infobase:Bad")
    assert found.settings.help_url == ""
    assert "ibases.v8i, line 14, column 1: help_url begins with javascript:" in found.problems[0]
    assert found.ignored[0].layer == "list of databases"


def test_the_person_is_heard_before_and_the_server_after(environ: dict[str, str]) -> None:
    published = {"help_text": "server", "help_url": "https://server.example/"}
    mine = {**environ, "REPORTER_HELP_TEXT": "mine"}
    found = loaded(mine, "infobase:Sales", published=published)
    assert (found.settings.help_text, found.settings.help_url) == ("mine", "https://help.example.org/1")
    assert loaded(environ, "infobase:Own", published=published).settings.help_url == "https://server.example/"


def test_nothing_is_loaded_where_there_can_be_no_lists(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert not database_list.has_lists(environ, windows=False)
    assert database_list.has_lists(environ, windows=True)
    (tmp_path / ".1C").mkdir()
    assert database_list.has_lists(environ, windows=False)
