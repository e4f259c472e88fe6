"""Lists of databases: every form they are written in, every fault told with its place, no secret kept."""

from __future__ import annotations

import codecs
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.diagnosis.target import parse_target
from reporter.settings.source import understand
from reporter.settings.v8i import Infobase, InfobaseList, address, describe, entries, named, parse
from reporter.settings.v8i.infobase import is_share, path_class, share_server

LIST = """[Торговля]
Connect=Srvr="srv1.corp.example:1641,srv2";Ref="trade";Usr="Мария";Pwd="Zk;""9""=";
ID=cf9f0d4b-b4a3-11d8-861e-0050baaa2f3f
OrderInList=16384
Folder=/Отдел продаж
External=0
App=ThinClient
WA=1
WSA=1
Version=8.3.24
AdditionalParameters=/N Мария /PZk9secret /iTaxi /UC 77077
StartupErrorHelpText=Позвоните 5555.
StartupErrorHelpURL=https://help.example.org/trade
FutureKey=kept as it is

[Отдел продаж]
ID=0050baaa-b4a3-11d8-861e-cf9f0d4b2f3f
Folder=/
"""


def only(text: str) -> Infobase:
    [infobase] = parse(text.encode(), "list").infobases
    return infobase


def connected(text: str) -> tuple[Infobase, list[str]]:
    found = parse(f"[a]\nConnect={text}\n".encode(), "list")
    return found.infobases[0], found.problems


def test_an_entry_and_a_folder() -> None:
    found = parse(LIST.encode(), "~/ibases.v8i")
    assert (found.folders, found.problems) == (["Отдел продаж"], [])
    [base] = found.infobases
    assert (base.name, base.line, base.folder) == ("Торговля", 1, "/Отдел продаж")
    assert base.connection.servers == ("srv1.corp.example:1641", "srv2:1541")
    assert base.connection.base == "trade"
    assert (base.version, base.client, base.switches) == ("8.3.24", "ThinClient", ("/iTaxi",))
    assert base.others == {"OrderInList": "16384", "External": "0", "FutureKey": "kept as it is"}
    assert base.withheld == ("AdditionalParameters", "WA", "WSA")
    assert base.connection.withheld == ("Usr", "Pwd")


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "cp1251"),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_ending_gives_the_same_list(mark: bytes, encoding: str, ending: str) -> None:
    raw = mark + LIST.replace("\n", ending).encode(encoding)
    assert parse(raw, "x") == parse(LIST.encode(), "x")


@pytest.mark.parametrize(
    ("text", "kind", "reached"),
    [
        ('File="C:\\Базы; старые\\Торговля";', "file", ""),
        ("File=C:\\Bases;", "file", ""),
        ('Srvr="erp";Ref="trade";', "server", "tcp://erp:1541"),
        ("srvr=erp:2541;REF=trade", "server", "tcp://erp:2541"),
        ('Srvr="a:1541,b:1641";Ref="t";', "server", "tcp://a:1541"),
        ('Srvr="tcp://a:1741";Ref="t";', "server", "tcp://a:1741"),
        ('Srvr="[fe80::1]:1641";Ref="t";', "server", "tcp://[fe80::1]:1641"),
        ('Srvr="2001:db8::7";Ref="t";', "server", "tcp://[2001:db8::7]:1541"),
        ('Srvr = "a" ; Ref = "t" ;', "server", "tcp://a:1541"),
        ('ws="https://erp.example.org/base";', "web", "https://erp.example.org/base"),
        ('ws="https://u:geheim@erp.example.org:8443/b?k=1#f";', "web", "https://erp.example.org:8443/b"),
        ("https://erp.example.org/base", "web", "https://erp.example.org/base"),
        ('ws="http://пример.рф/база";Locale="ru_RU";', "web", "http://пример.рф/база"),
    ],
)
def test_every_kind_of_connection_has_its_address(text: str, kind: str, reached: str) -> None:
    base, problems = connected(text)
    assert (base.connection.kind, address(base), problems) == (kind, reached, [])
    if reached:
        parse_target(reached)  # what the diagnosis can measure
    assert describe(base)["kind"] == kind


def test_quotes_are_doubled_inside_and_semicolons_are_plain() -> None:
    base, problems = connected('File="D:\\a;b ""c"" = d";Locale="ru""s";')
    assert (base.connection.path, base.connection.others) == ('D:\\a;b "c" = d', {"Locale": 'ru"s'})
    assert problems == []


