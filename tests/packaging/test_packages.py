"""The command that makes all packages: what it makes of which words, and what it says of wrong ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import packages
from packages import ARTEFACTS, FROZEN, Artefact, main, make_all, wanted
from release.checksums import SUMS
from release.errors import PackagingError
from release.identity import OWN_BRAND, identify
from release.order import Order
from release.source import Source


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(
        identity=identify(OWN_BRAND),
        source=Source(version="1.2.3", epoch_s=1_700_000_000),
        out=tmp_path / "dist",
    )


def names(chosen: list[Artefact]) -> list[str]:
    return [one.name for one in chosen]


def test_every_builder_is_where_the_table_says() -> None:
    from importlib import import_module

    for one in ARTEFACTS.values():
        module, function = one.builder.split(":")
        assert callable(getattr(import_module(module), function)), one.name


def test_without_a_name_everything_of_this_system_is_made_and_the_sums_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    chosen = names(wanted([], None, None))
    assert {"wheel", FROZEN, "deb", "rpm", "policies", "sbom"} < set(chosen)
    assert not {"pkg", "msi", "winget"} & set(chosen)
    assert chosen[-1] == "checksums"
    windows = Path("frozen-on-windows")
    assert "msi" in names(wanted([], None, windows))
    assert "winget" not in names(wanted([], None, windows))
    assert "winget" in names(wanted([], None, windows, "https://example.org/reporter.msi"))
    monkeypatch.setattr(sys, "platform", "darwin")
    assert {"pkg", FROZEN} < set(names(wanted([], None, None)))


def test_a_program_that_was_frozen_before_is_not_frozen_again() -> None:
    assert FROZEN not in names(wanted([], Path("frozen"), None))
    assert names(wanted(["deb"], Path("frozen"), None)) == ["deb"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("deb", "name frozen too, or give it with --payload"),
        ("msi", "give it with --windows-payload"),
        ("pkg", "is made on macOS, and this is Linux"),
    ],
)
def test_what_cannot_be_made_is_a_sentence(
    name: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert main([name, "--out", str(tmp_path / "dist"), "--allow-changes"]) == 1
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not (tmp_path / "dist").exists()


def test_an_artefact_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["dbe"])
    assert "no artefact dbe; there are wheel, frozen" in capsys.readouterr().err


def test_a_brand_that_lacks_a_field_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brand = tmp_path / "brand.toml"
    brand.write_text('product = "Login Help"\nbundle_id = "org.example.help"\n', encoding="utf-8")
    assert main(["policies", "--brand", str(brand), "--out", str(tmp_path / "dist"), "--allow-changes"]) == 1
    assert "add vendor, maintainer" in capsys.readouterr().err
    assert not (tmp_path / "dist").exists()


def test_one_that_fails_keeps_those_that_need_it_and_no_others_from_being_made(
    order: Order, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(one: Artefact, given: Order) -> list[Path]:
        if one.name == FROZEN:
            raise PackagingError("wixl is missing.")
        given.out.mkdir(exist_ok=True)
        (given.out / one.name).write_text("made")
        return [given.out / one.name]

    monkeypatch.setattr(packages.Artefact, "make", make)
    problems = make_all([ARTEFACTS[name] for name in ("wheel", FROZEN, "deb", "policies")], order, None)
    assert len(problems) == 2
    assert problems[0] == "frozen: wixl is missing."
    assert problems[1].startswith("deb: there is no frozen program")
    assert sorted(path.name for path in order.out.iterdir()) == ["policies", "wheel"]
    assert "wheel" in capsys.readouterr().out


def test_the_frozen_program_is_what_the_others_pack(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Path | None] = {}

    def make(one: Artefact, given: Order) -> list[Path]:
        seen[one.name] = given.payload
        folder = given.out / one.name
        folder.mkdir(parents=True)
        return [folder]

    monkeypatch.setattr(packages.Artefact, "make", make)
    windows = Path("frozen-on-windows")
    assert not make_all([ARTEFACTS[name] for name in (FROZEN, "deb", "msi")], order, windows)
    assert seen == {FROZEN: None, "deb": order.out / FROZEN, "msi": windows}


def test_old_sums_do_not_outlive_a_new_build(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.Artefact, "make", lambda one, given: [])
    order.out.mkdir()
    sums = order.out / SUMS
    sums.write_text("of something else")
    assert main(["policies", "--out", str(order.out), "--allow-changes"]) == 0
    assert not sums.exists()
