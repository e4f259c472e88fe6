"""Names of a program come from its brand alone, and two programs share none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from release.errors import PackagingError
from release.identity import OWN_BRAND, identify
from tests.packaging.release_orders import OTHER_BRAND


def branded(folder: Path, text: str) -> Path:
    path = folder / "brand.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_our_own_brand_is_whole() -> None:
    own = identify(OWN_BRAND)
    assert (own.product, own.command, own.linux_folder) == ("Reporter", "reporter", "/opt/reporter/reporter")
    assert own.keys.command == own.command


def test_another_brand_shares_nothing_with_ours(tmp_path: Path) -> None:
    own, other = identify(OWN_BRAND), identify(branded(tmp_path, OTHER_BRAND))
    assert other.linux_folder.startswith("/opt/")
    assert other.help_url == "https://hilfe.mueller.example/"
    for name in ("product", "vendor", "bundle_id", "command", "linux_folder", "keys"):
        assert getattr(own, name) != getattr(other, name), name
    assert own.uuid("product") != other.uuid("product")


def test_an_identifier_stays_the_same_from_build_to_build(tmp_path: Path) -> None:
    path = branded(tmp_path, OTHER_BRAND)
    assert identify(path).uuid("upgrade") == identify(path).uuid("upgrade")
    assert identify(path).uuid("upgrade") != identify(path).uuid("product")


@pytest.mark.parametrize("key", ["product", "vendor", "bundle_id", "maintainer"])
def test_what_a_package_cannot_do_without_is_asked_for(tmp_path: Path, key: str) -> None:
    lines = [line for line in OTHER_BRAND.splitlines() if not line.startswith(key)]
    path = branded(tmp_path, "\n".join(lines))
    with pytest.raises(PackagingError) as refused:
        identify(path)
    assert str(refused.value).startswith(f"{path} lacks what a package needs: add ")
    assert key in str(refused.value).removeprefix(str(path))


def test_everything_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"add .*bundle_id, maintainer"):
        identify(branded(tmp_path, 'product = "Hilfe"\nvendor = "Hilfe AG"\n'))


def test_a_product_of_other_letters_needs_a_command(tmp_path: Path) -> None:
    text = OTHER_BRAND.replace('command = "anmeldehilfe"\n', "").replace("Anmeldehilfe", "Помощь")
    with pytest.raises(PackagingError, match="add one in small Latin letters"):
        identify(branded(tmp_path, text))


@pytest.mark.parametrize(
    ("maintainer", "sentence"),
    [
        (r"IT\nDepends: other <it@mueller.example>", "write Name <mail address>"),
        ("IT of $HOME <it@mueller.example>", r"on one line and without \$"),
    ],
)
def test_a_maintainer_that_would_be_more_than_a_name_is_refused(
    tmp_path: Path, maintainer: str, sentence: str
) -> None:
    text = OTHER_BRAND.replace("IT <it@mueller.example>", maintainer)
    with pytest.raises(PackagingError, match=f"maintainer .*{sentence}"):
        identify(branded(tmp_path, text))


@pytest.mark.parametrize("name", ["Recommended", "recommended"])
def test_a_product_called_as_a_part_of_every_policy_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PackagingError, match=rf"'{name}', as policies call .* choose another name"):
        identify(branded(tmp_path, OTHER_BRAND.replace("Anmeldehilfe", name)))


def test_a_malformed_brand_is_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"line 3.*bundle_id"):
        identify(branded(tmp_path, OTHER_BRAND.replace("de.mueller.anmeldehilfe", "no bundle")))


def test_a_brand_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match="nowhere"):
        identify(tmp_path / "nowhere.toml")
