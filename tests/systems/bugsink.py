"""A Bugsink of this computer, from PyPI: installed once into ``.cache``, started on loopback for a test."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from reporter.demo.servers import closed_port
from tests.waiting import wait_until

REQUIREMENT = "bugsink~=2.6.0"
HOME = Path(__file__).parents[2] / ".cache" / "bugsink"
SETTINGS = """
SECURE_PROXY_SSL_HEADER = None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
USE_X_REAL_IP = False
ALLOWED_HOSTS = ["127.0.0.1"]
BUGSINK["BASE_URL"] = "http://127.0.0.1:{port}"
BUGSINK["PHONEHOME"] = False
BUGSINK["VALIDATE_ON_DIGEST"] = "strict"
"""
PROJECT = """
from teams.models import Team
from projects.models import Project
project = Project.objects.create(name="client", team=Team.objects.create(name="support"))
print("DSN=" + project.dsn)
"""
USER, PASSWORD = "support@example.org", "support"


def programs() -> Path:
    """The folder with Bugsink's programs; installs them when they are not there, or not of this Python."""
    venv = HOME / "venv"
    ready = HOME / "ready"
    wanted = f"{REQUIREMENT} {sys.version}"
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(HOME, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, REQUIREMENT], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return venv / "bin"


class Bugsink:
    """Runs in ``folder`` until it is closed. ``address``: of the destination that reports go to."""

    def __init__(self, folder: Path) -> None:
        self._bin = programs()
        self._folder = folder
        self.port = closed_port()
        self._environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REPORTER_")},
            "DJANGO_SETTINGS_MODULE": "bugsink_conf",
            "PYTHONPATH": str(folder),
            "CREATE_SUPERUSER": f"{USER}:{PASSWORD}",
        }
        self._set_up()
        self._processes = [
            self._start("gunicorn", "--bind", f"127.0.0.1:{self.port}", "--threads", "4", "bugsink.wsgi"),
            self._start("bugsink-runsnappea"),
        ]
        try:
            wait_until(self._is_ready)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(30)

    def events(self) -> list[dict[str, Any]]:
        """Every event that was digested, with all that is kept of it."""
        listed = [self._asked(f"events/?issue={issue['id']}")["results"] for issue in self.issues()]
        return [self._asked(f"events/{event['id']}/") for events in listed for event in events]

    def issues(self) -> list[dict[str, Any]]:
        """The issues of the project, each of one fingerprint."""
        issues: list[dict[str, Any]] = self._asked("issues/?project=1")["results"]
        return issues

    def schema(self) -> Any:
        """The JSON Schema by which it checks events, Sentry's own."""
        [file] = (HOME / "venv").rglob("api/event.schema.altered.json")
        return json.loads(file.read_text(encoding="utf-8"))

    def log(self) -> str:
        """What the processes wrote."""
        return "".join(path.read_text(encoding="utf-8") for path in self._folder.glob("*.log"))

    def _set_up(self) -> None:
        self._run(
            "bugsink-create-conf",
            "--template=singleserver",
            "--host=127.0.0.1",
            f"--port={self.port}",
            f"--base-dir={self._folder}",
        )
        with (self._folder / "bugsink_conf.py").open("a", encoding="utf-8") as file:
            file.write(SETTINGS.format(port=self.port))
        self._run("bugsink-manage", "migrate", "-v0")
        self._run("bugsink-manage", "migrate", "snappea", "--database=snappea", "-v0")
        self._run("bugsink-manage", "prestart")
        [dsn] = re.findall("DSN=(.+)", self._run("bugsink-manage", "shell", "-v0", "-c", PROJECT))
        self.address = f"sentry+{dsn}"
        self._token = self._run("bugsink-manage", "create_auth_token").split()[-1]

    def _run(self, program: str, *arguments: str) -> str:
        ended = subprocess.run(
            [self._bin / program, *arguments],
            cwd=self._folder,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{program}.log").open("wb") as log:
            return subprocess.Popen(
                [self._bin / program, *arguments],
                cwd=self._folder,
                env=self._environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError):
            return False

    def _asked(self, what: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/canonical/0/{what}",
            headers={"Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
