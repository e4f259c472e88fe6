r"""Task: the postman of Windows, by which waiting reports are sent while no window is open.

A scheduled task of the group of all users, so that it runs as the person who is signed in, without more
rights than they have and among their own files. Not yet run on Windows.

Its file is written by the installer in two steps, because the folder of the program is known only where it is
installed: the line that names the program has the form ``name=value`` of an INI file and stands in a section,
both of which XML takes as what they are for it, so that Windows Installer can rewrite it by its table of INI
files. Until then it names the usual folder.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from release.identity import Identity
from windows.table import literal

FILE = "postman.xml"
ARGUMENTS = "queue flush"
SECTION = "program"
KEY = "<Exec id"
INTERVAL = "PT15M"
USERS = "S-1-5-32-545"

# A path holds neither > nor ", so that it needs no other escape than this.
_BEFORE, _AFTER = '"Program"><Command><![CDATA[', "]]></Command>"

_TEXT = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Author>{vendor}</Author>
    <Description>Sends the reports that wait, as the person who is signed in.</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Repetition>
        <Interval>{interval}</Interval>
      </Repetition>
      <Delay>PT1M</Delay>
    </LogonTrigger>
    <TimeTrigger>
      <StartBoundary>2020-01-01T00:00:00</StartBoundary>
      <Repetition>
        <Interval>{interval}</Interval>
      </Repetition>
      <RandomDelay>PT10M</RandomDelay>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Users">
      <GroupId>{users}</GroupId>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>Parallel</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT10M</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Users">
<!--
[{section}]
-->
{key}={value}
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


def name(identity: Identity) -> str:
    """Without a folder, which would stay behind: no tool of Windows removes an empty one. Two programs may be
    called the same; no two have one bundle id."""
    return f"{identity.product} Postman ({identity.bundle_id})"


def text(identity: Identity, folder: str) -> bytes:
    """The task before it is known where the program lies; ``folder``: the usual one, with variables."""
    filled = _TEXT.format(
        vendor=escape(identity.vendor),
        interval=INTERVAL,
        users=USERS,
        section=SECTION,
        key=KEY,
        value=rf"{_BEFORE}{folder}\{identity.command}w.exe{_AFTER}",
        arguments=ARGUMENTS,
    )
    return filled.replace("\n", "\r\n").encode("utf-16")


def line(identity: Identity) -> str:
    """What stands after the ``=``, as Windows Installer completes it."""
    return f"{literal(_BEFORE)}[INSTALLDIR]{identity.command}w.exe{literal(_AFTER)}"