@pytest.mark.parametrize(
    ("text", "column", "part"),
    [
        ("", 9, "names neither File, Srvr nor ws"),
        ('Locale="ru";', 9, "names neither File, Srvr nor ws"),
        ('Srvr="a";', 9, "names a server but no database"),
        ('Srvr="a b,c";Ref="t";', 9, "item 1 of Srvr is no server"),
        ('Srvr="a:0,b:99999,c";Ref="t";', 9, "item 2 of Srvr is no server"),
        ('Ref="t";Srvr="a', 17, "the quotation mark of Srvr is never closed"),
        ('Srvr="a"b;Ref="t";', 9, "a quotation mark is misplaced in Srvr"),
        ('Srvr=a"b;Ref="t";', 9, "a quotation mark is misplaced in Srvr"),
        ('Srvr="a";Ref="t";nonsense', 26, "here stands no name=value"),
        ('Srvr="a";Srvr="b";Ref="t";', 18, "Srvr is given twice"),
        ('File="";', 9, "File is empty"),
        ('ws="ftp://a/b";', 9, "ws is no web address"),
        ('ws="javascript:alert(1)";', 9, "ws is no web address"),
        ('ws="https:///b";', 9, "ws cannot be used because it names no server"),
        ("a=1;" * 65 + 'ws="https://a/"', 9 + 4 * 64, "more than 64 members"),
    ],
)
def test_a_fault_in_a_connection_is_told_with_its_column(text: str, column: int, part: str) -> None:
    _, problems = connected(text)
    [problem] = [problem for problem in problems if part in problem]
    assert problem.startswith(f"In list, line 2, column {column}: ")
    assert problem.endswith(".")


def test_several_bad_things_are_told_at_once_and_nothing_good_is_lost() -> None:
    found = parse(
        b"stray\n"
        b"[good]\nConnect=ws=\"https://a.example/\";\n"
        b"[]\nConnect=File=\"x\";\n"
        b"[no end\nConnect=File=\"x\";\n"
        b"[bad]\nConnect=Srvr=\"\n"
        b"[good]\nConnect=Srvr=\"b\";Ref=\"t\";\nnonsense\n  UseProxy = 7\nVersion=1\nVersion=2\n",
        "list",
    )  # fmt: skip
    assert [(base.name, address(base)) for base in found.infobases] == [
        ("good", "https://a.example/"), ("bad", ""), ("good", "tcp://b:1541"),
    ]  # fmt: skip
    assert [problem.partition(": ")[0] for problem in found.problems] == [
        "In list, line 1, column 1", "In list, line 4, column 1", "In list, line 6, column 1",
        "In list, line 9, column 9", "In list, line 9, column 9", "In list, line 10, column 1",
        "In list, line 12, column 1", "In list, line 13, column 14", "In list, line 15, column 1",
    ]  # fmt: skip


def test_names_are_found_exactly_first() -> None:
    lists = [
        parse(b'[Trade]\nConnect=File="a";\n[trade]\nConnect=File="b";\n', "one"),
        parse(b'[trade]\nConnect=File="c";\n', "two"),
    ]
    assert [base.connection.path for base in named(lists, "trade")] == ["b", "c"]
    assert [base.connection.path for base in named(lists, "TRADE")] == ["a", "b", "c"]
    assert named(lists, "else") == []


SECRET = "Zq7-Geheim"


@pytest.mark.parametrize(
    "line",
    [
        f'Connect=Srvr="a";Ref="b";Usr="{SECRET}";Pwd="{SECRET}";',
        f'Connect=ws="https://{SECRET}:{SECRET}@a.example/?p={SECRET}";Wsn="{SECRET}";Wsp="{SECRET}";',
        f'Connect=ws="https://a.example/";WspAuto=0;WspSrv="{SECRET}";WspUser="{SECRET}";WspPwd="{SECRET}";',
        f'Connect=Srvr="{SECRET}@a";Ref="b";AccessToken={SECRET}',
        f'Connect=Srvr="a";Ref="b";Pwd="{SECRET}',
        f'Connect=Srvr="a";Ref="b";Pwd="x"{SECRET};',
        f'Connect=Srvr="a";Ref="b" {SECRET}',
        f"UseProxy=2\nPSrv=proxy\nPUser={SECRET}\nPPasswd={SECRET}",
        f"AdditionalParameters=/N{SECRET} /P{SECRET} /P {SECRET} /UC{SECRET} /AccessToken {SECRET}",
        f"AdditionalParameters=/C {SECRET} {SECRET}",
        f"MoreParameters=/P{SECRET}",
        f"Spare=Srvr=a;Ref=b;Pwd={SECRET}",
        f'Connect=Srvr="a";Ref="b";Spare="Pwd={SECRET}";',
        f'AdditionalParameters=/IBConnectionString "Srvr=a;Pwd={SECRET}" /Proxy -PPwd {SECRET}',
        f"WSA={SECRET}\nWA={SECRET}\nHttpsCertPassword={SECRET}\nRememberedLogin={SECRET}",
        f"WebCommonInfoBaseURL=https://me:{SECRET}@lists.example/x",
        f"{SECRET}",
        f"no key {SECRET}=x",
    ],
)
def test_no_secret_survives_the_reading(line: str) -> None:
    connect = "" if line.startswith("Connect=") else 'Connect=File="x";\n'
    found = parse(f"[a]\n{connect}{line}\n".encode(), "list")
    kept = repr(found) + msgspec.json.encode(found).decode() + repr(describe(found.infobases[0]))
    assert SECRET not in kept
    assert "PUser" not in line or {"PUser", "PPasswd"} <= set(found.infobases[0].withheld)


