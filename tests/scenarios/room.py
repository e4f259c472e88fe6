"""A room: a computer and the network around it for one scenario, made of network and mount namespaces.

The person's computer is ``home``: one interface, an address of either family, a default route. At the other
end of its cable is the ``world`` with a name server and whatever servers and firewalls a scenario wants.
Nothing in a room can be seen from outside, every room may use the same ports, and all of it is gone when
the room is closed.

    home 10.77.0.2 · name server .53 · the target .10 · other servers .11 … · nobody at .99 and beyond
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from tests.scenarios.names import NameServer, Zone

ROOT = Path(__file__).parents[2]
HOME, NAME_SERVER, SERVER, OTHER, PORTAL, PROXY = (f"10.77.0.{n}" for n in (2, 53, 10, 11, 12, 13))
NOBODY, FAR = "10.77.0.99", "198.51.100.7"
# An address of the public kind, for what stands outside an organisation; no packet leaves the room.
OUTSIDE = "11.22.33.44"
SERVER_6, NOBODY_6 = "fd77::10", "fd77::99"
READY_LIMIT_S = 20.0
RUN_LIMIT_S = 60.0

Handler = Callable[[socket.socket], None]
_T = TypeVar("_T")

_CLONE_NEWNET = 0x4000_0000
_SERVERS = (NAME_SERVER, SERVER, OTHER, PORTAL, PROXY)
_HOME = f"""
link set lo up
link add uplink type veth peer name cable netns {{world}}
link set uplink up
address add {HOME}/24 dev uplink
address add fd77::2/64 dev uplink nodad
"""
_WORLD = f"""
link set lo up
link set cable up
{"".join(f"address add {address}/24 dev cable{chr(10)}" for address in _SERVERS)}
address add {OUTSIDE}/32 dev cable
address add {SERVER_6}/64 dev cable nodad
"""
# The gateways are nobody; what lies behind them cannot be reached.
_ROUTES = f"""
route add {OUTSIDE} dev uplink
route add default via 10.77.0.1 dev uplink
route add default via fd77::1 dev uplink
"""
# A dead neighbour is given up after three questions; a second each would be waited for in vain.
_NEIGHBOUR_WAIT_MS = 250
_PAUSE_S = 0.05
_HOSTS = "127.0.0.1 localhost\n::1 localhost\n"
_FILES = """
while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done
shift
exec "$@"
"""


def why_no_rooms() -> str:
    """Why this machine lets us make no rooms; empty where it does."""
    if sys.platform != "linux":
        return "network namespaces exist on Linux only"
    try:
        with Room():
            return ""
    except OSError as error:
        return f"network namespaces cannot be made here ({error}); run the tests as root"


class Place:
    """A network namespace; what is opened and started ``inside`` it stays there.

    Namespaces belong to threads, so each place has one of its own.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "place")
        self.thread_id: int = self.inside(_leave_the_house)

    def inside(self, function: Callable[..., _T], *arguments: Any, **options: Any) -> _T:
        """Call a function in this place."""
        return self._thread.submit(function, *arguments, **options).result()

    def command(self, *words: str, given: str = "") -> None:
        """Run a tool of the system here; raises OSError with what it complains of."""
        ended = self.inside(subprocess.run, words, input=given, text=True, check=False, capture_output=True)
        if ended.returncode != 0:
            raise OSError(f"{' '.join(words)} with {given!r}: {ended.stderr.strip()}")

    def close(self) -> None:
        """The kernel takes the namespace away when nothing is in it any more."""
        self._thread.shutdown()


