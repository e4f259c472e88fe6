"""Nothing leaks: markers planted in every input are in no byte of what the real commands make.

A computer is set up whose every corner holds a marker of its own. One report is made by ``reporter report``,
one by a host whose guarded login fails. Every file of both bundles is unpacked and looked through.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reporter.demo.servers import closed_port
from tests.waiting import wait_until

LIMIT_S = 60

# Where each marker is planted. Random-looking, so that no other text can hold them.
MARKERS = {
    "environment": "Mk7Qenv41",
    "argument of the host": "Mk7Qarg42",
    "argument after a password option": "Mk7Qopt43",
    "local variable": "Mk7Qloc44",
    "argument of a function": "Mk7Qfun45",
    "user of the address": "Mk7Qusr46",
    "password of the address": "Mk7Qpwd47",
    "query of the address": "Mk7Qqry48",
    "fragment of the address": "Mk7Qfrg49",
    "password in a message": "Mk7Qmsg50",
    "connection string": "Mk7Qcon51",
    "traceback": "Mk7Qtrc52",
    "response header": "Mk7Qhdr53",
    "password in a log": "Mk7Qlpw54",
    "cookie in a log": "Mk7Qlck55",
    "private key in a log": "Mk7Qlky56",
    "name of a log": "Mk7Qlnm57",
    "e-mail address in a log": "mk7qeml58",
    "log outside the allowed folder": "Mk7Qout59",
    "unlisted log beside it": "Mk7Qbes60",
    "password in the story": "Mk7Qsty61",
    "password in a question": "Mk7Qqst62",
    "settings address": "Mk7Qset63",
    "proxy credentials": "Mk7Qprx64",
    "user name": "mk7quser65",
    "host name": "mk7qhost66",
    "home folder": "Mk7Qhome67",
    "content of a configuration file": "Mk7Qcfg68",
    "member the document does not know": "Mk7Qunk69",
    "clipboard": "Mk7Qclp70",
    "password in a log of two-byte letters": "Mk7Qwid71",
    "password in a packed log": "Mk7Qgzp72",
    "password in a notice of the settings": "Mk7Qhlp73",
    "title of a window": "Mk7Qwin74",
}
# The fakes of a computer's own names, loaded by every Python process of it.
FAKES = """
import getpass, os, platform, socket
_real = os.uname()
_name = {host!r}
socket.gethostname = lambda: _name
socket.getfqdn = lambda name="": _name + ".corp.example.org"
platform.node = lambda: _name
os.uname = lambda: os.uname_result((_real.sysname, _name, _real.release, _real.version, _real.machine))
getpass.getuser = lambda: {user!r}
"""
# What it knows comes from a file: lines of source code travel in a traceback, values do not.
HOST = """
import json, pathlib, sys, reporter

known = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())

def login(secret):
    local = known["local"]
    raise ConnectionRefusedError(111, known["message"])

try:
    reporter.guard(lambda: login(known["function"]), target=known["target"], application="ERP", version="1.0")
except ConnectionRefusedError:
    sys.exit(3)
"""


# Somebody else's window, whose title and whose clipboard are nobody's business.
NEIGHBOUR = """
import sys, tkinter

