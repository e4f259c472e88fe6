"""The ready configuration for nginx and Apache, on the real servers, and what agents make of it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporter import publication
from reporter.diagnosis import notice_check, startup_notice
from reporter.settings.model import Settings
from reporter.settings.published import recall
from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent.parent
READY = ROOT / "packaging/webserver"
PATH = "/reporter/notice.json"
MESSAGE = "The accounts are being closed."
HOUR = timedelta(hours=1)

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
{user}
events {{ }}
http {{
    access_log off; types {{ text/html html; }} default_type text/plain;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/site; autoindex on; include {ready}/nginx.conf; }}
}}
"""
APACHE = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
DefaultRuntimeDir {folder}
{user}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule autoindex_module /usr/lib/apache2/modules/mod_autoindex.so
LoadModule expires_module /usr/lib/apache2/modules/mod_expires.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
DocumentRoot {folder}/site
<Directory {folder}/site>
    Options +Indexes
    Require all granted
    ExpiresActive On
    ExpiresDefault "access plus 1 month"
</Directory>
Include {ready}/apache.conf
"""
TEMPLATES = {"nginx": NGINX, "apache": APACHE}
USERS = {"nginx": "user root;", "apache": "User www-data\nGroup www-data"}


class Site:
    """A web server that runs, and the folder that it delivers."""

    def __init__(self, folder: Path, port: int) -> None:
        self.notice = folder / "site/reporter/notice.json"
        self.published = folder / "site/.well-known/reporter.json"
        self.port = port
        self.url = f"http://127.0.0.1:{port}{PATH}"

    def write(self, until: datetime, **given: Any) -> None:
        startup_notice.save(self.notice, startup_notice.compose(MESSAGE, until=until, **given))

    def ask(self, path: str = PATH, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def check(self, **given: Any) -> notice_check.Inspection:
        return notice_check.check_address(self.url, limit_s=20, **given)


@contextmanager
def running(kind: str, *before: str) -> Iterator[Site]:
    """A server of its own under a prefix of its own; ``before``: goes before its command."""
    # Not below pytest's folder: the server reads it under another account.
    folder = Path(tempfile.mkdtemp(prefix="reporter-site-"))
    folder.chmod(0o755)
    for name in ("site/reporter", "site/.well-known"):
        (folder / name).mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    config = folder / "server.conf"
    user = USERS[kind] if os.geteuid() == 0 else ""
    config.write_text(
        TEMPLATES[kind].format(folder=folder, port=port, ready=READY, user=user), encoding="utf-8"
    )
    command = {
        "nginx": ["/usr/sbin/nginx", "-p", str(folder), "-c", str(config), "-e", str(folder / "error.log")],
        "apache": ["/usr/sbin/apache2", "-d", str(folder), "-f", str(config), "-D", "FOREGROUND"],
    }[kind]
    log = (folder / "output").open("wb")
    with log, subprocess.Popen([*before, *command], stdout=log, stderr=log) as process:
        try:
            wait_until(lambda: process.poll() is not None or answers(port))
            assert process.poll() is None, (folder / "output").read_text(encoding="utf-8")
            yield Site(folder, port)
        finally:
            end(process, folder)
            shutil.rmtree(folder, ignore_errors=True)


def end(process: subprocess.Popen[bytes], folder: Path) -> None:
    """End the server by the number that it wrote down, which is not that of a program before it."""
    for name in ("nginx.pid", "apache.pid"):
        if (folder / name).exists():
            os.kill(int((folder / name).read_text(encoding="ascii")), 15)
            break
    else:
        process.terminate()
    process.wait(30)


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


@pytest.fixture(params=["nginx", "apache"], scope="module")
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with running(request.param) as found:
        yield found


@pytest.fixture
def agent(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The verdict of a whole agent on a target; ``before``: goes before its command."""

    def diagnose(site: Site, target: str, *before: str) -> dict[str, Any]:
        run = subprocess.run(
            [*before, sys.executable, "-m", "reporter", "diagnose", target, "--deadline", "20", "--json"],
            cwd=ROOT,
            env={
                **os.environ,
                "REPORTER_HOME": str(tmp_path / "home"),
                "REPORTER_SETTINGS": os.devnull,
                "REPORTER_STATUS_URL": site.url,
            },
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert run.returncode == 1, run.stderr
        return dict(json.loads(run.stdout))

    return diagnose


@pytest.fixture
def refused() -> str:
    """A target where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_the_check_finds_nothing_to_say_but_that_it_is_plain_http(site: Site) -> None:
    site.write(datetime.now(UTC) + HOUR, messages={"ru": "Закрываем месяц."})
    found = site.check()
    assert found.is_shown
    assert found.faults == []
    assert len(found.remarks) == 1
    assert "plain http" in found.remarks[0]
    assert [words.message for words in found.words] == [MESSAGE, "Закрываем месяц.", MESSAGE]
    assert found.served is not None
    assert found.served.revalidates
    assert found.served.content_type.replace(" ", "").lower() == "application/json;charset=utf-8"
    assert found.served.cache_control == "no-cache"
    assert found.served.last_modified


def test_an_unchanged_notice_is_confirmed_and_a_changed_one_is_sent_even_within_the_same_second(
    site: Site,
) -> None:
    end = datetime.now(UTC) + HOUR
    site.write(end)
    first = site.ask()
    etag = first.headers["ETag"]
    again = site.ask(If_None_Match=etag)
    assert (first.status, again.status) == (200, 304)
    assert again.headers["Cache-Control"] == "no-cache"
    # The same length, at once: only the date of the file tells them apart.
    site.write(end + timedelta(seconds=1))
    assert site.ask(If_None_Match=etag).status == 200


def test_there_is_nothing_to_write_list_or_run(site: Site) -> None:
    site.write(datetime.now(UTC) + HOUR)
    assert site.ask(method="HEAD").status == 200
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert site.ask(method=method).status in (403, 405), method
    assert site.ask("/reporter/").status in (403, 404)
    site.notice.unlink()
    assert site.ask().status == 404
    assert site.ask().headers["Cache-Control"] == "no-cache"


def test_the_agent_shows_the_text_until_the_time(
    site: Site, agent: Callable[..., dict[str, Any]], refused: str
) -> None:
    until = (datetime.now(UTC) + HOUR).replace(microsecond=0)
    site.write(until)
    verdict = agent(site, refused)
    assert (verdict["cause"], verdict["runner_up"]) == ("app.maintenance", "tcp.refused")
    assert verdict["evidence"]["service_notice"]["message"] == MESSAGE
    assert datetime.fromisoformat(verdict["retry_at"]) == until


def test_a_cleared_notice_and_one_about_another_target_are_not_shown(
    site: Site, agent: Callable[..., dict[str, Any]], refused: str
) -> None:
    site.write(datetime.now(UTC) + HOUR, targets=["https://other.example.org"])
    assert agent(site, refused)["cause"] == "tcp.refused"
    site.write(datetime.now(UTC) + HOUR, targets=[refused])
    assert agent(site, refused)["cause"] == "app.maintenance"
    startup_notice.save(site.notice, startup_notice.nothing())
    assert agent(site, refused)["cause"] == "tcp.refused"


@pytest.mark.parametrize("skew", ["+26h", "-26h"])
def test_a_wrong_clock_of_the_computer_neither_hides_nor_keeps_it(
    site: Site, agent: Callable[..., dict[str, Any]], refused: str, skew: str
) -> None:
    site.write(datetime.now(UTC) + HOUR)
    verdict = agent(site, refused, "faketime", "-f", skew)
    assert verdict["cause"] == "app.maintenance"
    left = datetime.fromisoformat(verdict["retry_at"]) - datetime.fromisoformat(
        verdict["evidence"]["taken_at"]
    )
    assert timedelta(minutes=50) < left < timedelta(minutes=65), "by the computer's own clock"


@pytest.mark.parametrize("kind", ["nginx", "apache"])
@pytest.mark.parametrize("skew", ["+3h", "-3h"])
def test_the_clock_of_the_server_counts(
    kind: str, skew: str, agent: Callable[..., dict[str, Any]], refused: str
) -> None:
    with running(kind, "faketime", "-f", skew) as late_or_early:
        now = datetime.now(UTC)
        is_late = skew.startswith("+")
        # To this computer's clock it is not over, or has been over for long: not so to the server's.
        document = startup_notice.compose(MESSAGE, until=now + (HOUR if is_late else -HOUR))
        startup_notice.save(late_or_early.notice, document)
        found = late_or_early.check()
        assert found.outcome == ("expired" if is_late else "valid")
        assert any("clock is" in remark for remark in found.remarks)
        cause = agent(late_or_early, refused)["cause"]
        assert cause == ("tcp.refused" if is_late else "app.maintenance")


def test_published_settings_are_read_and_confirmed(site: Site, tmp_path: Path) -> None:
    environ = {"REPORTER_HOME": str(tmp_path)}
    target = f"http://127.0.0.1:{site.port}/base"
    site.published.write_text('{"help_text": "Call 5555."}', encoding="utf-8")
    states = [
        publication.refresh(target, Settings(), environ, at_once=True, limit_s=20).state for _ in range(2)
    ]
    assert states == ["kept", "unchanged"]
    assert recall(target, environ) == {"help_text": "Call 5555."}


def test_the_file_for_iis_is_whole_and_says_the_same() -> None:
    # IIS itself does not run here: this checks the structure, not the server.
    root = ET.parse(READY / "reporter/web.config").getroot().find("system.webServer")  # noqa: S314 - our own
    assert root is not None

    def attribute(path: str, name: str) -> str | None:
        element = root.find(path)
        assert element is not None, path
        return element.get(name)

    assert attribute("directoryBrowse", "enabled") == "false"
    assert attribute("staticContent/mimeMap", "mimeType") == "application/json; charset=utf-8"
    assert attribute("staticContent/clientCache", "cacheControlMode") == "DisableCache"
    assert attribute("staticContent/clientCache", "setEtag") == "true"
    verbs = root.findall("security/requestFiltering/verbs/add")
    assert {verb.get("verb") for verb in verbs} == {"GET", "HEAD"}
