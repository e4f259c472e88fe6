"""The table defines every setting once, and its rows agree with themselves."""

from __future__ import annotations

import msgspec
import pytest

from reporter.settings.kinds import MalformedError
from reporter.settings.model import BY_NAME, TABLE, Setting, Settings


def refuse(fault: MalformedError) -> None:
    raise fault


def test_the_rows_are_the_attributes() -> None:
    assert tuple(row.name for row in TABLE) == Settings.__struct_fields__
    assert set(BY_NAME) == set(Settings.__struct_fields__)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_default_is_a_value_of_its_kind(row: Setting) -> None:
    assert row.kind.read(row.default, refuse) == row.default
    assert row.default == getattr(Settings(), row.name)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_setting_is_explained(row: Setting) -> None:
    assert row.name == row.name.lower()
    assert row.help.endswith(".")
    assert row.kind.description


def test_what_may_leave_this_computer_has_a_closed_choice() -> None:
    closed = {row.name: row.closed for row in TABLE if row.is_private}
    assert closed == {
        "submission": "off",
        "include_user_name": False,
        "include_host_name": False,
        "include_screenshot": False,
        "allowed_sections": (),
        "include_server_names": False,
    }


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(AttributeError):
        Settings().endpoint = "https://elsewhere.example/"  # type: ignore[misc]


def test_settings_travel_as_json() -> None:
    settings = Settings(endpoint="https://support.example/reports", retention_days=7)
    assert msgspec.json.decode(msgspec.json.encode(settings), type=Settings) == settings


class TestDestinationsInOrder:
    def test_the_endpoint_is_the_only_one(self) -> None:
        assert Settings(endpoint="https://a.example/").destinations_in_order() == ("https://a.example/",)

    def test_a_list_keeps_its_order(self) -> None:
        both = ("https://b.example/", "http://a.intranet/")
        assert Settings(destinations=both).destinations_in_order() == both

    def test_without_either_there_is_none(self) -> None:
        assert Settings().destinations_in_order() == ()