window = tkinter.Tk()
window.title(sys.argv[1])
window.clipboard_clear()
window.clipboard_append(sys.argv[2])
window.update()
print("ready", flush=True)
window.mainloop()
"""


@contextmanager
def desktop() -> Iterator[str]:
    """The name of a display on which another program holds the clipboard; empty where there is none."""
    if shutil.which("Xvfb") is None:
        yield ""
        return
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp"], pass_fds=[writer], stderr=subprocess.DEVNULL
    )
    os.close(writer)
    with os.fdopen(reader) as answer:
        name = f":{answer.readline().strip()}"
    neighbour = subprocess.Popen(
        [sys.executable, "-c", NEIGHBOUR, MARKERS["title of a window"], MARKERS["clipboard"]],
        env={**os.environ, "DISPLAY": name},
        stdout=subprocess.PIPE,
    )
    try:
        assert neighbour.stdout is not None
        assert neighbour.stdout.readline() == b"ready\n"
        yield name
    finally:
        neighbour.terminate()
        neighbour.communicate()
        server.terminate()
        server.wait()


class Computer:
    """Full of markers."""

    def __init__(self, folder: Path, display: str) -> None:
        m = MARKERS
        self.home = folder / m["home folder"]
        self.logs = self.home / "logs"
        self.logs.mkdir(parents=True)
        fakes = folder / "fakes"
        fakes.mkdir()
        (fakes / "sitecustomize.py").write_text(FAKES.format(host=m["host name"], user=m["user name"]))
        self.target = (
            f"https://{m['user of the address']}:{m['password of the address']}@127.0.0.1:{closed_port()}"
            f"/base?session={m['query of the address']}#{m['fragment of the address']}"
        )
        self._plant_logs(folder)
        configuration = self.home / "erp.ini"
        configuration.write_text(f"Pwd={m['content of a configuration file']}\n")
        proxy = f"http://u:{m['proxy credentials']}@127.0.0.1:9"
        settings = self.home / "settings.toml"
        settings.write_text(
            f"attach_logs = [{json.dumps(str(self.logs / '*.log'))}]\n"
            f"application_files = [{json.dumps(str(configuration))}]\n"
            f"help_text = 'Call us, password: {m['password in a notice of the settings']}'\n"
            f'status_url = "https://127.0.0.1:9/notice?key={m["settings address"]}"\n'
            f'endpoint = "http://127.0.0.1:{closed_port()}/reports"\n'
        )
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{fakes}{os.pathsep}{Path.cwd()}",
            "HOME": str(self.home),
            "USER": m["user name"],
            "LOGNAME": m["user name"],
            "HOSTNAME": m["host name"],
            "LANG": "C.UTF-8",
            "DISPLAY": display,
            "SECRET_TOKEN": m["environment"],
            "MY_HARMLESS_VARIABLE": m["environment"],
            "https_proxy": proxy,
            "HTTPS_PROXY": proxy,
            "no_proxy": "127.0.0.1",
            "REPORTER_HOME": str(self.home / "reporter"),
            "REPORTER_SETTINGS": str(settings),
            "REPORTER_FACE": "none",
            "REPORTER_LANGUAGE": "en",
        }

    def _plant_logs(self, folder: Path) -> None:
        m = MARKERS
        (self.logs / "app.log").write_text(
            "2026-11-22 started\n"
            f"2026-11-22 login anna password={m['password in a log']}\n"
            f"2026-11-22 Cookie: session={m['cookie in a log']}\n"
            f"2026-11-22 mail to {m['e-mail address in a log']}@example.org\n"
            f"2026-11-22 reading {self.home}/erp.ini as {m['user name']} on {m['host name']}\n"
            f"-----BEGIN PRIVATE KEY-----\n{m['private key in a log']}\n-----END PRIVATE KEY-----\n"
        )
        (self.logs / f"password={m['name of a log']}.log").write_text("well\n")
        wide = f"well\npassword={m['password in a log of two-byte letters']}\n" * 9
        (self.logs / "wide.log").write_bytes(wide.encode("utf-16"))
        packed = f"well\npassword={m['password in a packed log']}\n" * 9
        (self.logs / "wide.log.1.gz").write_bytes(gzip.compress(packed.encode()))
        os.utime(self.logs / "wide.log.1.gz", (1, 1))
        (self.logs / "app.txt").write_text(m["unlisted log beside it"])
        (folder / "outside.log").write_text(f"{m['log outside the allowed folder']}\n")
        (self.logs / "link.log").symlink_to(folder / "outside.log")

    def failure(self) -> dict[str, Any]:
        """A failure document whose every text holds a secret."""
        m = MARKERS
        secret = f"password={m['password in a message']}"
        return {
            "target": self.target,
            "message": f"refused, {secret}; Pwd={m['connection string']};",
            "exception": {
                "type": "ConnectionRefusedError",
                "message": f"refused {self.target} {secret}",
                "traceback": f'File "{self.home}/a.py", line 1, in f\n  call(password="{m["traceback"]}")\n',
                "errno": 111,
                "locals": {"x": m["member the document does not know"]},
            },
            "response": {
                "status": 503,
                "headers": {"Set-Cookie": m["response header"]},
                "problem": {"detail": "well", "cookie": m["response header"]},
            },
            "argv": [m["member the document does not know"]],
        }

    def run(self, *command: str, given: str = "", status: int = 0) -> bytes:
        """The standard output of a process of this computer."""
        ended = subprocess.run(
            [sys.executable, *command],
            input=given.encode(),
            capture_output=True,
            env=self.environment,
            timeout=LIMIT_S,
            check=False,
        )
        assert ended.returncode == status, ended.stderr.decode()
        return ended.stdout

    def reported(self, output: Path) -> None:
        """By the command."""
        m = MARKERS
        self.run(
            *("-m", "reporter", "report", "-", "--output", str(output)),
            *("--story", f"My password: {m['password in the story']}"),
            *("--question", f"Is password={m['password in a question']} right?"),
            given=json.dumps(self.failure()),
        )

    def guarded(self, output: Path) -> None:
        """By a host whose login fails."""
        m = MARKERS
        self.environment["REPORTER_SUBMISSION"] = "auto"
        script = self.home / "host.py"
        script.write_text(HOST)
        known = {
            "local": m["local variable"],
            "function": m["argument of a function"],
            "message": f"refused, password={m['password in a message']} "
            f'Srvr="a";Usr="b";Pwd="{m["connection string"]}";',
            "target": self.target,
        }
        script.with_suffix(".json").write_text(json.dumps(known))
        arguments = (m["argument of the host"], "--password", m["argument after a password option"])
        self.run(str(script), *arguments, status=3)

        def waiting() -> list[dict[str, Any]]:
            listed = json.loads(self.run("-m", "reporter", "queue", "list", "--json"))
            return listed if isinstance(listed, list) else list(listed["reports"])

        wait_until(lambda: bool(waiting()))
        self.run("-m", "reporter", "queue", "export", waiting()[0]["reference"], str(output))


def unpacked(path: Path) -> bytes:
    """Every byte of a bundle: names, contents, and what its texts encode."""
    with zipfile.ZipFile(path) as archive:
        parts = [*(name.encode() for name in archive.namelist()), *map(archive.read, archive.namelist())]
    return b"\n".join(parts)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    made = {}
    with desktop() as display:
        for way in ("reported", "guarded"):
            folder = tmp_path_factory.mktemp("computer")
            computer = Computer(folder, display)
            getattr(computer, way)(folder / "report.zip")
            made[way] = unpacked(folder / "report.zip")
            shutil.rmtree(computer.home / "reporter" / "spool", ignore_errors=True)  # which ends a courier
    return made


def forms(marker: str) -> Iterator[bytes]:
    """The ways in which a marker could stand in a file."""
    yield marker.lower().encode()
    yield marker.lower().encode("utf-16-le")
    yield marker[::-1].lower().encode()


@pytest.mark.parametrize("way", ["reported", "guarded"])
@pytest.mark.parametrize("place", MARKERS)
def test_a_marker_is_in_no_byte_of_the_bundle(bundles: dict[str, bytes], way: str, place: str) -> None:
    content = bundles[way]
    folded = content.lower()
    found = [form for form in forms(MARKERS[place]) if form in folded]
    hidden = [start for start in range(3) if base64_core(MARKERS[place], start) in content]
    assert not found, re.findall(rb"(?i)[^\n]{0,60}" + MARKERS[place].encode() + rb"[^\n]{0,30}", content)[:3]
    assert not hidden


def base64_core(marker: str, start: int) -> bytes:
    """The part of a marker's base64 that does not depend on what stands around it."""
    whole = base64.b64encode(b"\0" * start + marker.encode())
    return whole[4 if start else 0 : len(whole) - 4]


@pytest.mark.parametrize("way", ["reported", "guarded"])
def test_the_reports_are_real_ones(bundles: dict[str, bytes], way: str) -> None:
    content = bundles[way]
    assert b'"schema": "report/2"' in content
    assert b"ConnectionRefusedError" in content
    assert b'"tcp.refused"' in content
    assert b"2026-11-22 started" in content, "the log that was named goes along"
    assert content.count(b"well\npassword=<secret>") == 18, "so do the wide one and the packed one before it"
