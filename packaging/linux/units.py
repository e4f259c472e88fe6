"""Units: the postman as a timer of every person's own systemd, and what it starts.

The timer is switched on for everybody by a link of the package itself: there is nothing to undo at removal,
and no state in ``/etc``. An administrator who does not want it says ``systemctl --global mask``, which
outlives updates.
"""

from __future__ import annotations

from collections.abc import Iterator

from linux.pieces import File, Link, Piece
from release.identity import Identity

FOLDER = "/usr/lib/systemd/user"

# Who keeps data elsewhere is known by a variable alone, and the postman then looks for itself. A person who
# never made or listed a report has no such file, and no process is started. The program is looked for as
# well: a session may outlive the package.
_SERVICE = """\
[Unit]
Description=Send the reports of {product} that wait
Documentation=man:{command}-queue-flush(1)
ConditionFileIsExecutable={program}
ConditionPathExists=|%h/.local/share/{command}/spool/spool.sqlite
ConditionEnvironment=|XDG_DATA_HOME
ConditionEnvironment=|REPORTER_HOME

[Service]
Type=oneshot
ExecStart={program} queue flush
# Reports that stay undelivered, and a computer without a destination, are no fault of the service.
SuccessExitStatus=1 2
StandardOutput=null
StandardError=journal
TimeoutStartSec=10min
Nice=10
"""

# By the clock: a time "after it ran last" never comes again where the conditions did not hold once. The delay
# is drawn anew each time, so that computers that were switched on together do not send together.
_TIMER = """\
[Unit]
Description=Look every quarter of an hour whether reports of {product} wait
Documentation=man:{command}-queue-flush(1)

[Timer]
OnCalendar=*:0/15
RandomizedDelaySec=12min
AccuracySec=1min
"""


def units(identity: Identity) -> Iterator[Piece]:
    """The service, its timer, and the link that switches it on."""
    name = f"{identity.command}-postman"
    words = {
        # A percent sign would be read as a specifier.
        "product": identity.product.replace("%", "%%"),
        "command": identity.command,
        "program": f"{identity.linux_folder}/{identity.command}",
    }
    yield File(place=f"{FOLDER}/{name}.service", content=_SERVICE.format_map(words).encode())
    yield File(place=f"{FOLDER}/{name}.timer", content=_TIMER.format_map(words).encode())
    yield Link(place=f"{FOLDER}/timers.target.wants/{name}.timer", to=f"../{name}.timer")
