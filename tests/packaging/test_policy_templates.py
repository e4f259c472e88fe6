"""The templates: what is set with them is what the agent reads, on every system and for every setting."""

from __future__ import annotations

import csv
import json
import plistlib
import re
import subprocess
import sys
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from policy import admx, examples, json_files, oma, page, profile, structure, templates
from policy.words import WORDS
from reporter.settings.kinds import Flag, ListOf
from reporter.settings.layers import Layer, Loaded, load
from reporter.settings.model import BY_NAME, TABLE, Setting
from reporter.settings.names import pascal_case
from reporter.settings.policy.base import VENDOR, Vendor
from reporter.settings.policy.windows import WindowsPolicies
from reporter.texts import LANGUAGES, Translator, translator
from tests.packaging.policy_editor import SPACE, PolicyEditor
from tests.settings.policy_systems import NO_FILE, FakeWinreg, LinuxRoot

ADMX = admx.admx(VENDOR)
ADML = admx.adml(VENDOR, translator("en"))
every_setting = pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
every_language = pytest.mark.parametrize("language", LANGUAGES)


class Marked(Translator):
    """A language in which everything is said, and marked."""

    def say(self, message: str, /, **values: object) -> str:
        return f"«{message}»"


def strings(adml: bytes) -> dict[str, str]:
    root = ElementTree.fromstring(adml)  # noqa: S314 - made here
    return {each.attrib["id"]: each.text or "" for each in root.iter(SPACE + "string")}


def expected(row: Setting, raw: object) -> object:
    """The example as the agent holds it."""

    def refuse(fault: Exception) -> None:
        raise fault

    return row.kind.read(raw, refuse)


def read(winreg: FakeWinreg, vendor: Vendor = VENDOR) -> Loaded:
    return load(environ=NO_FILE, policies=WindowsPolicies(vendor, winreg))


@every_setting
def test_every_setting_has_a_title_an_explanation_and_an_example(row: Setting) -> None:
    assert row.title == row.title.strip(" .")
    assert row.title[0].isupper()
    assert expected(row, examples.example(row.name)) != row.default


def test_titles_differ() -> None:
    assert len({row.title for row in TABLE}) == len(TABLE)


class TestAdmx:
    @every_language
    def test_it_keeps_the_rules_of_its_structure_in_every_language(self, language: str) -> None:
        assert structure.problems(ADMX, admx.adml(VENDOR, translator(language))) == []

    @every_setting
    def test_what_is_set_with_the_template_is_what_is_read(self, row: Setting) -> None:
        raw = examples.example(row.name)
        for is_recommended in (False, True) if row.lockable else (True,):
            winreg = FakeWinreg()
            editor = PolicyEditor(ADMX, winreg)
            name = pascal_case(row.name) + ("_Recommended" if is_recommended else "")
            if raw is False:
                editor.disable(name)
            else:
                editor.enable(name, json.dumps(raw) if isinstance(raw, dict) else raw)
            loaded = read(winreg)
            assert loaded.problems == []
            assert getattr(loaded.settings, row.name) == expected(row, raw)
            layer = Layer.RECOMMENDED_POLICY if is_recommended else Layer.MACHINE_POLICY
            assert loaded.origins[row.name].layer is layer
            assert loaded.is_locked(row.name) is not is_recommended

    @pytest.mark.parametrize(
        "row", [row for row in TABLE if isinstance(row.kind, Flag)], ids=lambda r: r.name
    )
    def test_enabled_means_yes_and_disabled_means_no(self, row: Setting) -> None:
        winreg = FakeWinreg()
        editor = PolicyEditor(ADMX, winreg)
        editor.enable(pascal_case(row.name), True, hive="HKCU")
        assert getattr(read(winreg).settings, row.name) is True
        assert read(winreg).origins[row.name].layer is Layer.USER_POLICY
        editor.disable(pascal_case(row.name))
        assert getattr(read(winreg).settings, row.name) is False

    def test_all_settings_at_once(self) -> None:
        winreg = FakeWinreg()
        editor = PolicyEditor(ADMX, winreg)
        for name, raw in examples.mandatory().items():
            if raw is False:
                editor.disable(pascal_case(name))
            else:
                editor.enable(pascal_case(name), json.dumps(raw) if isinstance(raw, dict) else raw)
        loaded = read(winreg)
        assert loaded.problems == []
        assert {row["name"] for row in loaded.rows() if row["locked"]} == {
            *examples.mandatory(),
            "destinations",
        }

    def test_the_choice_of_the_person_is_offered_as_a_recommendation_only(self) -> None:
        names = set(PolicyEditor(ADMX, FakeWinreg()).policies)
        assert names == {pascal_case(row.name) for row in TABLE if row.lockable} | {
            f"{pascal_case(row.name)}_Recommended" for row in TABLE
        }

    def test_texts_are_said_in_the_language(self) -> None:
        texts = strings(admx.adml(VENDOR, Marked("ru")))
        for row in TABLE:
            name = pascal_case(row.name)
            assert texts[name] == f"«{row.title}»"
            assert texts[f"{name}_Recommended_Explain"].startswith(f"«{row.help}»\n\nНастройка: {row.name}. ")
        assert texts["Recommended"] == WORDS["ru"].recommended

    def test_every_language_says_the_same_words(self) -> None:
        assert set(WORDS) == set(LANGUAGES)
        for words in zip(*WORDS.values(), strict=True):
            assert len({tuple(re.findall(r"{\w+}", text)) for text in words}) == 1
            assert len(set(words)) == len(words)

    def test_another_vendor_writes_to_its_own_keys(self) -> None:
        vendor = Vendor(name="Ромашка & Co", product="Help Desk", bundle_id="org.example.helper")
        winreg = FakeWinreg()
        template = admx.admx(vendor)
        PolicyEditor(template, winreg).enable("HelpText", "x")
        assert structure.problems(template, admx.adml(vendor, translator("uk"))) == []
        assert (("HKLM", r"software\policies\ромашка & co\help desk")) in winreg.content
        assert read(winreg, vendor).settings.help_text == "x"


