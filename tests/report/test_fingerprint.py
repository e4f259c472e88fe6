"""One kind of failure has one fingerprint, on every computer and in every version; another kind another."""

from __future__ import annotations

import re
import subprocess
import sys
import traceback
from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.capture.failure import Application, ExceptionInfo, Failure
from reporter.diagnosis.evidence import Evidence
from reporter.diagnosis.verdict import Confidence, Owner, Retry, Verdict
from reporter.report import fingerprint


def crash(traceback: str, kind: str = "", *, application: str = "ERP", **more: object) -> str:
    exception = ExceptionInfo(type=kind, traceback=traceback, **more)  # type: ignore[arg-type]
    return fingerprint.of(
        Failure(action="run", exception=exception, application=Application(name=application)), None
    )


def verdict(cause: str, target: str) -> Verdict:
    return Verdict(
        cause=cause,
        layer=cause.partition(".")[0],
        owner=Owner.SERVER,
        confidence=Confidence.CERTAIN,
        retry=Retry.AFTER_FIX,
        headline="",
        advice=[],
        elapsed_ms=0,
        target=target,
        evidence=Evidence(taken_at=datetime(2026, 11, 22, tzinfo=UTC)),
    )


def login(cause: str, target: str) -> str:
    return fingerprint.of(Failure(target=target), verdict(cause, target))


PYTHON = {
    "posix": """Traceback (most recent call last):
  File "/opt/erp-3.1/erp/__main__.py", line 4, in <module>
    main()
  File "/opt/erp-3.1/erp/orders.py", line 120, in post
    total = [price(line) for line in lines]
  File "/opt/erp-3.1/erp/orders.py", line 120, in <listcomp>
    total = [price(line) for line in lines]
  File "/opt/erp-3.1/erp/prices.py", line 9, in price
    return json.loads(line)["price"]
  File "/usr/lib/python3.11/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)
  File "/usr/lib/python3.11/json/decoder.py", line 337, in decode
    obj, end = self.raw_decode(s, idx=_w(s, 0).end())
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
""",
    "windows, a newer Python and other lines": """Traceback (most recent call last):
  File "C:\\Program Files\\ERP 4.0.1\\erp\\__main__.py", line 7, in <module>
  File "C:\\Program Files\\ERP 4.0.1\\erp\\orders.py", line 140, in post
    total = [price(line) for line in lines]
             ^^^^^^^^^^^
  File "C:\\Program Files\\ERP 4.0.1\\erp\\prices.py", line 12, in price
  File "C:\\Python314\\Lib\\json\\__init__.py", line 352, in loads
  File "C:\\Python314\\Lib\\json\\decoder.py", line 345, in decode
json.decoder.JSONDecodeError: Expecting value: line 7 column 3 (char 99)
""",
    "installed with pip, in a zip": """Traceback (most recent call last):
  File "/home/anna/apps/erp.pyz/erp/__main__.py", line 4, in <module>
  File "/home/anna/apps/erp.pyz/erp/orders.py", line 99, in post
  File "/home/anna/apps/erp.pyz/erp/prices.py", line 3, in price
  File "/home/anna/.venv/lib/python3.12/json/decoder.py", line 337, in decode
json.decoder.JSONDecodeError: Выражение ожидалось
""",
}
OTHER_PYTHON = {
    "another function": PYTHON["posix"].replace("in price", "in discount"),
    "another module": PYTHON["posix"].replace("prices.py", "taxes.py"),
    "another type": PYTHON["posix"].replace("json.decoder.JSONDecodeError", "KeyError"),
}
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/{version}/erp/sync.py", line {line}, in run
  |     async with asyncio.TaskGroup() as group:
  |   File "/usr/lib/python3.11/asyncio/taskgroups.py", line 145, in __aexit__
  |     raise me from None
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/{version}/erp/sync.py", line 4, in {first}
    |     raise ValueError
    | ValueError: {message}
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/{version}/erp/sync.py", line 8, in {second}
    |     raise KeyError
    | {kind}: 'x'
    +------------------------------------
"""
FAULT = """Fatal Python error: Segmentation fault

Thread 0x00007f11{n}99 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 324 in wait
  File "/opt/erp-{n}/worker.py", line 12 in idle_{n}