# Help


def test_the_help_of_an_entry_is_checked_like_any_setting_and_has_its_place() -> None:
    base = only(
        '[a]\nConnect=File="x";\n'
        "  StartupErrorHelpText = Call 5555\nor write to us.\nStartupErrorHelpURL=file://server/x\n"
    )
    said = understand(entries(base))
    assert said.values["help_text"].value == "Call 5555\nor write to us."
    assert said.values["help_text"].place == "list, line 3, column 3"
    assert "help_url" not in said.values
    [problem] = said.problems
    assert problem.startswith("In list, line 5, column 1: help_url ")


def test_an_entry_without_help_says_nothing() -> None:
    assert list(entries(only('[a]\nConnect=File="x";\nStartupErrorHelpText=\n'))) == []


# Facts


def test_facts_of_a_server_database() -> None:
    assert describe(parse(LIST.encode(), "~/ibases.v8i").infobases[0]) == {
        "name": "Торговля",
        "kind": "server",
        "servers": ["srv1.corp.example:1641", "srv2:1541"],
        "base": "trade",
        "address": "tcp://srv1.corp.example:1641",
        "platform_version": "8.3.24",
        "client": "ThinClient",
        "list": "~/ibases.v8i",
    }


def test_facts_of_a_file_database_hold_no_path() -> None:
    base, _ = connected(r'File="\\fs1\bases$\Мария\trade";')
    facts = describe(base)
    assert (facts["path_class"], facts["servers"]) == ("network share", ["fs1"])
    assert "Мария" not in str(facts)


@pytest.mark.parametrize(
    ("lines", "used"),
    [
        ("UseProxy=0", False),
        ("UseProxy=1", True),
        ("UseProxy=2\nPSrv=p\nPPort=3128", True),
        ("AdditionalParameters=/NoProxy", False),
        ("AdditionalParameters=/Proxy -PSrv p", True),
        ("App=Auto", None),
    ],
)
def test_facts_tell_whether_a_proxy_is_used(lines: str, used: bool | None) -> None:
    assert describe(only(f'[a]\nConnect=ws="https://a.example/";\n{lines}\n')).get("uses_proxy") is used


def test_a_proxy_in_the_connection_counts_too() -> None:
    base, _ = connected('ws="https://a.example/";WspAuto=0;WspSrv="proxy";WspPort=3128;')
    assert describe(base)["uses_proxy"] is True
    assert "proxy" not in base.connection.others.values()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", ""),
        (r"C:\Bases", "drive"),
        (r"\\fs\x", "network share"),
        ("//fs/x", "network share"),
        (r"\\?\UNC\fs\x", "network share"),
        ("/home/m/b", "home folder"),
        ("/mnt/b", "mounted volume"),
        ("/srv/b", "system folder"),
        (r"..\b", "relative path"),
    ],
)
def test_a_path_has_a_class(path: str, kind: str) -> None:
    assert path_class(path) == kind
    assert is_share(path) == (kind == "network share")
    assert share_server(path) == (["fs"] if kind == "network share" else [])


# Hostile lists


def test_a_line_without_end_costs_only_itself() -> None:
    long = "x" * 10_000_000
    found = parse(
        f'[a]\nConnect=File="1";\nFolder={long}\nVersion=8.3\n[{long}]\nConnect=File="2";\n'
        f'[b]\nConnect=File="3";\n'.encode()[: 16 * 1024 * 1024],
        "list",
    )
    assert [base.name for base in found.infobases] == ["a"]
    assert found.infobases[0].version == "8.3"
    short = parse(
        f'[a]\nConnect=File="1";\n[{long}]\nConnect=File="2";\n[b]\nConnect=File="3";\n'.encode(), "list"
    )
    assert [(base.name, base.connection.path) for base in short.infobases] == [("a", "1"), ("b", "3")]
    assert [problem.partition(": ")[0] for problem in short.problems] == [
        "In list, line 3, column 1", "In list, line 3, column 1",
    ]  # fmt: skip


