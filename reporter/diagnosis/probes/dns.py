"""The name: what does the system's resolver say?

The system resolver is asked, because that is the one the host application asks. It cannot be
interrupted: a silent name server holds the call for ten seconds and more, and the ladder abandons it.
"""

from __future__ import annotations

import socket
import time

from reporter.diagnosis import codes
from reporter.diagnosis.evidence import Dns, DnsOutcome, Target
from reporter.diagnosis.probes import elapsed_ms
from reporter.diagnosis.target import is_address, why_bad_name

ADDRESSES_LIMIT = 16


def probe(target: Target) -> Dns:
    """Ask for all addresses of both families, in the order of the resolver."""
    started = time.monotonic()
    if is_address(target.host):
        return Dns(outcome=DnsOutcome.LITERAL, addresses=[target.host])
    # the last word is the resolver's: a hosts file may know names that no name server can
    name_fault = why_bad_name(target.host)
    gai_code = None
    outcome = DnsOutcome.FAILED
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        gai_code = error.errno
        outcome = DnsOutcome.BAD_NAME if name_fault else codes.dns_outcome(error.errno)
    except UnicodeError:
        outcome = DnsOutcome.BAD_NAME
    except OSError:
        pass
    else:
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        return Dns(
            outcome=DnsOutcome.RESOLVED, addresses=addresses[:ADDRESSES_LIMIT], elapsed_ms=elapsed_ms(started)
        )
    return Dns(outcome=outcome, gai_code=gai_code, name_fault=name_fault, elapsed_ms=elapsed_ms(started))