class TestStructure:
    @pytest.mark.parametrize(
        ("old", "new", "part"),
        [
            (
                r"<supportedOn>.*?</supportedOn>\s*(<categories>.*?</categories>)",
                r"\1",
                "no definition Supported",
            ),
            (r"(<resources [^>]*>)(\s*<supportedOn>.*?</supportedOn>)", r"\2\1", "in an order"),
            (
                r'(<parentCategory ref="Reporter" />)\s*(<supportedOn ref="Supported" />)',
                r"\2\1",
                "in an order",
            ),
            (r' schemaVersion="1.0"', "", "policyDefinitions has no schemaVersion"),
            (r' class="Both"', ' class="All"', "is of the class All"),
            (r"\$\(string.HelpText\)", "Help text", "which is no reference"),
            (r"\$\(string.HelpText\)", "$(string.HelpTexts)", "there is no string HelpTexts"),
            (r"\$\(presentation.HelpText\)", "$(presentation.HelpUrl)", "shows other elements"),
            (r' presentation="\$\(presentation.HelpText\)"', "", "elements and no presentation"),
            (r'name="HelpUrl"', 'name="helptext"', "policy HelpText is there twice"),
            (r'name="HelpText"', 'name="Help-Text"', "is not allowed"),
            (r'ref="Reporter"', 'ref="Reporters"', "no category Reporters"),
            (r'ref="Supported"', 'ref="Supports"', "no definition Supports"),
            (r' valueName="IncludeUserName"', "", "a value and no name for it"),
            (r'key="Software\\Policies', r'key="Software', "writes to Software"),
            (r'minValue="1"', 'minValue="99999999"', "allows no number"),
            (r' minValue="1"', ' min="1"', "decimal has min"),
            (r"<multiText ", "<multiLine ", "no element of the schema"),
            (r'<list id="Destinations"', '<list id="Destination"', "shows other elements"),
            (r"</policyDefinitions>", "", "this is not XML"),
            ('PolicyDefinitions"', 'Other"', "not policyDefinitions in its namespace"),
        ],
    )
    def test_a_broken_template_is_found(self, old: str, new: str, part: str) -> None:
        broken, count = re.subn(old, new, ADMX.decode(), flags=re.DOTALL)
        assert count
        assert any(part in problem for problem in structure.problems(broken.encode(), ADML))

    @pytest.mark.parametrize(
        ("old", "new", "part"),
        [
            (r'<string id="HelpUrl">[^<]*</string>', "", "there is no string HelpUrl"),
            (r'(<string id="HelpUrl">)[^<]*</string>', r"\1</string>", "the string HelpUrl is empty"),
            (r'<string id="HelpUrl">', '<string id="HelpText">', "the string HelpText is there twice"),
            (r"(<stringTable>)", r'\1<string id="Spare">x</string>', "nothing uses the string Spare"),
            (r"<listBox ", "<textBox ", "textBox holds nothing"),
            (
                r'<decimalTextBox refId="(\w+)" defaultValue="\d+">([^<]*)</decimalTextBox>',
                r'<listBox refId="\1">\2</listBox>',
                "is a decimal and shown as a listBox",
            ),
            (r'defaultItem="0"', 'defaultItem="9"', "has no item 9"),
            (r"<description>[^<]*</description>", "", "in an order"),
        ],
    )
    def test_broken_texts_are_found(self, old: str, new: str, part: str) -> None:
        broken, count = re.subn(old, new, ADML.decode())
        assert count
        broken = re.sub(r"(<textBox [^>]*>[^<]*)</listBox>", r"\1</textBox>", broken)
        assert any(part in problem for problem in structure.problems(ADMX, broken.encode()))