Current thread 0x00007f55{n} (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 517 in string_at
  File "/opt/erp-{n}/printer.py", line {n} in {function}
  File "/opt/erp-{n}/main.py", line 1 in <module>

Extension modules: _cffi_backend, msgspec._core (total: {n})
"""
JAVA = """Exception in thread "main-{n}" java.lang.IllegalStateException: no {n}
\tat com.example.erp.Orders.post(Orders.java:{n})
\tat com.example.erp.App.lambda$main${n}(App.java:{n})
\tat java.base/java.lang.Thread.run(Thread.java:829)
Caused by: java.io.IOException: disk {n}
\tat com.example.erp.{cls}.write(Disk.java:{n})
\t... {n} more
"""
DOTNET = """Unhandled exception. System.InvalidOperationException: no {n}
   at Erp.Orders.{name}(Int32 id) in C:\\build\\{n}\\Orders.cs:line {n}
   at Erp.Program.<>c__DisplayClass{n}_0.<Main>b__{n}(Object o)
   at Erp.Sync.<RunAsync>d__{n}.MoveNext()
--- End of stack trace from previous location ---
   at System.Threading.Tasks.Task.Execute()
"""
JAVASCRIPT = """TypeError: cannot read {n}
    at {name} (https://erp.example.org/v{n}/static/app.{hash}.js:{n}:14)
    at async Orders.post (file:///opt/erp-{n}/orders.js:{n}:3)
    at Array.map (<anonymous>)
    at node:internal/process/task_queues:{n}:5
"""
ONE_C = """{{ОбщийМодуль.Продажи.Модуль({n})}}: Деление на 0
{{Документ.{name}.МодульОбъекта({n})}}: Продажи.Провести();
"""


@pytest.mark.parametrize("variant", PYTHON)
def test_the_same_bug_in_other_installs_and_versions(variant: str) -> None:
    assert crash(PYTHON[variant]) == crash(PYTHON["posix"])


@pytest.mark.parametrize("variant", OTHER_PYTHON)
def test_another_bug_nearby(variant: str) -> None:
    assert crash(OTHER_PYTHON[variant]) != crash(PYTHON["posix"])


def test_a_group_is_known_by_its_members_in_any_order() -> None:
    one = GROUP.format(version="3.1", line=1, first="pull", second="push", message="1", kind="KeyError")
    two = GROUP.format(version="3.2", line=9, first="pull", second="push", message="two", kind="KeyError")
    head, first, second = re.split(r"(?m)^ +\+(?:-\+)?-+ \d -+\n", one)
    turned = f"{head}  +-+-------- 1 --------\n{second}    +-------- 2 --------\n{first}"
    other = GROUP.format(version="3.1", line=1, first="pull", second="drop", message="1", kind="KeyError")
    third = GROUP.format(version="3.1", line=1, first="pull", second="push", message="1", kind="OSError")
    assert crash(one) == crash(two) == crash(turned)
    assert len({crash(one), crash(other), crash(third)}) == 3


def _work(kind: type[Exception]) -> None:
    try:
        raise kind("inner")
    except kind as error:
        raise ExceptionGroup("both", [error, ValueError("1"), kind("2")]) from error


def test_pythons_own_text_and_ours_are_read_alike() -> None:
    from reporter.capture import backtrace

    told = {}
    for kind in (KeyError, OSError):
        try:
            _work(kind)
        except ExceptionGroup as error:
            told[kind] = {crash("".join(traceback.format_exception(error))), crash(backtrace.text(error))}
    assert len(told[KeyError]) == len(told[OSError]) == 1
    assert told[KeyError] != told[OSError]


@pytest.mark.parametrize("depth", [200, 995])
def test_a_recursion_is_the_same_wherever_it_breaks_off(depth: int) -> None:
    from reporter.capture.unwrap import describe

    def ping(left: int) -> int:
        return pong(left - 1)

    def pong(left: int) -> int:
        return ping(left - 1)

    def broken_off(limit: int) -> str:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(limit)
        try:
            ping(10**6)
        except RecursionError as error:
            sys.setrecursionlimit(before)
            info = describe(error)
            return crash(info.traceback, info.type)
        finally:
            sys.setrecursionlimit(before)
        raise AssertionError

    assert broken_off(depth + 100) == broken_off(depth + 101)


def test_a_native_fault_is_known_by_the_thread_that_failed() -> None:
    one, two = (FAULT.format(n=n, function="print_page") for n in ("41", "52"))
    other = FAULT.format(n="41", function="print_label")
    assert crash(one, "SIGSEGV") == crash(two, "SIGSEGV")
    assert crash(one, "SIGSEGV") != crash(other, "SIGSEGV")
    assert crash(one, "SIGSEGV") != crash(one, "SIGABRT")


@pytest.mark.parametrize(
    ("stack", "names"),
    [
        (JAVA, {"cls": ("Disk", "Net")}),
        (DOTNET, {"name": ("Post", "Cancel")}),
        (JAVASCRIPT, {"name": ("render", "save")}),
        (ONE_C, {"name": ("Реализация", "Поступление")}),
    ],
    ids=["Java", ".NET", "JavaScript", "1C"],
)
def test_stacks_of_other_languages(stack: str, names: dict[str, tuple[str, str]]) -> None:
    ((key, (name, another)),) = names.items()
    one = stack.format(n=12, hash="7f3a9c1e", **{key: name})
    two = stack.format(n=345, hash="0b1c2d3e", **{key: name})
    other = stack.format(n=12, hash="7f3a9c1e", **{key: another})
    assert crash(one) == crash(two)
    assert crash(one) != crash(other)


def test_a_dotnet_stack_in_russian_is_read_too() -> None:
    russian = DOTNET.format(n=1, name="Post").replace("   at ", "   в ").replace(" in C:", " в C:")
    other = DOTNET.format(n=1, name="Cancel").replace("   at ", "   в ").replace(" in C:", " в C:")
    assert crash(russian) == crash(DOTNET.format(n=2, name="Post"))
    assert crash(russian) != crash(other)


def test_without_a_stack_the_kind_of_the_end_and_the_program_decide() -> None:
    assert crash("", "SIGSEGV", application="ERP 3.1") == crash("", "SIGSEGV", application="ERP 3.2.1")
    assert crash("", "SIGSEGV", application="ERP") != crash("", "SIGSEGV", application="CRM")
    assert crash("", "SIGSEGV") != crash("", "SIGABRT")


def test_the_number_of_a_system_error_and_of_a_database_count() -> None:
    stack = PYTHON["posix"]
    assert len({crash(stack, "OSError", errno=28), crash(stack, "OSError", errno=30)}) == 2
    assert len({crash(stack, "E", sqlstate="23505"), crash(stack, "E", sqlstate="40001")}) == 2


def test_a_message_alone_is_known_without_its_numbers_and_names() -> None:
    def told(message: str) -> str:
        return fingerprint.of(Failure(action="run", message=message), None)

    assert told("Cannot open 'a.txt' of anna@example.org, 12 tries") == told(
        "Cannot open 'b.txt' of boris@example.org, 3 tries"
    )
    assert told("Cannot open the file") != told("Cannot close the file")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://erp.example.org/base", "https://anna:secret@ERP.example.org:443/other?token=1#x"),
        ("postgresql://db.example.org/a", "postgresql://u:p@db.example.org:5432/b"),
        ('Srvr="app1";Ref="base";', 'Srvr="APP1:1541";Ref="other";Usr="anna";Pwd="x";'),
        ("tcp://[::1]:9", "[::1]:9"),
    ],
)
def test_a_login_is_known_by_its_cause_and_its_server(one: str, other: str) -> None:
    assert login("tcp.refused", one) == login("tcp.refused", other)
    assert login("tcp.refused", one) != login("tcp.timeout", one)


def test_another_server_another_port_another_scheme() -> None:
    targets = [
        "https://a.example.org",
        "https://b.example.org",
        "https://a.example.org:8443",
        "http://a.example.org",
        "infobase:Sales",
        "infobase:Stock",
        'Srvr="a.example.org";Ref="b";',
    ]
    for one, other in combinations(targets, 2):
        assert login("tcp.refused", one) != login("tcp.refused", other)


def test_a_login_without_verdict_is_known_by_what_was_raised() -> None:
    def told(kind: str, target: str) -> str:
        return fingerprint.of(Failure(target=target, exception=ExceptionInfo(type=kind)), None)

    assert told("TimeoutError", "https://a.example.org/x") == told("TimeoutError", "https://a.example.org/y")
    assert told("TimeoutError", "https://a.example.org") != told("OSError", "https://a.example.org")


def test_it_is_the_same_in_another_process() -> None:
    code = (
        "from reporter.capture.failure import *\nfrom reporter.report import fingerprint\n"
        f"e = ExceptionInfo(type='KeyError', traceback={PYTHON['posix']!r}, chain=['A', 'B', 'C'])\n"
        "print(fingerprint.of(Failure(action='run', exception=e), None))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
    assert re.fullmatch(r"[0-9a-f]{16}\n", told.pop())


@given(st.text(max_size=400), st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_written_there_is_a_fingerprint(text: str, kind: str, target: str) -> None:
    for action in ("run", "login"):
        failure = Failure(
            action=action, target=target, message=text, exception=ExceptionInfo(type=kind, traceback=text)
        )
        assert re.fullmatch("[0-9a-f]{16}", fingerprint.of(failure, None))


@pytest.mark.parametrize(
    "piece", ["at ", 'File "', " (", "|", "| ", "{", "x@http://", "<", "a.", "$1", ":1", "/"]
)
def test_a_hostile_stack_is_read_in_linear_time(piece: str) -> None:
    # A quadratic pattern would take minutes here, and the test run would be stopped.
    assert crash(piece * (65_536 // len(piece)))
    assert crash(f"{piece * 50}\n" * 1_000)
