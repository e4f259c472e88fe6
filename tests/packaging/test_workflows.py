"""The files for GitHub Actions are well formed, name what there is, and ask for no more than they need."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from catalogues import ROOT
from tests.packaging.apple import Tools

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = {"actions/checkout", "actions/setup-python", "actions/upload-artifact", "actions/download-artifact"}
NAMES = [path.name for path in WORKFLOWS]


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(GITHUB / "workflows" / name)
    return found


def steps(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for job_name, job in read(name)["jobs"].items():
        for step in job["steps"]:
            yield job_name, step


def commands(name: str) -> Iterator[str]:
    """Every line of the steps that shells run, what is continued as one."""
    for _, step in steps(name):
        for line in str(step.get("run", "")).replace("\\\n", " ").splitlines():
            yield line.strip()


def test_there_are_workflows_for_tests_and_packages() -> None:
    assert NAMES == ["packages.yml", "tests.yml"]


def test_they_are_what_github_takes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_only_actions_of_github_are_used(name: str) -> None:
    used = [str(step["uses"]) for _, step in steps(name) if "uses" in step]
    assert used
    for one in used:
        action, _, version = one.partition("@")
        assert action in ACTIONS
        assert re.fullmatch(r"v\d+", version)


@pytest.mark.parametrize("name", NAMES)
def test_they_may_read_the_sources_and_nothing_else(name: str) -> None:
    workflow = read(name)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert "permissions" not in job
        assert job["timeout-minutes"] <= 180
    for _, step in steps(name):
        if str(step.get("uses", "")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_secrets_are_given_to_single_steps_of_releases_alone() -> None:
    assert "secrets." not in (GITHUB / "workflows/tests.yml").read_text(encoding="utf-8")
    workflow = read("packages.yml")
    assert set(workflow["on"]) == {"push", "workflow_dispatch"}
    assert set(workflow["on"]["push"]) == {"tags"}
    for job in workflow["jobs"].values():
        assert "secrets." not in str(job.get("env", ""))
    holding = [step for _, step in steps("packages.yml") if "secrets." in str(step)]
    assert holding
    for step in holding:
        # As variables: what is put into the text of a command could be run.
        assert "secrets." in str(step["env"])
        assert "${{" not in step["run"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_from_outside_is_put_into_a_command(name: str) -> None:
    for line in commands(name):
        assert "${{" not in line, line


def test_python_is_pinned_to_one_version() -> None:
    workflow = read("packages.yml")
    assert re.fullmatch(r"3\.\d+\.\d+", workflow["env"]["PYTHON_VERSION"])
    for _, step in steps("packages.yml"):
        if str(step.get("uses", "")).startswith("actions/setup-python@"):
            assert step["with"] == {"python-version": "${{ env.PYTHON_VERSION }}"}


@pytest.mark.parametrize("name", NAMES)
def test_every_script_that_is_named_is_there(name: str) -> None:
    text = "\n".join(commands(name))
    scripts = re.findall(r"(?<![\w/.-])((?:packaging|\.github)/[\w./-]+)", text)
    assert scripts or name == "tests.yml"
    for script in scripts:
        path = ROOT / script
        assert path.is_file(), script
        if path.suffix != ".py":
            assert path.stat().st_mode & 0o111, f"{script} cannot be run"


@pytest.mark.parametrize("name", NAMES)
def test_every_target_of_make_is_there(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in commands(name):
        for target in re.findall(r"^make ([\w-]+)", line):
            assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target


def test_every_artefact_and_option_that_is_named_is_known() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "packaging/packages.py", "--help"], capture_output=True, text=True, check=True
    )
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    artefacts = set(re.findall(r"[a-z]+", done.stdout.partition("Artefacts:")[2]))
    made: set[str] = set()
    lines = [line for line in commands("packages.yml") if "packaging/packages.py" in line]
    assert len(lines) >= 4
    for line in lines:
        words = shlex.split(line.partition("packaging/packages.py")[2])
        options = [word for word in words if word.startswith("--")]
        assert set(options) <= known, line
        # Each of them takes a value.
        values = {words[at + 1] for at, word in enumerate(words[:-1]) if word.startswith("--")}
        named = [word for word in words if not word.startswith("--") and word not in values]
        assert set(named) <= artefacts, line
        made |= set(named)
    # What is not made by CI would not be released.
    assert made == artefacts


def test_signing_comes_before_the_sums_and_their_signature_last() -> None:
    text = "\n".join(line for line in commands("packages.yml"))
    places = [
        text.index(one)
        for one in (
            "sign.sh --all payload-windows",
            "packages.py wheel frozen",
            "sign.sh --all dist",
            "packages.py winget checksums",
            "sign.sh dist/SHA256SUMS",
        )
    ]
    assert places == sorted(places)


def test_what_one_job_hands_over_another_takes() -> None:
    given = {
        str(step["with"]["name"]).replace("${{ matrix.runner }}", "macos-15")
        for _, step in steps("packages.yml")
        if str(step.get("uses", "")).startswith("actions/upload-artifact@")
    }
    for _, step in steps("packages.yml"):
        if str(step.get("uses", "")).startswith("actions/download-artifact@"):
            wanted = str(step["with"].get("name") or step["with"]["pattern"])
            assert any(Path(one).match(wanted) for one in given), wanted


@pytest.mark.parametrize(
    ("status", "result", "says"), [(0, 0, False), (3, 0, True), (1, 1, False), (2, 2, False)]
)
def test_the_step_that_signs_warns_of_what_is_unsigned_and_fails_of_what_failed(
    tmp_path: Path, status: int, result: int, says: bool
) -> None:
    (tmp_path / "packaging").mkdir()
    sign = tmp_path / "packaging/sign"
    sign.write_text(f"#!/bin/sh\nexit {status}\n", encoding="utf-8")
    sign.chmod(0o755)
    done = subprocess.run(
        [GITHUB / "sign.sh", "--all", "dist"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == result
    assert done.stdout.startswith("::warning title=Not signed::--all dist:") is says


@pytest.mark.parametrize(
    ("diagnose", "about", "result"),
    [
        ("echo '{}'; exit 1", "echo '{}'", 0),
        ("echo '{}'; exit 0", "echo '{}'", 1),
        ("echo Traceback; exit 1", "echo '{}'", 1),
        ("echo '{}'; exit 1", "exit 2", 2),
    ],
)
def test_a_program_that_does_not_work_fails_its_trial(
    tmp_path: Path, diagnose: str, about: str, result: int
) -> None:
    tools = Tools(tmp_path)
    tools.add("program", f"case $1 in diagnose) {diagnose} ;; about) {about} ;; esac")
    done = subprocess.run(
        [GITHUB / "try.sh", tools.bin / "program"], capture_output=True, text=True, check=False
    )
    assert done.returncode == result
    assert tools.calls("program")[0] == ["--version"]
