"""V8i: the lists of databases of 1C:Enterprise.

``find`` reads the person's list and the shared ones, ``parse`` one list, ``address`` tells where a database
is reached, ``describe`` what support may know of it, and ``entries`` the help that its entry holds.
"""

from reporter.settings.v8i.finder import Found, find
from reporter.settings.v8i.infobase import Infobase, InfobaseList, address, describe, entries, named
from reporter.settings.v8i.listing import parse

__all__ = [
    "Found",
    "Infobase",
    "InfobaseList",
    "address",
    "describe",
    "entries",
    "find",
    "named",
    "parse",
]
