"""Examination: what can be found out about a failure and about this computer, as verbs.

Measuring, judging and collecting, each with the settings in force; no room knows the settings of another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from reporter.capture.failure import Failure
from reporter.diagnosis.verdict import Verdict
from reporter.errors import TargetError
from reporter.texts import Translator, translator

if TYPE_CHECKING:
    from reporter.diagnosis.ladder import StageProgress
    from reporter.diagnosis.surroundings import Surroundings
    from reporter.facts.model import Facts, Gap, Value
    from reporter.report.pseudonyms import Names
    from reporter.settings.layers import Loaded
    from reporter.settings.model import Settings

INFOBASE = "infobase:"
"""Before the name of a database of the v8i lists, where a target is asked for."""
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

    ``settings`` name what else in the network may be asked.
    """
    from reporter.diagnosis import rules
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import examine
    from reporter.diagnosis.target import parse_target

    reported = None if failure is None else heard(failure)
    evidence = examine(
        parse_target(address),
        surroundings=_surroundings(settings),
        reported=reported,
        deadline_s=deadline_s,
        observer=observer,
    )
    return rules.diagnose(evidence, texts)


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
    from reporter.diagnosis import rules
    from reporter.diagnosis.hearsay import heard
    from reporter.diagnosis.ladder import unmeasured

    return rules.diagnose(unmeasured(None, heard(failure)), texts)


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
            found.add(parse_target(address).host if address else "")
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
    """What is known of the database or server that was chosen, and what of it could not be read."""
    from reporter.diagnosis.target import parse_target
    from reporter.settings import paths, v8i

    found = v8i.find(os.environ, cache=paths.cache(os.environ))
    name = target.removeprefix(INFOBASE)
    chosen = (
        v8i.named(found.lists, name)
        if name != target
        else [
            infobase
            for each in found.lists
            for infobase in each.infobases
            if target and v8i.address(infobase).rstrip("/") == target.rstrip("/")
        ]
    )
    if chosen:
        return dict(v8i.describe(chosen[0])), found.gaps
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
