"""A name server for one room, answering every way a name server can."""

from __future__ import annotations

import contextlib
import socket
import threading

from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSError, DNSRecord

# A name's addresses, or an answer without any: "SERVFAIL", "REFUSED", "silence". Names that are not
# listed do not exist.
Zone = dict[str, tuple[str, ...] | str]


class NameServer:
    """Answers at a bound UDP socket until it is left; the zone may change meanwhile."""

    def __init__(self, sock: socket.socket, zone: Zone) -> None:
        self._sock = sock
        self._zone = zone
        self._is_open = True
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._is_open = False
        with contextlib.suppress(OSError):
            # it complains that nobody is connected, and wakes the thread all the same
            self._sock.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._sock.close()

    def _run(self) -> None:
        while self._is_open:
            packet, asker = self._sock.recvfrom(4096)
            with contextlib.suppress(DNSError, OSError):
                reply = answer(packet, self._zone)
                if reply:
                    self._sock.sendto(reply, asker)


def answer(packet: bytes, zone: Zone) -> bytes:
    """The reply to a question; empty for silence."""
    question = DNSRecord.parse(packet)
    reply = question.reply()
    name = str(question.q.qname).rstrip(".").lower()
    entry = zone.get(name, zone.get("*", "NXDOMAIN"))
    if entry == "silence":
        return b""
    if isinstance(entry, str):
        reply.header.rcode = getattr(RCODE, entry)
    else:
        for address in entry:
            kind, data = ("AAAA", AAAA) if ":" in address else ("A", A)
            if question.q.qtype == getattr(QTYPE, kind):
                reply.add_answer(RR(name, getattr(QTYPE, kind), rdata=data(address)))
    packed: bytes = reply.pack()
    return packed
