"""Exceptions nobody caught open the dialog; the hooks that were there keep their effect."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capture.hosts import INSTALL, PREAMBLE, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


HOOKED = """
before = sys.excepthook
def mine(*arguments):
    print("my own hook", file=sys.stderr)
    before(*arguments)
sys.excepthook = mine
reporter.install(application="ERP", version="3.1")
reporter.install(application="ERP", version="3.2")
"""
THREAD = """
def work():
    raise OSError("in a thread")
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
TASK = """
import asyncio
async def main():
    async def work():
        raise KeyError("in a task")
    asyncio.get_running_loop().create_task(work())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    import gc
    gc.collect()
asyncio.run(main())
"""
CALLBACK = """
import asyncio
def work():
    raise KeyError("in a callback")
loop = asyncio.new_event_loop()
loop.call_soon(work)
loop.call_soon(loop.stop)
loop.run_forever()
loop.close()
"""
UNRAISABLE = """
class Dies:
    def __del__(self):
        raise KeyError("in __del__")
Dies()
"""
AT_EXIT = """
import atexit
def work():
    raise KeyError("at exit")
atexit.register(work)
"""


def test_an_unhandled_exception_is_told_after_the_hosts_own_hook(stage: Stage) -> None:
    ended = stage.run("raise KeyError('lost')", install=HOOKED)
    assert ended.returncode == 1
    assert "my own hook" in ended.stderr
    assert "KeyError: 'lost'" in ended.stderr
    failure = stage.failure()
    assert failure["action"] == "run"
    assert failure["exception"]["type"] == "KeyError"
    assert failure["application"] == {"name": "ERP", "version": "3.2"}


@pytest.mark.parametrize(
    ("body", "message", "printed"),
    [
        (THREAD, "in a thread", "Exception in thread"),
        (TASK, "'in a task'", "Task exception was never retrieved"),
        (CALLBACK, "'in a callback'", "Exception in callback"),
        (UNRAISABLE, "'in __del__'", "Exception ignored in"),
        (AT_EXIT, "'at exit'", "Exception ignored in atexit"),
    ],
    ids=["thread", "task", "callback", "unraisable", "atexit"],
)
def test_wherever_it_was_raised(stage: Stage, body: str, message: str, printed: str) -> None:
    ended = stage.run(body)
    assert ended.returncode == 0
    assert printed in ended.stderr
    assert ended.stderr.count("Traceback") == 1
    failure = stage.failure()
    assert failure["message"] == message
    assert "Traceback" in failure["exception"]["traceback"]


@pytest.mark.parametrize("install", [INSTALL, f"import asyncio\n{INSTALL}"], ids=["imported later", "before"])
def test_a_loop_made_at_any_time_is_heard(stage: Stage, install: str) -> None:
    stage.run(CALLBACK, install=install)
    assert stage.failure()["message"] == "'in a callback'"


def test_asyncio_is_not_imported_for_a_host_that_does_not_use_it(stage: Stage) -> None:
    code = (
        "import sys, reporter\nreporter.install(native=False)\n"
        "print([name for name in ('asyncio', 'msgspec', 'subprocess', 'traceback') if name in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], env=stage.environ(), capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"


def test_a_loops_own_handler_keeps_its_place(stage: Stage) -> None:
    own = CALLBACK.replace(
        "loop.call_soon(work)",
        "loop.set_exception_handler(lambda loop, context: print('mine'))\nloop.call_soon(work)",
    )
    ended = stage.run(own)
    assert ended.stdout.strip() == "mine"
    assert stage.is_quiet()


def test_a_loops_own_handler_that_calls_the_default_is_heard(stage: Stage) -> None:
    own = CALLBACK.replace(
        "loop.call_soon(work)",
        "loop.set_exception_handler(lambda loop, context: loop.default_exception_handler(context))\n"
        "loop.call_soon(work)",
    )
    stage.run(own)
    assert stage.failure()["message"] == "'in a callback'"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("raise SystemExit(5)", 5),
        ("raise KeyboardInterrupt", -2),
        ("pass", 0),
        ("raise BaseExceptionGroup('both', [ValueError(), KeyboardInterrupt()])", 1),
        ("raise BaseExceptionGroup('deep', [BaseExceptionGroup('', [SystemExit(3)])])", 1),
        ("import asyncio\nraise asyncio.CancelledError", 1),
        ("os._exit(7)", 7),
        ("import signal\nos.kill(os.getpid(), signal.SIGTERM)", -15),
        (THREAD.replace('OSError("in a thread")', "SystemExit"), 0),
    ],
)
def test_an_end_that_was_meant_is_no_crash(body: str, status: int, stage: Stage) -> None:
    ended = stage.run(body)
    assert ended.returncode == status
    assert stage.is_quiet()


def test_a_hook_of_the_host_that_raises_is_printed_and_the_crash_is_told(stage: Stage) -> None:
    install = f"def mine(*_): raise ValueError('my hook')\nsys.excepthook = mine\n{INSTALL}"
    ended = stage.run("raise KeyError('lost')", install=install)
    assert ended.returncode == 1
    assert "Error in sys.excepthook" in ended.stderr
    assert stage.failure()["exception"]["type"] == "KeyError"