class TestOma:
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(StringIO(oma.table(VENDOR).decode(), newline="")))

    def test_every_policy_has_an_address_in_both_scopes(self) -> None:
        addresses = [row["oma_uri"] for row in self.rows()]
        assert len(set(addresses)) == len(addresses)
        base = "./{}/Vendor/MSFT/Policy/Config/Reporter~Policy~Reporter{}/{}"
        for scope in ("Device", "User"):
            assert base.format(scope, "", "HelpText") in addresses
            assert base.format(scope, "~Recommended", "Language_Recommended") in addresses
        policies = len(PolicyEditor(ADMX, FakeWinreg()).policies)
        assert len(addresses) == 1 + 2 * policies

    def test_what_is_sent_is_what_is_read(self) -> None:
        for row in self.rows()[1:]:
            if row["scope"] != "Device":
                continue
            winreg = FakeWinreg()
            editor = PolicyEditor(ADMX, winreg)
            setting = BY_NAME[row["setting"]]
            if row["value"] == "<disabled/>":
                editor.disable(row["name"])
            elif row["value"] == "<enabled/>":
                editor.enable(row["name"], True)
            else:
                sent = ElementTree.fromstring(f"<x>{row['value']}</x>")  # noqa: S314 - made here
                data = sent.find("data")
                assert data is not None
                assert data.attrib["id"] == pascal_case(row["setting"])
                parts: Any = data.attrib["value"].split(unescape(oma.DIVIDER))
                if isinstance(setting.kind, ListOf):
                    assert parts[::2] == [str(number) for number in range(1, len(parts) // 2 + 1)]
                    editor.enable(row["name"], parts[1::2])
                elif isinstance(setting.default, int):
                    editor.enable(row["name"], int(parts[0]))
                else:
                    editor.enable(row["name"], "\n".join(parts))
            found = getattr(read(winreg).settings, row["setting"])
            assert found == expected(setting, examples.example(row["setting"])), row


class TestFiles:
    def test_the_examples_for_linux_are_read_without_a_problem(self, tmp_path: Path) -> None:
        root = LinuxRoot(tmp_path / "root")
        root.write(json_files.managed_example())
        root.write(json_files.recommended_example(), recommended=True)
        loaded = root.load()
        assert loaded.problems == []
        for name, raw in {**examples.recommended(), **examples.mandatory()}.items():
            assert getattr(loaded.settings, name) == expected(BY_NAME[name], raw)

    def test_the_schema_takes_the_examples_and_knows_every_setting(self) -> None:
        schema = json.loads(json_files.schema("Reporter"))
        Draft202012Validator.check_schema(schema)
        assert list(schema["properties"]) == ["$schema", *BY_NAME]
        validator = Draft202012Validator(schema)
        for example in (json_files.managed_example(), json_files.recommended_example()):
            assert list(validator.iter_errors(json.loads(example))) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"helptext": "x"},
            {"submission": "maybe"},
            {"include_host_name": 1},
            {"retention_days": 0},
            {"allowed_sections": ["fact"]},
            {"control_urls": "https://a.example/"},
            {"help": {"tls": {"text": 1}}},
            {"help": {"TLS!": {"text": "x"}}},
        ],
        ids=str,
    )
    def test_what_the_schema_refuses_the_agent_ignores(
        self, wrong: dict[str, object], tmp_path: Path
    ) -> None:
        validator = Draft202012Validator(json.loads(json_files.schema("Reporter")))
        assert list(validator.iter_errors(wrong))
        root = LinuxRoot(tmp_path / "root")
        root.write(json.dumps(wrong))
        assert len(root.load().ignored) == 1

    def test_the_profile_forces_every_example(self) -> None:
        found = plistlib.loads(profile.mobileconfig(VENDOR))
        assert (found["PayloadType"], found["PayloadScope"]) == ("Configuration", "System")
        (settings,) = found["PayloadContent"]
        assert settings["PayloadType"] == VENDOR.bundle_id
        assert {name: raw for name, raw in settings.items() if not name.startswith("Payload")} == (
            examples.mandatory()
        )
        assert len({found["PayloadUUID"], settings["PayloadUUID"]}) == 2

    def test_the_preferences_recommend(self) -> None:
        assert plistlib.loads(profile.preferences()) == examples.recommended()


