"""Database list: the help that the entry of a database holds, for a login at this database.

A target is ``infobase:NAME`` or an address that an entry leads to. Two databases on one server have the same
address: what their entries do not agree about is not used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from reporter.settings.source import Said, understand

INFOBASE = "infobase:"
"""Before the name of a database of the v8i lists, where a target is asked for."""
# Lists on a share that does not answer must not keep the first message waiting; their copies serve instead.
READ_LIMIT_S = 0.25


def read(target: str, environ: Mapping[str, str]) -> Said:
    """What the lists of this computer say about ``target``; never raises."""
    is_named = target.startswith(INFOBASE)
    if not target or not (is_named or has_lists(environ)):
        return Said()
    from reporter.settings import paths, v8i

    lists = v8i.find(environ, cache=paths.cache(environ), limit_s=READ_LIMIT_S).lists
    if is_named:
        # The first of the name: the person's own list comes before the shared ones.
        meant = v8i.named(lists, target.removeprefix(INFOBASE))[:1]
    else:
        wanted, host = _comparable(target)
        every = ((infobase, v8i.address(infobase)) for each in lists for infobase in each.infobases)
        meant = [
            infobase
            for infobase, address in every
            # The host first, for taking thousands of addresses to pieces takes its time.
            if host and host in address.lower() and _comparable(address)[0] == wanted
        ]
    said = [understand(v8i.entries(infobase)) for infobase in meant]
    agreed = Said()
    for each in said:
        for name, given in each.values.items():
            if all(other.values.get(name, given).value == given.value for other in said):
                agreed.values.setdefault(name, given)
        agreed.problems.extend(each.problems)
        agreed.ignored.extend(each.ignored)
    return agreed


def has_lists(environ: Mapping[str, str], *, windows: bool = os.name == "nt") -> bool:
    """Whether there may be lists: elsewhere than on Windows only below ``~/.1C``, which few people have.

    Loading what reads them would keep the first message waiting.
    """
    if windows:
        return True
    try:
        home = environ.get("HOME", "") or str(Path.home())
    except RuntimeError:  # an account without a home folder
        return False
    return (Path(home) / ".1C").exists()


def _comparable(address: str) -> tuple[str, str]:
    """An address without what does not tell servers and databases apart, and its host; empty for none."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", ""
    port = port or {"http": 80, "https": 443, "tcp": None}.get(parts.scheme)
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}", host