def test_local_variables_and_arguments_do_not_travel(stage: Stage, tmp_path: Path) -> None:
    script = tmp_path / "host.py"
    body = "def work(password):\n    token = password + password\n    raise KeyError(len(token))\n"
    script.write_text(f"import os, sys\n{body}exec(os.environ['SETUP'])\nwork(sys.argv[1])\n")
    setup = PREAMBLE + INSTALL.replace(")", ", restart=True)")
    subprocess.run(
        [sys.executable, str(script), "planted-marker"],
        env=stage.environ(SETUP=setup),
        capture_output=True,
        timeout=60,
        check=False,
    )
    (opening,) = stage.openings()
    assert opening["restart"][1:] == [str(script), "planted-marker"]
    assert "in work" in opening["failure"]["exception"]["traceback"]
    assert "planted" not in str(opening["failure"])


# A program that is going down is not given the final push.

HOSTILE = {
    "its text raises": "class E(Exception):\n def __str__(self): raise ValueError\nraise E",
    "its text ends the process": "class E(Exception):\n def __str__(self): raise SystemExit(9)\nraise E",
    "its text is no text": "class E(Exception):\n def __str__(self): return 5\nraise E",
    "its text is endless": "raise ValueError('x' * 50_000_000)",
    "its text has half characters": r"raise ValueError('\udcff\ud800')",
    "its number is too large": "raise OSError(10**40, 'x')",
    "its attributes raise": (
        "class E(Exception):\n def __getattribute__(self, name): raise ZeroDivisionError\nraise E('x')"
    ),
    "its properties raise": (
        "class E(Exception):\n response = reason = args = __cause__ = __context__ = exceptions = __notes__ = "
        "property(lambda self: 1 / 0)\nraise E('x')"
    ),
    "its type has odd names": (
        "class M(type):\n __module__ = property(lambda c: 1 / 0)\n"
        "class E(Exception, metaclass=M): pass\nraise E('x')"
    ),
    "a text of its own kind": (
        "class T(str):\n def __len__(self): return 10**9\n def __getitem__(self, i): raise ValueError\n"
        "class E(Exception):\n def __str__(self): return T('x')\nraise E"
    ),
    "a deep recursion": "def f(): f()\nf()",
    "a very deep recursion": "import sys\nsys.setrecursionlimit(20_000)\ndef f(): f()\nf()",
    "a chain without end": (
        "e = ValueError(0)\nfor i in range(5_000):\n n = ValueError(i)\n n.__context__ = e\n e = n\nraise e"
    ),
    "a chain in a circle": "a, b = ValueError(1), ValueError(2)\na.__cause__, b.__cause__ = b, a\nraise a",
    "a wide group": "raise ExceptionGroup('wide', [ValueError(i) for i in range(100_000)])",
    "a deep group": ("e = ValueError(0)\nfor i in range(150): e = ExceptionGroup('deep', [e])\nraise e"),
    "a group that holds itself": (
        "class G(ExceptionGroup):\n exceptions = property(lambda self: (self, self))\n"
        "raise G('self', [ValueError(1)])"
    ),
    "a lost folder": "os.mkdir('lost')\nos.chdir('lost')\nos.rmdir('../lost')\nraise ValueError",
    "no streams": "sys.stdout = sys.stderr = None\nraise ValueError",
    "closed streams": "for n in (0, 1, 2): os.close(n)\nraise ValueError",
    "no modules": "sys.meta_path.clear()\nraise ValueError",
}
QUIET = {"no modules"}
ENDLESS_FOR_PYTHON = {"a group that holds itself"}  # since 3.13 its own printing of one does not end


@pytest.mark.parametrize("kind", HOSTILE)
def test_no_second_crash(kind: str, stage: Stage) -> None:
    silence = "sys.excepthook = lambda *_: None\n" if kind in ENDLESS_FOR_PYTHON else ""
    ended = stage.run(HOSTILE[kind], install=silence + INSTALL)
    # 120 is what older Pythons end with where what they print last cannot be written.
    assert ended.returncode in ((1, 120) if kind == "closed streams" else (1,)), ended.stderr[-3000:]
    assert "reporter/capture" not in ended.stderr.replace("\\", "/")
    if kind in QUIET:
        assert stage.is_quiet()
    else:
        failure = stage.failure()
        assert len(failure["exception"]["traceback"]) < 70_000
        assert failure["exception"]["type"]


def test_an_agent_that_cannot_be_started_is_no_second_crash(stage: Stage) -> None:
    ended = stage.run("program.agent_command = lambda: ['/nonexistent']\nraise KeyError('lost')")
    assert ended.returncode == 1
    assert ended.stderr.count("Traceback") == 1


