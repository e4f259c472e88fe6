"""Policies on Linux: read from files that only root can write, and refused with a reason otherwise."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reporter.settings.layers import Layer, load
from reporter.settings.model import TABLE, Settings
from reporter.settings.policy.linux import FILES_LIMIT, FOLDER_LIMIT_BYTES, LinuxPolicies
from reporter.settings.policy.trusted import Trust
from reporter.settings.textfile import FILE_LIMIT_BYTES
from tests.settings.policy_systems import NO_FILE, LinuxRoot

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to others")
HIDDEN = "so for them all of it is ignored and what concerns privacy is closed; run chmod go+rX on it."
CLOSED = {row.name: row.closed for row in TABLE if row.is_private}


@pytest.fixture(name="root")
def _root(tmp_path: Path) -> LinuxRoot:
    return LinuxRoot(tmp_path / "root")


def closed(root: LinuxRoot) -> str:
    """The one problem there is; all that concerns privacy has to be closed and locked."""
    loaded = root.load()
    for name, choice in CLOSED.items():
        assert getattr(loaded.settings, name) == choice
        assert loaded.origins[name].layer is Layer.MACHINE_POLICY
        assert loaded.is_locked(name)
    assert len(loaded.problems) == 1
    assert loaded.ignored[0].name == ""
    assert loaded.ignored[0].layer == "machine policy"
    return loaded.problems[0]


def test_a_computer_without_policies_has_neither_policies_nor_problems(tmp_path: Path) -> None:
    loaded = load(environ=NO_FILE, policies=LinuxPolicies(Trust(tmp_path, os.getuid())))
    assert (loaded.settings, loaded.problems, loaded.ignored) == (Settings(), [], [])


def test_empty_folders_say_nothing(root: LinuxRoot) -> None:
    assert root.load().settings == Settings()


def test_managed_is_locked_and_recommended_is_not(root: LinuxRoot) -> None:
    root.write('{"help_text": "Call 1.", "submission": "auto"}')
    root.write('{"help_text": "Call 2.", "retention_days": 7}', recommended=True)
    loaded = root.load()
    assert (loaded.settings.help_text, loaded.settings.retention_days) == ("Call 1.", 7)
    assert loaded.origins["help_text"].layer is Layer.MACHINE_POLICY
    assert loaded.origins["retention_days"].layer is Layer.RECOMMENDED_POLICY
    assert {row["name"] for row in loaded.rows() if row["locked"]} == {"help_text", "submission"}
    assert loaded.problems == []


def test_a_policy_wins_over_everything_and_a_recommendation_over_nothing(root: LinuxRoot) -> None:
    root.write('{"help_text": "policy"}')
    root.write('{"help_url": "https://recommended.example/"}', recommended=True)
    loaded = load(
        environ={**NO_FILE, "REPORTER_HELP_TEXT": "environment", "REPORTER_HELP_URL": "https://own.example/"},
        command_line={"help_text": "option"},
        policies=root.policies,
    )
    assert loaded.settings.help_text == "policy"
    assert loaded.settings.help_url == "https://own.example/"


def test_files_are_read_in_the_order_of_their_names_and_the_last_wins(root: LinuxRoot) -> None:
    root.write('{"help_text": "ten", "retention_days": 10}', "10-base.json")
    root.write('{"help_text": "fifty"}', "50-site.json")
    root.write('{"help_text": "nine"}', "09-first.json")
    root.write("not even JSON", "50-site.json.bak")
    root.write('{"help_text": "hidden"}', ".99.json")
    loaded = root.load()
    assert (loaded.settings.help_text, loaded.settings.retention_days) == ("fifty", 10)
    assert loaded.origins["help_text"].place.endswith("50-site.json, line 1, column 2")


def test_a_bad_key_is_ignored_alone_with_place_reason_and_nearest_name(root: LinuxRoot) -> None:
    path = root.write('{\n  "$schema": "x",\n  "endpont": 1,\n "retention_days": 0,\n "help_text": "kept"\n}')
    loaded = root.load()
    assert loaded.settings.help_text == "kept"
    assert loaded.problems == [
        f"In {path}, line 3, column 3: there is no setting endpont (did you mean endpoint?);"
        " correct it or remove it.",
        f"In {path}, line 4, column 2: retention_days is 0, so it is ignored;"
        " write a whole number from 1 to 3650.",
    ]
    assert [(each.name, each.meant, each.layer) for each in loaded.ignored] == [
        ("endpont", "endpoint", "machine policy"),
        ("retention_days", "", "machine policy"),
    ]


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("raw", ["maybe", 7, None, {"a": 1}, ["facts", "fact"]])
def test_malformed_means_closed_and_locked_where_privacy_is_concerned(
    root: LinuxRoot, name: str, raw: object
) -> None:
    root.write(json.dumps({name: raw}))
    loaded = load(environ={**NO_FILE, f"REPORTER_{name.upper()}": ""}, policies=root.policies)
    assert getattr(loaded.settings, name) == CLOSED[name]
    assert loaded.is_locked(name)
    assert len(loaded.problems) == 1


def test_a_file_that_is_called_nearly_right_is_told_and_others_are_not(root: LinuxRoot) -> None:
    for name in ("a.JSON", "b.json.txt", "notes.txt", "c.json~", ".d.JSON", "e.toml"):
        root.write('{"help_text": "x"}', name)
    loaded = root.load()
    assert loaded.settings == Settings()
    said = "only files whose names end in .json are read, so all of it is ignored; rename it."
    assert loaded.problems == [f"In {root.managed / name}: {said}" for name in ("a.JSON", "b.json.txt")]


def test_a_key_that_is_written_twice_is_ignored_and_closes_what_is_private(root: LinuxRoot) -> None:
    path = root.write(
        '{"submission": "auto",\n "submission": "ask", "help_text": "a", "help_text": "a",'
        ' "help": {"tls": {"text": "x"}, "dns": {"text": "y"}, "tls": {"text": "x"}}, "retention_days": 3}'
    )
    loaded = root.load()
    assert (loaded.settings.submission, loaded.settings.help_text) == ("off", "")
    assert (loaded.settings.help, loaded.settings.retention_days) == ({}, 3)
    assert f"In {path}, line 2, column 2: submission is written twice" in loaded.problems[0]
    assert "help.tls is written twice" in loaded.problems[2]


def test_the_choice_of_the_person_is_only_recommended(root: LinuxRoot) -> None:
    root.write('{"face": "terminal", "language": "uk"}')
    loaded = load(environ={**NO_FILE, "REPORTER_LANGUAGE": "ru"}, policies=root.policies)
    assert (loaded.settings.face, loaded.settings.language) == ("terminal", "ru")
    assert loaded.origins["face"].layer is Layer.RECOMMENDED_POLICY
    assert not loaded.is_locked("face")
    assert ["is the choice of the person" in problem for problem in loaded.problems] == [True, True]


def test_who_decides_about_the_endpoint_decides_about_destinations(root: LinuxRoot) -> None:
    root.write('{"destinations": ["https://policy.example/"]}')
    loaded = load(environ={**NO_FILE, "REPORTER_ENDPOINT": "https://own.example/"}, policies=root.policies)
    assert loaded.settings.destinations_in_order() == ("https://policy.example/",)
    assert loaded.is_locked("endpoint")


def test_a_path_on_a_share_is_refused_because_it_would_be_signed_in_to(root: LinuxRoot) -> None:
    root.write(json.dumps({"client_key": r"\\evil.example\x\key.pem", "attach_logs": ["//evil/x", "/var/a"]}))
    loaded = root.load()
    assert (loaded.settings.client_key, loaded.settings.attach_logs) == ("", ("/var/a",))
    assert ["network share, which is not opened" in problem for problem in loaded.problems] == [True, True]
    assert not any("evil" in problem for problem in loaded.problems)


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "not valid JSON (line 1, column 1"),
            (b'{"a": 1,}', "not valid JSON"),
            (b'["help_text"]', "this is no JSON object"),
            (b"null", "this is no JSON object"),
            (b'{"help_text": NaN}', "a number that cannot be read"),
            (b'{"retention_days": ' + b"1" * 5_000 + b"}", "a number that cannot be read"),
            (b'{"help": ' + b'{"a":' * 40 + b"1" + b"}" * 41, "nested too deeply"),
            (b'{"help": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
            (b'{"help_text": "\0"}', "NUL bytes"),
            (b'{\n"help_text": "\xff"}', "line 2 is not UTF-8"),
            (b'{"help_text": "' + b"x" * 10_000_000 + b'"}', f"more than {FILE_LIMIT_BYTES:,} bytes"),
        ],
        ids=lambda value: str(value)[:24],
    )
    def test_what_is_no_policy_file_closes_privacy(
        self, root: LinuxRoot, content: bytes, reason: str
    ) -> None:
        path = root.write(content)
        problem = closed(root)
        assert problem.startswith(f"In {path}: ")
        assert reason in problem

    def test_the_other_files_still_count(self, root: LinuxRoot) -> None:
        root.write('{"help_text": "kept", "submission": "auto"}', "10.json")
        root.write("{", "20.json")
        loaded = root.load()
        assert (loaded.settings.help_text, loaded.settings.submission) == ("kept", "off")

    def test_a_later_file_may_say_what_a_refused_one_left_open(self, root: LinuxRoot) -> None:
        root.write("{", "10.json")
        root.write('{"submission": "auto"}', "20.json")
        assert root.load().settings.submission == "auto"

    def test_thousands_of_files(self, root: LinuxRoot) -> None:
        for number in range(FILES_LIMIT + 1):
            root.write("{}", f"{number}.json")
        assert f"more than {FILES_LIMIT} files" in closed(root)

    def test_thousands_of_keys_are_told_in_bounds(self, root: LinuxRoot) -> None:
        root.write(json.dumps({f"unknown_{number}": 1 for number in range(20_000)} | {"help_text": "kept"}))
        loaded = root.load()
        assert loaded.settings.help_text == "kept"
        assert len(loaded.problems) == 51

    def test_a_pipe_in_place_of_a_file(self, root: LinuxRoot) -> None:
        os.mkfifo(root.managed / "policy.json", 0o644)
        assert "not a regular file" in closed(root)

    def test_a_file_in_place_of_the_folder(self, root: LinuxRoot) -> None:
        root.managed.rmdir()
        root.managed.write_text("{}")
        root.managed.chmod(0o644)
        assert "cannot be read (Not a directory)" in closed(root)


class TestOwnershipAndMode:
    @pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o777, 0o622])
    def test_a_file_that_others_can_write(self, root: LinuxRoot, mode: int) -> None:
        path = root.write('{"submission": "auto"}')
        path.chmod(mode)
        assert f"{path} can be written by others (mode {mode:03o})" in closed(root)
        assert "chmod go-w" in root.load().problems[0]

    @pytest.mark.parametrize("mode", [0o400, 0o600, 0o644, 0o444, 0o640])
    def test_a_file_that_only_its_owner_can_write(self, root: LinuxRoot, mode: int) -> None:
        root.write('{"submission": "auto"}').chmod(mode)
        assert root.load().settings.submission == "auto"

    @pytest.mark.parametrize(
        ("mode", "is_hidden"), [(0o400, True), (0o640, True), (0o644, False), (0o444, False)]
    )
    def test_a_file_that_people_cannot_read_is_told_to_root(
        self, root: LinuxRoot, mode: int, is_hidden: bool
    ) -> None:
        path = root.write('{"help_text": "x"}')
        path.chmod(mode)
        loaded = root.load()
        assert loaded.settings.help_text == "x"
        sentence = f"In {path}: people cannot read {path} (mode {mode:03o}), {HIDDEN}"
        assert loaded.problems == [sentence] * is_hidden

    @pytest.mark.parametrize("above", [0, 1, 2, 3])
    @pytest.mark.parametrize("mode", [0o700, 0o750, 0o754])
    def test_a_folder_that_people_cannot_enter_is_told_to_root(
        self, root: LinuxRoot, above: int, mode: int
    ) -> None:
        folder = [root.managed, *root.managed.parents][above]
        folder.chmod(mode)
        # Those of recommendations lie in the same folders but for the last.
        told = [problem for problem in root.load().problems if "managed" in problem.split(": ")[0]]
        assert told == [f"In {root.managed}: people cannot read {folder} (mode {mode:03o}), {HIDDEN}"]

    @pytest.mark.parametrize("above", [0, 1, 2, 3, 4])
    @pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
    def test_a_folder_on_the_way_that_others_can_write(self, root: LinuxRoot, above: int, mode: int) -> None:
        root.write('{"submission": "auto"}')
        folder = [root.managed, *root.managed.parents][above]
        folder.chmod(mode)
        loaded = root.load()
        assert loaded.settings.submission == "off"
        assert f"{folder} can be written by others" in loaded.problems[0]

    def test_a_link_to_a_file_of_the_administrator(self, root: LinuxRoot) -> None:
        (root.top / "srv").mkdir(mode=0o755)
        shared = root.top / "srv" / "shared.json"
        shared.write_text('{"help_text": "linked"}')
        shared.chmod(0o644)
        (root.managed / "a.json").symlink_to(shared)
        (root.recommended / "b.json").symlink_to("../../../../srv/shared.json")
        loaded = root.load()
        assert loaded.settings.help_text == "linked"
        assert loaded.problems == []

    def test_a_link_through_a_folder_that_others_can_write(self, root: LinuxRoot) -> None:
        (root.top / "srv").mkdir()
        (root.top / "srv").chmod(0o777)
        shared = root.top / "srv" / "shared.json"
        shared.write_text('{"submission": "auto"}')
        shared.chmod(0o644)
        (root.managed / "a.json").symlink_to(shared)
        assert f"{root.top / 'srv'} can be written by others" in closed(root)

    def test_a_link_out_of_the_root_is_looked_at_from_the_top(self, root: LinuxRoot, tmp_path: Path) -> None:
        outside = tmp_path / "outside.json"
        outside.write_text('{"submission": "auto"}')
        (root.managed / "a.json").symlink_to(outside)
        problem = closed(root)  # the folder for temporary files on its way is everybody's
        assert "can be written by others" in problem or "belongs to user" in problem

    def test_links_in_a_circle(self, root: LinuxRoot) -> None:
        (root.managed / "a.json").symlink_to("b.json")
        (root.managed / "b.json").symlink_to("a.json")
        loaded = root.load()
        assert loaded.settings.submission == "off"
        assert ["its links lead in a circle" in problem for problem in loaded.problems] == [True, True]

    def test_a_folder_that_is_a_circle(self, root: LinuxRoot) -> None:
        root.managed.rmdir()
        root.managed.symlink_to(root.managed)
        assert "its links lead in a circle" in closed(root)

    def test_a_link_to_nothing(self, root: LinuxRoot) -> None:
        (root.managed / "a.json").symlink_to("/nothing/there")
        assert "it cannot be read" in closed(root)

    @AS_ROOT
    def test_a_file_of_somebody_else(self, root: LinuxRoot) -> None:
        path = root.write('{"submission": "auto"}')
        os.chown(path, 65534, 65534)
        assert f"{path} belongs to user 65534, not to root; run chown root" in closed(root).replace(
            ", so all of it is ignored and what concerns privacy is closed", ""
        )

    @AS_ROOT
    def test_a_folder_of_somebody_else(self, root: LinuxRoot) -> None:
        root.write('{"submission": "auto"}')
        os.chown(root.managed.parent, 65534, 65534)
        loaded = root.load()
        assert f"{root.managed.parent} belongs to user 65534" in loaded.problems[0]
        assert loaded.settings.submission == "off"

    @AS_ROOT
    def test_a_link_of_somebody_else(self, root: LinuxRoot) -> None:
        target = root.write('{"submission": "auto"}', "target.txt")
        link = root.managed / "a.json"
        link.symlink_to(target)
        os.chown(link, 65534, 65534, follow_symlinks=False)
        assert f"{link} belongs to user 65534" in closed(root)
        assert "run chown root on it" in root.load().problems[0]

    @AS_ROOT
    def test_nobody_is_told_to_take_away_what_a_link_leads_to(self, root: LinuxRoot) -> None:
        home = root.top / "home" / "anna"
        home.mkdir(parents=True, mode=0o755)
        (home / "a.json").write_text("{}")
        os.chown(home, 65534, 65534)
        (root.managed / "a.json").symlink_to(home / "a.json")
        assert f"{home} belongs to user 65534" in closed(root)
        assert "put the file itself in place of the link" in root.load().problems[0]
        assert "chown" not in root.load().problems[0]

    @AS_ROOT
    def test_an_ordinary_person_reads_what_root_wrote(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            root = LinuxRoot(Path(folder) / "root")
            policies = root.policies
            root.write('{"help_text": "from root"}')
            root.load()  # what is imported on the way may lie where nobody else reads
            with ordinary_person():
                loaded = load(environ=NO_FILE, policies=policies)
            assert (loaded.settings.help_text, loaded.problems) == ("from root", [])
            root.managed.chmod(0o700)
            with ordinary_person():
                loaded = load(environ=NO_FILE, policies=policies)
            assert (loaded.settings.help_text, loaded.settings.submission) == ("", "off")
            assert "it cannot be read (Permission denied)" in loaded.problems[0]


@contextmanager
def ordinary_person() -> Iterator[None]:
    """The rights of a person who may read nothing but what everybody may."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"allowed_sections": ["fact"] * 60_000}, "allowed_sections has more than 1,000 items"),
        ({"control_urls": ["https://a.example/"] * 1_001}, "control_urls has more than 1,000 items"),
        ({"help": {f"tlz{number}": 1 for number in range(50_000)}}, "help has more than 1,000 members"),
        ({"help": {"tls": {f"tlz{number}": 1 for number in range(50_000)}}}, "help.tls has more than 1,000"),
    ],
    ids=["sections", "list", "table", "inner table"],
)
def test_thousands_of_items_are_not_looked_at(root: LinuxRoot, values: dict[str, object], part: str) -> None:
    root.write(json.dumps(values))
    loaded = root.load()
    assert len(loaded.problems) == 1
    assert part in loaded.problems[0]


class TestAFolderWithTooMuchInIt:
    """A whole folder is read before the first window, so there is a limit for all its files together."""

    def test_it_is_refused_though_every_file_is_bearable(self, root: LinuxRoot) -> None:
        text = json.dumps({"help_text": "Call 5555.", "note": "x" * (FILE_LIMIT_BYTES - 100)})
        for number in range(FOLDER_LIMIT_BYTES // FILE_LIMIT_BYTES + 1):
            root.write(text, f"{number}.json")
        assert f"its files have more than {FOLDER_LIMIT_BYTES:,} bytes" in closed(root)

    def test_a_file_that_is_not_read_does_not_count(self, root: LinuxRoot) -> None:
        root.write(" " * (FOLDER_LIMIT_BYTES + 1), "long.json")
        root.write('{"help_text": "Call 5555."}', "sound.json")
        loaded = root.load()
        assert loaded.settings.help_text == "Call 5555."
        assert len(loaded.problems) == 1