class Room:
    """A context manager; everything started in it is ended when it is left.

    ``zone``: what the name server says; ``hosts``: this computer's hosts file; ``mounts``: what stands in
    the place of the system's own files and folders.
    """

    def __init__(self) -> None:
        self.zone: Zone = {}
        self.hosts = _HOSTS
        self.mounts: dict[str, Path] = {}
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Room:
        with contextlib.ExitStack() as failing:
            failing.callback(self._open.close)
            self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="room-")))
            self.folder.chmod(0o755)
            self.home, self.world = Place(), Place()
            self._open.callback(self.home.close)
            self._open.callback(self.world.close)
            self.home.command("ip", "-batch", "-", given=_HOME.format(world=self.world.thread_id))
            self.world.command("ip", "-batch", "-", given=_WORLD)
            self.home.command("ip", "-batch", "-", given=_ROUTES)
            self.home.inside(_set_neighbour_wait)
            self._open.enter_context(NameServer(self.world.inside(_bound, NAME_SERVER), self.zone))
            failing.pop_all()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._open.close()

    def serve(self, handler: Handler, address: str, port: int, context: ssl.SSLContext | None = None) -> None:
        """Call ``handler`` with every connection, each on a thread of its own."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = self.world.inside(socket.create_server, (address, port), family=family, backlog=32)
        self._open.enter_context(Server(listener, handler, context))

    def keep(self, sock: socket.socket) -> None:
        """Keep a socket open as long as the room."""
        self._open.callback(sock.close)

    def start(self, words: Sequence[str], address: str, port: int, **options: Any) -> subprocess.Popen[bytes]:
        """Start a program in the world and wait until it listens; raises TimeoutError."""
        with (self.folder / "programs.log").open("ab") as log:
            program: subprocess.Popen[bytes] = self.world.inside(
                subprocess.Popen, words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options
            )
        self._open.callback(_end, program)
        wait_until(lambda: self._listens(program, address, port), f"{words[0]} listens")
        return program

    def _listens(self, program: subprocess.Popen[bytes], address: str, port: int) -> bool:
        if program.poll() is not None:
            log = (self.folder / "programs.log").read_text(encoding="utf-8", errors="replace")
            raise OSError(f"{program.args!r} ended with status {program.returncode}: {log}")
        with contextlib.suppress(OSError):
            self.world.inside(socket.create_connection, (address, port), 1).close()
            return True
        return False

    def words_with_files(self, words: Sequence[str], hosts: str = _HOSTS) -> list[str]:
        """The command that runs ``words`` where the system's files are the room's."""
        files = {
            "/etc/resolv.conf": f"nameserver {NAME_SERVER}\noptions timeout:5 attempts:2\n",
            "/etc/hosts": hosts,
            "/etc/nsswitch.conf": "hosts: files dns\n",
        }
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        folder.chmod(0o755)
        mounts = []
        for place, text in files.items():
            file = folder / Path(place).name
            file.write_text(text, encoding="utf-8")
            mounts += [str(file), place]
        for place, file in self.mounts.items():
            mounts += [str(file), place]
        return ["unshare", "--mount", "sh", "-ec", _FILES, "sh", *mounts, "--", *words]

    def run(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        given: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as a person at home would, with an environment of its own."""
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        started: subprocess.Popen[str] = self.home.inside(
            subprocess.Popen,
            self.words_with_files(words, self.hosts),
            env=base | dict(environment),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            output, errors = started.communicate(given, RUN_LIMIT_S)
        finally:
            _end(started)
        return subprocess.CompletedProcess(list(words), started.returncode, output, errors)


class Server:
    """Answers at a listening socket until it is left."""

    def __init__(self, listener: socket.socket, handler: Handler, context: ssl.SSLContext | None) -> None:
        self._listener = listener
        self._handler = handler
        self._context = context
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _listen(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(RUN_LIMIT_S)
            if self._context is None:
                self._handler(connection)
                return
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self._handler(secured)


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Ask again and again, where asking is the only way to know; raises TimeoutError."""
    pause = threading.Event()
    for _try in range(int(READY_LIMIT_S / _PAUSE_S)):
        if is_so():
            return
        pause.wait(_PAUSE_S)
    raise TimeoutError(f"waited in vain: {what}")


def system_trust_store() -> str:
    """The file that OpenSSL takes as the system's trust store; empty where there is none."""
    file = ssl.get_default_verify_paths().openssl_cafile
    return str(Path(file).resolve()) if Path(file).exists() else ""


def _leave_the_house() -> int:
    """Move the calling thread to a network namespace of its own; its number."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return threading.get_native_id()


def _set_neighbour_wait() -> None:
    for family in ("ipv4", "ipv6"):
        wait = Path(f"/proc/sys/net/{family}/neigh/uplink/retrans_time_ms")
        wait.write_text(str(_NEIGHBOUR_WAIT_MS), encoding="ascii")


def _bound(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    return sock


def _end(program: subprocess.Popen[Any]) -> None:
    if program.poll() is None:
        program.terminate()
    try:
        program.wait(10)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