def test_an_agent_that_does_not_listen_holds_nobody(stage: Stage) -> None:
    deaf = (
        "from reporter.capture import crash\ncrash.HANDOVER_LIMIT_S = 0.2\n"
        "deaf = 'import os, time; os.close(2); time.sleep(600)'\n"
        "program.agent_command = lambda: [sys.executable, '-c', deaf]\n"
        "import subprocess\nstart = subprocess.Popen\n"
        "def popen(*a, **k):\n"
        " p = start(*a, **k)\n print(p.pid, flush=True)\n return p\nsubprocess.Popen = popen\n"
        "raise KeyError('long' * 100_000, *('x' * 20_000 for _ in range(10)))"
    )
    install = (
        f"from reporter.capture import failure, backtrace\nfailure.MESSAGE_LIMIT_CHARS = 10**6\n{INSTALL}"
    )
    ended = stage.run(deaf, install=install)
    os.kill(int(ended.stdout), signal.SIGKILL)  # it still slept when the host had ended
    assert ended.returncode == 1
    assert "Fatal" not in ended.stderr


def test_memory_that_ran_out_is_told(stage: Stage) -> None:
    ended = stage.run(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (600_000_000, 600_000_000))\n"
        "kept = []\nwhile True: kept.append(bytes(4_000 + len(kept)))"
    )
    assert ended.returncode == 1
    assert "MemoryError" in ended.stderr
    assert "reporter/capture" not in ended.stderr
    assert stage.failure()["exception"]["type"] == "MemoryError"


def test_a_full_disk_is_no_second_crash(stage: Stage) -> None:
    full = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "listener = 'import sys; sys.stderr.write(sys.stdin.readline())'\n"
        "program.agent_command = lambda: [sys.executable, '-c', listener]\n"
    )
    ended = stage.run(f"{INSTALL}raise KeyError('lost')", install=full)
    assert '"type":"KeyError"' in ended.stderr
    assert ended.returncode == 1
    assert ended.stderr.count("\nTraceback") == 0
    assert not stage.crashes()


def test_a_storm_opens_one_dialog_and_the_rest_is_counted(stage: Stage) -> None:
    storm = """
def work(): raise OSError("storm")
threads = [threading.Thread(target=work) for _ in range(1000)]
for thread in threads: thread.start()
for thread in threads: thread.join()
from reporter.capture import crash
crash._installed.throttle._clock = lambda: time.monotonic() + 61
raise KeyError("another")
"""
    stage.run(storm)
    openings = stage.openings(2)
    kinds = {opening["failure"]["exception"]["type"]: opening["failure"] for opening in openings}
    assert set(kinds) == {"OSError", "KeyError"}
    # Those that came while the first dialog was being opened are told there.
    told = [re.search(r"(\d+) further exceptions", kind["exception"]["traceback"]) for kind in kinds.values()]
    assert sum(int(found[1]) for found in told if found) == 999


def test_an_object_that_dies_while_a_crash_is_told_is_counted_not_waited_for(stage: Stage) -> None:
    ended = stage.run(
        "class Dies:\n def __del__(self): raise ValueError('inner')\n"
        "class E(Exception):\n def __str__(self):\n  Dies()\n  return 'outer'\nraise E",
        install=f"sys.excepthook = lambda *_: None  # which would ask for the text too\n{INSTALL}",
    )
    assert ended.returncode == 1
    assert stage.failure()["message"] == "outer"


@pytest.mark.parametrize(
    "body",
    [
        "import builtins\nbuiltins.late = type('D', (), {'__del__': lambda self: 1 / 0})()",
        "class D:\n def __del__(self): raise ValueError\nd = D()\nd.d = d\nsys.keep = d",
    ],
)
def test_at_the_very_end_of_the_interpreter_it_stays_quiet(body: str, stage: Stage) -> None:
    ended = stage.run(body)
    assert ended.returncode == 0
    assert "reporter/capture" not in ended.stderr
    assert len(list(stage.heard.glob("*.json"))) <= 1


def test_a_forked_child_stays_quiet_until_it_installs_itself(stage: Stage) -> None:
    ended = stage.run("pid = os.fork()\nif pid: os.waitpid(pid, 0)\nraise KeyError('both')")
    assert ended.returncode == 1
    assert len(stage.openings()) == 1
    stage.run(
        "pid = os.fork()\nif not pid:\n reporter.install(application='Child')\n raise KeyError('child')\n"
        "os.waitpid(pid, 0)"
    )
    assert [o["failure"]["application"]["name"] for o in stage.openings(2)].count("Child") == 1


def test_another_interpreter_in_the_process_is_no_trouble(stage: Stage) -> None:
    code = "import reporter\nreporter.install(application='Inner')\nraise KeyError('inner')"
    ended = stage.run(
        "try:\n import _interpreters as subs\nexcept ImportError:\n import _xxsubinterpreters as subs\n"
        f"one = subs.create()\ncode = {code!r}\n"
        "try:\n told = (getattr(subs, 'run_string', None) or subs.exec)(one, code)\n"
        "except Exception as error: told = error\n"
        "print(told)\nsubs.destroy(one)\nraise KeyError('outer')"
    )
    assert ended.returncode == 1, ended.stderr
    assert "inner" in ended.stdout
    assert "Fatal" not in ended.stderr
    assert "'outer'" in [opening["failure"]["message"] for opening in stage.openings()]