class TestCommand:
    def run(self, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        script = templates.ROOT / "packaging" / "policy" / "templates.py"
        return subprocess.run(
            [sys.executable, script, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_it_writes_the_same_bytes_from_any_folder_at_any_time(self, tmp_path: Path) -> None:
        ended = self.run("out", folder=tmp_path)
        assert ended.returncode == 0
        assert "Traceback" not in ended.stderr
        written = {
            path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
            for path in (tmp_path / "out").rglob("*.*")
            if path.is_file()
        }
        assert written == dict(templates.files())
        assert sorted(written) == [
            "docs/policies.md",
            "docs/settings.md",
            "linux/managed/example.json",
            "linux/policy.schema.json",
            "linux/recommended/example.json",
            "macos/org.reporter.agent.plist",
            "macos/reporter.mobileconfig",
            "windows/en-US/reporter.adml",
            "windows/oma-uri.csv",
            "windows/reporter.admx",
            "windows/ru-RU/reporter.adml",
            "windows/uk-UA/reporter.adml",
        ]

    def test_a_folder_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        ended = self.run("file/out", folder=tmp_path)
        assert ended.returncode == 1
        assert "Not a directory" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_broken_templates_are_not_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(structure, "problems", lambda *_: ["policy HelpText is there twice"])
        with pytest.raises(templates.TemplateError, match="HelpText is there twice"):
            templates.write(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_the_page_is_up_to_date() -> None:
    assert templates.PAGE.read_bytes() == page.page(), "run: python packaging/policy/templates.py OUT --page"


def test_the_page_names_every_setting() -> None:
    text = page.page().decode()
    for row in TABLE:
        assert f"| [`{row.name}`](settings.md#{row.name}) | `{pascal_case(row.name)}` |" in text


@pytest.mark.parametrize("name", ["Отчёты", "中文", "1 Help", "Ünï", "Звіти 2"])
def test_a_name_in_any_script_makes_templates(name: str) -> None:
    vendor = Vendor(name="ООО Ромашка", product=name, bundle_id="org.example.helper")
    made = dict(templates.files(vendor))
    assert rf"Software\Policies\ООО Ромашка\{name}" in next(
        content.decode() for path, content in made.items() if path.endswith(".admx")
    )


def test_names_that_lose_letters_stay_apart() -> None:
    names = ["Отчёты", "Звіти", "Отчёты A", "Звіти A", "A", "R & D", "R+D", "Help Desk", "HelpDesk"]
    assert len({admx.identifier(name) for name in names}) == len(names)
    assert admx.identifier("HelpDesk") == "HelpDesk"
    assert admx.identifier("Help Desk").endswith("HelpDesk")
