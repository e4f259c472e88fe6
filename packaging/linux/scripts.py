"""Scripts: the little that the packages do beside putting files where they belong.

An older version is refused, since it may not read what the newer one wrote: dpkg would only warn; rpm refuses
by itself. A postman that runs is ended before its files change; its reports are on the disk and go the next
time. Windows that a person has open are left alone. Nothing else is done: menus, manuals and systemd look at
the files by themselves.
"""

from __future__ import annotations

import re

from release.identity import Identity

_STOP = """\
stop_postman() {{
    for process in /proc/[0-9]*; do
        # dash, bash and busybox know -ef, and it tells ours from a namesake in a container.
        # shellcheck disable=SC3013
        [ "$process/exe" -ef {program} ] || continue
        case $({{ tr '\\0' ' ' <"$process/cmdline"; }} 2>/dev/null || true) in
        *" queue flush"*) kill "${{process#/proc/}}" 2>/dev/null || true ;;
        esac
    done
}}
"""

_PREINST = """\
#!/bin/sh
set -e
if [ "$1" = upgrade ] && [ "${{{variable}-}}" != 1 ] && dpkg --compare-versions "$2" gt {version}; then
    echo "{command} $2 is installed; {version} is older and may not read what the newer one wrote." >&2
    echo "Remove the newer one first, or set {variable}=1 to install the older one over it." >&2
    exit 1
fi
"""

_PRERM = """\
#!/bin/sh
set -e
{stop}
case $1 in
remove | upgrade) stop_postman ;;
esac
"""

_RPM_PRE = """\
set -e
{stop}
if [ "$1" -gt 1 ]; then
    stop_postman
fi
"""

_RPM_PREUN = """\
set -e
{stop}
if [ "$1" -eq 0 ]; then
    stop_postman
fi
"""


def downgrade_variable(identity: Identity) -> str:
    """The variable by which an administrator insists on an older version."""
    name = f"{re.sub(r'[^A-Z0-9]', '_', identity.command.upper())}_ALLOW_DOWNGRADE"
    # No shell knows a variable that begins with a digit, as the names of some programs do.
    return f"_{name}" if name[0].isdigit() else name


def deb_scripts(identity: Identity, version: str) -> dict[str, str]:
    """By nfpm's names; ``version``: of the package, with its release."""
    return {
        "preinstall": _PREINST.format(
            command=identity.command, version=version, variable=downgrade_variable(identity)
        ),
        "preremove": _PRERM.format(stop=_stop(identity)),
    }


def rpm_scripts(identity: Identity) -> dict[str, str]:
    """By nfpm's names."""
    stop = _stop(identity)
    return {"preinstall": _RPM_PRE.format(stop=stop), "preremove": _RPM_PREUN.format(stop=stop)}


def _stop(identity: Identity) -> str:
    return _STOP.format(program=f"{identity.linux_folder}/{identity.command}").rstrip()
