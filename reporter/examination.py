"""Examination: what can be found out about a failure and about this computer, as verbs.

Measuring, judging and collecting, each with the settings in force; no room knows the settings of another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

from reporter import program
from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.errors import TargetError
from reporter.settings.database_list import INFOBASE
from reporter.texts import Translator, translator

if TYPE_CHECKING:
    from reporter.diagnosis.ladder import StageProgress
    from reporter.diagnosis.surroundings import Surroundings
    from reporter.facts.model import Facts, Gap, Value
    from reporter.report.pseudonyms import Names
    from reporter.settings.layers import Loaded
    from reporter.settings.model import Settings
    from reporter.settings.v8i import Found, Infobase

SHORTEST_DEADLINE_S = 0.1
NEAREST_LIMIT_NAMES = 2_000
QUOTED_LIMIT_ITEMS = 5
_ADDRESS_MEMBERS = ("address", "addresses", "host")


def diagnose(
    address: str,
    *,
    settings: Settings | None = None,
    failure: Failure | None = None,
    texts: Translator | None = None,
    deadline_s: float = 5.0,
    observer: Callable[[StageProgress], None] | None = None,
) -> Verdict:
    """Measure the way to an address and judge it; raises TargetError for an address that is not one.

    ``address`` may be ``infobase:NAME``, of which the server is measured. ``settings`` name what else in the
    network may be asked.
    """
    from reporter.diagnosis import weighing
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import examine
    from reporter.diagnosis.target import parse_target

    begun_s = monotonic()
    target = parse_target(measured_address(address))
    reported = None if failure is None else heard(failure)
    evidence = examine(
        target,
        surroundings=_surroundings(settings),
        reported=reported,
        # The lists of databases may lie on a disk that takes its time.
        deadline_s=max(deadline_s - (monotonic() - begun_s), SHORTEST_DEADLINE_S),
        observer=observer,
    )
    return weighing.diagnose(evidence, texts)


def check(target: str) -> None:
    """Raises TargetError for what no login can go to; a file database has no server, and is none of these."""
    from reporter.diagnosis.target import parse_target

    if target.startswith(INFOBASE):
        database(target.removeprefix(INFOBASE))
    else:
        parse_target(target)


def measured_address(target: str) -> str:
    """What is measured for a target: itself, or where the database of the name ``infobase:NAME`` is reached.

    Raises TargetError for a name that no list knows, or that stands for several, and for a database that has
    no server.
    """
    from reporter.settings import v8i

    if not target.startswith(INFOBASE):
        return target
    chosen = database(target.removeprefix(INFOBASE))
    if address := v8i.address(chosen):
        return address
    shown = _quoted(chosen.name)
    if chosen.connection.kind == "file":
        raise TargetError(
            f"The database {shown} is a file database, which has no server that could be measured: programs "
            "open its folder themselves. Check that the folder can be opened."
        )
    raise TargetError(
        f"The entry of the database {shown} ({chosen.place}, line {chosen.line}) names no server; correct "
        "its line Connect."
    )


def database(name: str) -> Infobase:
    """The database of a name in the lists of this computer; of several at one address the first.

    Raises TargetError, one sentence that says what is wrong and where.
    """
    from reporter.settings import v8i

    found = _databases()
    chosen = v8i.named(found.lists, name.strip())
    if not chosen:
        raise TargetError(_why_unknown(name.strip(), found))
    if len({v8i.address(each) for each in chosen}) > 1:
        places = [
            f"{v8i.address(each) or 'a database without server'} ({each.place}, line {each.line})"
            for each in chosen[:QUOTED_LIMIT_ITEMS]
        ]
        raise TargetError(
            f"{len(chosen)} databases have the name {_quoted(name)}: {', '.join(places)}. Give each its own "
            "name, or give the address of the server."
        )
    return chosen[0]


def _databases() -> Found:
    from reporter.settings import paths, v8i

    return v8i.find(os.environ, cache=paths.cache(os.environ))


def _why_unknown(name: str, found: Found) -> str:
    import difflib

    known = {each.name.casefold(): each.name for one in found.lists for each in one.infobases}
    near = difflib.get_close_matches(name[:100].casefold(), list(known)[:NEAREST_LIMIT_NAMES], n=1)
    hint = f" (did you mean {_quoted(known[near[0]])}?)" if near else ""
    searched = ", ".join(each.place for each in found.lists[:QUOTED_LIMIT_ITEMS])
    unread = "; ".join(gap.reason for gap in found.gaps[:QUOTED_LIMIT_ITEMS])
    where = f"Searched: {searched}." if searched else "There is no list of databases on this computer."
    more = f" Not read: {unread}." if unread else ""
    what = f"No database has the name {_quoted(name)}{hint}" if name else "infobase: names no database"
    return f"{what}; “{program.command()} infobases” lists them all. {where}{more}"


def _quoted(name: str) -> str:
    from reporter.texts.safe import one_line

    return f"“{one_line(name, 80)}”"


def _surroundings(settings: Settings | None) -> Surroundings:
    from reporter.diagnosis.surroundings import Surroundings

    if settings is None:
        return Surroundings()
    return Surroundings(
        control_urls=settings.control_urls,
        portal_url=settings.portal_url,
        status_url=settings.status_url,
        language=translator(settings.language).language,
    )


def hearsay(failure: Failure, texts: Translator | None = None) -> Verdict:
    """The verdict from what the host application saw alone, where there is no address to measure."""
    from reporter.diagnosis import weighing
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import unmeasured

    return weighing.diagnose(unmeasured(None, heard(failure)), texts)


def names(loaded: Loaded, failure: Failure, verdict: Verdict | None) -> Names:
    """What scrubbing must know to hide names, and the servers that stay readable."""
    import getpass
    import socket
    from contextlib import suppress
    from pathlib import Path

    from reporter.report.pseudonyms import Names, Pseudonyms
    from reporter.settings import paths

    settings = loaded.settings
    servers = _servers(settings, failure, verdict)
    own_name = socket.gethostname()
    users: list[str] = []
    homes: list[str] = []
    if not settings.include_user_name:
        with suppress(OSError, KeyError, ImportError):
            users.append(getpass.getuser())
        with suppress(RuntimeError):
            homes.append(str(Path.home()))
    return Names(
        pseudonyms=Pseudonyms(
            paths.pseudonyms(os.environ), keep=servers if settings.include_server_names else ()
        ),
        users=tuple(users),
        homes=tuple(homes),
        hosts=() if settings.include_host_name else (own_name,),
        domains=tuple(sorted({domain for name in (*servers, own_name) if (domain := _domain(name))})),
    )


def _servers(settings: Settings, failure: Failure, verdict: Verdict | None) -> set[str]:
    """The names and addresses of the servers that the login and the settings speak of."""
    from reporter.diagnosis.target import parse_target

    found = set()
    for address in (
        *(failure.target, settings.status_url, settings.portal_url, settings.help_url),
        *settings.destinations_in_order(),
        *settings.control_urls,
    ):
        try:
            found.add(parse_target(measured_address(address)).host if address else "")
        except TargetError:
            found.add(address.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0])
    if verdict is not None:
        found.update(_addresses(msgspec.to_builtins(verdict.evidence)))
    return found - {""}


def _addresses(part: object) -> Iterator[str]:
    """Every text in a JSON-like document that stands under the name of an address."""
    if isinstance(part, dict):
        for name, member in part.items():
            if name in _ADDRESS_MEMBERS:
                several = member if isinstance(member, list) else [member]
                yield from (one for one in several if isinstance(one, str))
            yield from _addresses(member)
    elif isinstance(part, list):
        for member in part:
            yield from _addresses(member)


def _domain(name: str) -> str:
    """The domain a host name lies in; empty for a bare name and for an address."""
    _, dot, domain = name.rstrip(".").partition(".")
    return domain if dot and not domain.replace(".", "").isdigit() and "." in domain else ""


def own_addresses() -> frozenset[str]:
    """The addresses of this computer on networks that are up, without its own loop; empty where none."""
    import psutil

    up = {name for name, one in psutil.net_if_stats().items() if one.isup}
    return frozenset(
        address.address
        for name, addresses in psutil.net_if_addrs().items()
        for address in addresses
        if name in up and address.family.name in ("AF_INET", "AF_INET6") and not _is_loop(address.address)
    )


def _is_loop(address: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return True


def collect_facts(
    loaded: Loaded, *, name: str = "", version: str = "", target: str = "", program_pid: int = 0
) -> Facts:
    """The facts that the settings allow. ``target``: what the login went to; ``program_pid``: the process
    of the program, 0 where it is not known."""
    from reporter.facts.collect import collect

    settings = loaded.settings
    connection, gaps = _connection(target)
    facts = collect(
        application_name=name,
        application_version=version,
        application_path=_program(program_pid),
        application_files=settings.application_files,
        connection=connection,
        settings_in_force=loaded.rows(),
        include_user_name=settings.include_user_name,
        include_host_name=settings.include_host_name,
    )
    return msgspec.structs.replace(facts, gaps=[*facts.gaps, *gaps])


def _connection(target: str) -> tuple[dict[str, Value], Sequence[Gap]]:
    """What is known of the database or server that was chosen, and what of it could not be read.

    Of several databases of one name, or at one address, only what is the same of all.
    """
    from reporter.diagnosis.target import parse_target
    from reporter.settings import v8i

    found = _databases()
    name = target.removeprefix(INFOBASE)
    chosen = (
        v8i.named(found.lists, name.strip())
        if name != target
        else [
            infobase
            for each in found.lists
            for infobase in each.infobases
            if target and v8i.address(infobase).rstrip("/") == target.rstrip("/")
        ]
    )
    if chosen:
        first, *others = [v8i.describe(infobase) for infobase in chosen]
        agreed = {
            fact: value for fact, value in first.items() if all(other.get(fact) == value for other in others)
        }
        return agreed, found.gaps
    try:
        known = parse_target(target)
    except TargetError:
        return {}, ()
    return {"kind": known.scheme, "servers": [f"{known.host}:{known.port}"], "address": known.display}, ()


def _program(pid: int) -> str:
    """The path of a running program; empty where it cannot be told."""
    import psutil

    try:
        return psutil.Process(pid).exe() if pid else ""
    except (psutil.Error, OSError, ValueError):
        return ""
