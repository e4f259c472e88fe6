"""An artefact is of one version and one commit, or there is a sentence why not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from release.errors import PackagingError
from release.source import EPOCH, Source, source

COMMITTED_S = 1_700_000_000


@pytest.fixture(autouse=True)
def _no_time_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EPOCH, raising=False)


def tree(folder: Path, version: str = "1.2.3") -> Path:
    (folder / "reporter").mkdir(parents=True)
    (folder / "reporter" / "_version.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
    return folder


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    when = {"GIT_AUTHOR_DATE": f"@{COMMITTED_S} +0300", "GIT_COMMITTER_DATE": f"@{COMMITTED_S} +0300"}
    told = subprocess.run(
        ["git", "-C", folder, *who, *words],
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder), **when},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tree(tmp_path / "checkout")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "First")
    return folder


def test_a_commit_tells_version_and_time(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    assert source(checkout) == Source(version="1.2.3", epoch_s=COMMITTED_S, commit=commit)


# Signs, and says something of every signature, as gpg does.
SIGNER = """\
#!/bin/sh
cat >/dev/null
case "$*" in
*--verify*) echo "gpg: Good signature" >&2 ;;
*)
    echo "[GNUPG:] SIG_CREATED " >&2
    printf "%s\\n" "-----BEGIN PGP SIGNATURE-----" "" x "-----END PGP SIGNATURE-----"
    ;;
esac
"""


def test_what_git_shows_of_signatures_is_no_time(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "signer").write_text(SIGNER, encoding="utf-8")
    (tmp_path / "signer").chmod(0o755)
    git(checkout, "config", "gpg.program", str(tmp_path / "signer"))
    git(checkout, "config", "log.showSignature", "true")
    git(checkout, "commit", "-q", "--allow-empty", "--gpg-sign=key", "-m", "Second")
    assert "Good signature" in git(checkout, "log", "-1", "--format=%ct")
    assert source(checkout).epoch_s == COMMITTED_S


def test_a_time_that_is_given_holds_for_a_checkout_too(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EPOCH, "1600000000")
    assert source(checkout).epoch_s == 1_600_000_000


def test_a_time_that_is_none_is_refused_in_a_checkout_too(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EPOCH, "yesterday" * 100)
    with pytest.raises(PackagingError, match="in a git checkout leave it out") as refused:
        source(checkout)
    assert len(str(refused.value)) < 300


def test_changed_files_are_refused_by_name_unless_it_is_a_try(checkout: Path) -> None:
    for number in range(5):
        (checkout / f"{number}.txt").touch()
    git(checkout, "add", ".")
    with pytest.raises(PackagingError, match=r"0\.txt, 1\.txt, 2\.txt …\. Commit first.*--allow-changes"):
        source(checkout)
    assert source(checkout, allow_changes=True).version == "1.2.3"


def test_files_that_git_does_not_know_do_not_matter(checkout: Path) -> None:
    (checkout / "notes.txt").touch()
    assert source(checkout).version == "1.2.3"


@pytest.mark.parametrize(
    "version", ["1.2", "1.2.3.4", "1.2.3.dev1", "1.2.3-rc1", "", "256.0.0", "1.256.0", "1.0.65536", "v1.2.3"]
)
def test_a_version_that_installers_cannot_compare_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(PackagingError) as refused:
        source(tree(tmp_path / "tree", version))
    assert repr(version) in str(refused.value)
    assert "255.255.65535" in str(refused.value)


@pytest.mark.parametrize("version", ["0.0.0", "255.255.65535"])
def test_the_ends_of_what_they_can_compare(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(EPOCH, str(COMMITTED_S))
    assert source(tree(tmp_path / "tree", version)).version == version


def test_outside_a_checkout_the_time_has_to_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tree(tmp_path / "tree")
    for wrong in (None, "", "yesterday", "0", "-1", "99999999999", "9" * 5000):
        if wrong is not None:
            monkeypatch.setenv(EPOCH, wrong)
        with pytest.raises(PackagingError, match=EPOCH):
            source(folder)
    monkeypatch.setenv(EPOCH, str(COMMITTED_S))
    assert source(folder) == Source(version="1.2.3", epoch_s=COMMITTED_S)


def test_git_that_is_missing_is_asked_for(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PackagingError, match="install git"):
        source(checkout)


def test_a_checkout_that_git_cannot_read_is_told(tmp_path: Path) -> None:
    folder = tree(tmp_path / "tree")
    (folder / ".git").write_text("gitdir: /nowhere\n", encoding="utf-8")
    with pytest.raises(PackagingError, match="git cannot tell about"):
        source(folder)


def test_a_folder_that_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(PackagingError, match=r"is no checkout of the program: reporter/_version.py cannot"):
        source(tmp_path)
