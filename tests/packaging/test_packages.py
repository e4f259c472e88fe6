"""The command that makes all packages: what it makes of which words, and what it says of wrong ones."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import packages
from packages import ARTEFACTS, FROZEN, Artefact, alone, main, make_all, wanted
from release.errors import PackagingError
from release.order import Order
from release.workshop import MAKING
from signing.sums import SUMS
from tests.packaging import release_orders


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return release_orders.order(tmp_path / "dist")


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


def test_a_system_that_nothing_is_made_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "freebsd14")
    with pytest.raises(
        PackagingError, match="Packages are made on Linux, Windows, macOS, and this is freebsd14"
    ):
        wanted([], None, None)


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
    captured = capsys.readouterr()
    assert "wheel" in captured.out
    assert captured.err.splitlines() == problems


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


def test_a_given_program_is_tried_before_it_is_packed(ordered: Order) -> None:
    assert ordered.payload is not None
    packages.try_payload(ordered)
    (ordered.payload / "login-help").write_bytes(b"\x7fELF")
    with pytest.raises(PackagingError, match="The frozen program cannot be started"):
        packages.try_payload(ordered)


def test_two_builds_do_not_write_to_one_folder(
    order: Order, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages.Artefact, "make", lambda one, given: [])
    words = ["policies", "--out", str(order.out), "--allow-changes"]
    with alone(order.out):
        assert main(words) == 1
        assert f"Another build writes to {order.out}; wait for it" in capsys.readouterr().err
        assert main([*words[:2], f"{order.out}-other", *words[3:]]) == 0
    assert main(words) == 0


@pytest.mark.parametrize("given", ["--payload", "--windows-payload"])
def test_what_is_made_does_not_lie_in_what_it_is_made_of(
    given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = tmp_path / "frozen"
    payload.mkdir()
    for out in (payload, payload / "dist"):
        assert main(["policies", given, str(payload), "--out", str(out), "--allow-changes"]) == 1
        assert f"{out} lies in the frozen program {payload}" in capsys.readouterr().err
    assert not list(payload.iterdir())


def test_the_checkout_is_no_folder_for_packages(capsys: pytest.CaptureFixture[str]) -> None:
    for out in (packages.ROOT, packages.ROOT.parent):
        with alone(out):  # stops it before it makes anything, should it not be refused
            assert main(["policies", "--out", str(out), "--allow-changes"]) == 1
        assert f"{out} holds this checkout" in capsys.readouterr().err


def test_a_file_is_no_folder_for_packages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dist"
    file.write_text("kept")
    for out in (file, file / "below"):
        assert main(["policies", "--out", str(out), "--allow-changes"]) == 1
        assert capsys.readouterr().err.startswith(f"{out} cannot be written to: ")
    assert file.read_text() == "kept"


def test_a_link_that_leads_round_is_no_folder_for_packages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "round").symlink_to("round")
    assert main(["policies", "--out", str(tmp_path / "round"), "--allow-changes"]) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'round'} cannot be written to: ")


def test_a_python_that_cannot_build_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", packages.__file__, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "lacks what makes packages; run packaging/develop packages" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_a_sentence(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def make(one: Artefact, given: Order) -> list[Path]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packages.Artefact, "make", make)
    assert make_all([ARTEFACTS["policies"]], order, None) == [
        f"policies: {order.out} cannot be used: No space left on device; correct this and try again."
    ]


# A build whose one artefact is never finished: its tool says that it runs, through a pipe, and stays.
ENDLESS = """\
import runpy, sys
import release.policies, release.workshop

program, pipe, out = sys.argv[1:]

def make(order):
    with release.workshop.workshop(order.out) as folder:
        (folder / "half").touch()
        release.workshop.run(["sh", "-c", 'exec >"$0"; echo ready; sleep 60', pipe])

release.policies.policies = make
sys.argv = [program, "policies", "--allow-changes", "--out", out]
runpy.run_path(program, run_name="__main__")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes are not asked to end there")
@pytest.mark.parametrize("asked", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_build_that_is_stopped_leaves_nothing_by_half(tmp_path: Path, asked: str) -> None:
    out, pipe = tmp_path / "dist", tmp_path / "pipe"
    os.mkfifo(pipe)
    started = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, packages.__file__, pipe, out],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with pipe.open() as told:
            assert told.readline() == "ready\n"
            started.send_signal(getattr(signal, asked))
            assert told.read() == ""  # the tool has ended too
        _, said = started.communicate(timeout=60)
    finally:
        started.kill()
    assert started.returncode == 1
    assert said == f"Stopped; what was finished before lies in {out}, nothing else.\n"
    assert list(out.iterdir()) == []


def test_old_sums_and_what_a_killed_build_left_do_not_outlive_a_new_one(
    order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages.Artefact, "make", lambda one, given: [])
    (order.out / f"{MAKING}x").mkdir(parents=True)
    for name in (SUMS, f"{SUMS}.asc", "kept.deb"):
        (order.out / name).write_text("of something else")
    assert main(["policies", "--out", str(order.out), "--allow-changes"]) == 0
    assert [path.name for path in order.out.iterdir()] == ["kept.deb"]
