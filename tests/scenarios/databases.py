"""Real PostgreSQL and OpenLDAP servers for a room, in every state in which they refuse a login."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.scenarios import certificates
from tests.scenarios.room import SERVER, Handler, Room, wait_until

PORT = 5432
_OWNER = "postgres"
# Who may sign in: everybody without a password, but for one database that asks for it and one that refuses.
_ACCESS = """
local all all trust
host payroll all all scram-sha-256
host vault all all reject
host all all all trust
"""
_SETTINGS = "fsync=off max_wal_senders=0 wal_level=minimal shared_buffers=16MB unix_socket_directories="
_READY = b"Z"


class Template:
    """A fresh cluster that is copied into rooms; ``folder`` is empty outside of ``made``."""

    folder: Path | None = None


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest first; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextlib.contextmanager
def made() -> Iterator[None]:
    """Make the template, for the time of the tests; without PostgreSQL there is none."""
    where = programs()
    if where is None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="cluster-") as name:
        folder = Path(name)
        shutil.chown(folder, _OWNER, _OWNER)
        data = folder / "data"
        _as_owner(where / "initdb", "-D", data, "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
        (data / "pg_hba.conf").write_text(_ACCESS, encoding="utf-8")
        for statement in ("create role reporter login", "create database payroll", "create database vault"):
            _as_owner(where / "postgres", "--single", "-D", data, "postgres", given=statement)
        Template.folder = data
        try:
            yield
        finally:
            Template.folder = None


def postgresql(*options: str, then: Callable[[Room], None] | None = None) -> Callable[[Room], None]:
    """A running server with these settings; ``then`` happens while it runs."""

    def put(room: Room) -> None:
        _started(room, options)
        if then is not None:
            then(room)

    return put


def recovering(room: Room) -> None:
    """A server that is still catching up, and lets nobody in before it has."""
    data = _copied(room)
    (data / "standby.signal").touch()
    _start(room, data, ("hot_standby=off", "wal_level=replica", "restore_command=false"))


def shutting_down(room: Room) -> None:
    """A server that was told to stop, and waits for the last session to end."""
    program = _started(room, ())
    room.keep(_session(room))
    program.send_signal(signal.SIGTERM)
    wait_until(lambda: not _lets_in(room), "PostgreSQL lets nobody in any more")


def crowd(room: Room) -> None:
    """Sessions until the server takes no more."""
    with contextlib.suppress(ConnectionRefusedError):
        for _ in range(20):
            room.keep(_session(room))


def refusing(sqlstate: bytes) -> Handler:
    """A fake PostgreSQL that ends the start-up with this SQLSTATE, for a state too short to meet."""

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"N")
        connection.recv(4096)
        fields = b"SFATAL\0C" + sqlstate + b"\0Mno\0\0"
        connection.sendall(b"E" + struct.pack("!I", len(fields) + 4) + fields)

    return handle


def directory_says(code: int) -> Handler:
    """A fake directory that ends every search with this result code (RFC 4511)."""

    def handle(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(bytes.fromhex(f"300c020101 6507 0a01{code:02x} 0400 0400"))
        connection.recv(4096)

    return handle


def slapd(room: Room) -> None:
    """A real directory, over LDAP and LDAPS."""
    folder = room.folder / "directory"
    folder.mkdir()
    certificates.write_good(folder / "server.pem")
    (folder / "slapd.conf").write_text(
        "modulepath /usr/lib/ldap\nmoduleload back_mdb\ninclude /etc/ldap/schema/core.schema\n"
        f"TLSCertificateFile {folder}/server.pem\nTLSCertificateKeyFile {folder}/server.pem\n"
        f'database mdb\nsuffix "dc=example,dc=org"\ndirectory {folder}\n',
        encoding="utf-8",
    )
    addresses = f"ldap://{SERVER}:389/ ldaps://{SERVER}:636/"
    room.start(["slapd", "-f", f"{folder}/slapd.conf", "-h", addresses, "-d", "0"], SERVER, 389)


def _as_owner(program: Path, *arguments: object, given: str = "") -> None:
    subprocess.run(
        [str(word) for word in (program, *arguments)],
        input=given,
        text=True,
        check=True,
        capture_output=True,
        user=_OWNER,
        cwd="/",
    )


def _copied(room: Room) -> Path:
    assert Template.folder is not None
    folder = room.folder / "cluster"
    subprocess.run(["cp", "-a", Template.folder, folder], check=True)
    return folder


def _started(room: Room, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
    program = _start(room, _copied(room), options)
    wait_until(lambda: _lets_in(room), "PostgreSQL lets somebody in")
    return program


def _start(room: Room, data: Path, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
    where = programs()
    assert where is not None
    words = [str(where / "postgres"), "-D", str(data), "-h", SERVER, "-p", str(PORT)]
    for option in (*_SETTINGS.split(), *options):
        words += ["-c", option]
    return room.start(words, SERVER, PORT, user=_OWNER, cwd="/")


def _session(room: Room) -> socket.socket:
    """A session of its own, let in; raises ConnectionRefusedError where the server says no."""
    wire = room.world.inside(socket.create_connection, (SERVER, PORT), 5)
    body = struct.pack("!I", 3 << 16) + b"user\0reporter\0database\0postgres\0\0"
    wire.sendall(struct.pack("!I", len(body) + 4) + body)
    kind = b""
    while kind != _READY:
        kind = _exactly(wire, 1)
        content = _exactly(wire, struct.unpack("!I", _exactly(wire, 4))[0] - 4)
        if kind == b"E":
            wire.close()
            raise ConnectionRefusedError(content)
    return wire


def _lets_in(room: Room) -> bool:
    try:
        _session(room).close()
    except ConnectionRefusedError:
        return False
    return True


def _exactly(wire: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        chunk = wire.recv(count - len(received))
        if not chunk:
            raise ConnectionRefusedError
        received += chunk
    return received