def test_too_much_of_everything_is_cut_and_said() -> None:
    for raw, part in (
        (b"\n" * 17_000_000, "more than 16,777,216 bytes"),
        (b"\n" * 1_000_000, "more than 400,000 lines"),
        (b'[a]\nConnect=File="x";\n' * 20_001, "more than 20,000 entries"),
        (b"[a]\n" + b"".join(b"k%d=1\n" % n for n in range(300)), "more than 200 keys"),
        (b"[a]\n" + b"nonsense\n" * 300, "250 more problems are not listed"),
    ):
        found = parse(raw, "list")
        assert any(part in problem for problem in found.problems), part
        assert len(found.problems) <= 53
        assert len(found.infobases) <= 20_000


@pytest.mark.parametrize(
    "connect",
    ['Srvr="' + '""' * 16_000, "Srvr=" + " " * 32_000 + '"', "; " * 16_000, 'Srvr="' + '"" ' * 10_000],
)
def test_a_connection_made_to_be_slow_is_read_at_once(connect: str) -> None:
    _, problems = connected(connect)
    assert problems


def test_control_characters_are_left_out_and_told() -> None:
    found = parse('[a\x00b\u202e]\nConnect=File="x\x07y";\n\tVersion=\t8.3\n'.encode(), "list")
    [base] = found.infobases
    assert (base.name, base.connection.path, base.version) == ("ab", "xy", "8.3")
    assert len(found.problems) == 2


@given(st.binary(max_size=400) | st.text(alphabet='[]=;"\n\r\0 aCon1:/\\', max_size=200).map(str.encode))
def test_any_bytes_make_a_list(raw: bytes) -> None:
    for text in (raw, b"[a]\nConnect=" + raw):
        found = parse(text, "list")
        for base in found.infobases:
            address(base)
            describe(base)
            understand(entries(base))
        assert msgspec.json.decode(msgspec.json.encode(found), type=InfobaseList) == found


# Written, then read

NAME = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="[]"), min_size=1, max_size=20)
VALUE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=20).map(str.strip)
HOST = st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z]{2,5})?", fullmatch=True)
PORT = st.integers(1, 65_535)
CONNECTION = st.one_of(
    st.tuples(st.just("file"), VALUE.filter(bool)),
    st.tuples(st.just("server"), st.lists(st.tuples(HOST, PORT), min_size=1, max_size=3), VALUE),
    st.tuples(st.just("web"), HOST, PORT),
)
ENTRY = st.fixed_dictionaries({"name": NAME, "connection": CONNECTION, "version": VALUE, "folder": VALUE})


def written(entry: dict[str, Any]) -> str:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    kind, *parts = entry["connection"]
    if kind == "file":
        connect = f"File={quoted(parts[0])};"
    elif kind == "server":
        servers = ",".join(f"{host}:{port}" for host, port in parts[0])
        connect = f'Srvr="{servers}";Ref={quoted(parts[1])};Usr="a;b";'
    else:
        connect = f'ws="https://{parts[0]}:{parts[1]}/base";'
    lines = (
        f"[{entry['name']}]",
        f"Connect={connect}",
        f"Version={entry['version']}",
        f"Folder={entry['folder']}",
    )
    return "".join(f"{line}\r\n" for line in lines)


@given(
    st.lists(ENTRY, max_size=4, unique_by=lambda entry: str(entry["name"]).casefold()),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_is_read(written_entries: list[dict[str, Any]], encoding: str) -> None:
    found = parse("".join(map(written, written_entries)).encode(encoding), "list")
    assert found.problems == []
    assert len(found.infobases) == len(written_entries)
    for base, entry in zip(found.infobases, written_entries, strict=True):
        kind, *parts = entry["connection"]
        assert (base.name, base.version, base.folder) == (entry["name"], entry["version"], entry["folder"])
        assert base.connection.kind == kind
        if kind == "file":
            assert base.connection.path == parts[0]
        elif kind == "server":
            assert base.connection.servers == tuple(f"{host}:{port}" for host, port in parts[0])
            assert base.connection.base == parts[1]
        else:
            assert address(base) == f"https://{parts[0]}:{parts[1]}/base"
