"""Page: the documentation of policies, with a table of every setting."""

from __future__ import annotations

from reporter.settings.help import HelpTable
from reporter.settings.kinds import Flag, Kind, ListOf, Number, Text
from reporter.settings.layers import as_text
from reporter.settings.model import TABLE, Setting
from reporter.settings.names import pascal_case
from reporter.settings.policy.base import VENDOR, Vendor
from reporter.settings.policy.linux import FILES_LIMIT, FOLDER_LIMIT_BYTES
from reporter.settings.policy.windows import VALUE_LIMIT_CHARS, VALUES_LIMIT_ITEMS
from reporter.settings.textfile import FILE_LIMIT_BYTES

_PAGE = """\
# Policies

<!-- Made by `python packaging/policy/templates.py OUT --page`; edit packaging/policy/page.py instead. -->

A policy decides about a setting for everybody on a computer. A **mandatory** policy is locked: no option,
variable or settings file of the person changes it, and the dialog says that the organisation decided. A
**recommended** policy is what applies while the person says nothing.

`{command} policies` lists every setting with its value, where it came from and whether it is locked, and each
key that is ignored with the reason; `--json` makes one document of it. What every setting means stands in
[settings](settings.md).

## Where policies are read

| system | mandatory | recommended |
|---|---|---|
| Windows | `HKLM\\{policies}`, then `HKCU\\{policies}` | `…\\Recommended` of both, the computer's first |
| macOS | values that a profile forces for `{bundle}` | `/Library/Preferences/{bundle}.plist` |
| Linux | `/etc/{command}/policies/managed/*.json` | `/etc/{command}/policies/recommended/*.json` |

What the Windows installer was given stands in `HKLM\\{installer}` and counts less than all of these.
The installer never writes or deletes the keys of policies.

The order of all sources, highest first: policy of the machine, policy of the user, command line, environment,
user settings, list of databases, published by the server, recommended policy, installer, built-in.

## How to write them

* **Windows, group policies**: copy `{command}.admx` and the folders of the languages into the central store,
  `\\\\DOMAIN\\SYSVOL\\DOMAIN\\Policies\\PolicyDefinitions`.
* **Windows, Intune**: take in `{command}.admx` and use the addresses in `oma-uri.csv`; its first row is for
  the template itself.
* **macOS**: change `{command}.mobileconfig` and hand it to the device management; keep only what is to be
  forced.
* **Linux**: change `managed/example.json` and put it into `/etc/{command}/policies/managed`;
  `policy.schema.json` checks it in editors.

All of these are made from the table of settings: `python packaging/policy/templates.py OUT`.

## In the registry

Names are written like `HelpUrl`; letter case does not matter.

| kind | form |
|---|---|
| yes or no | `REG_DWORD`, 1 or 0 |
| number | `REG_DWORD` |
| text, address, file, choice | `REG_SZ`; text of several lines: `REG_MULTI_SZ` |
| list | a key of this name with the values `1`, `2`, `3` …, each `REG_SZ` |
| table | `REG_SZ`, a JSON object |

`REG_EXPAND_SZ` is not taken: the person could change what it expands to.

## On macOS

Names are written like `help_url`; values have the types of property lists: boolean, integer, string, array,
dictionary. `/Library/Preferences` is held to the same rules of ownership as files on Linux.

## On Linux

Files are read in the order of their names, and the later word wins. Names are written like `help_url`. A
file, a folder or a link on its way that does not belong to root, or that others can write to, is refused.
What people cannot read counts for them as malformed:

```sh
chown -R root:root /etc/{command}/policies && chmod -R go+rX,go-w /etc/{command}/policies
```

Files whose names do not end in `.json` are passed over; `.JSON` and `.json.txt` are told.

## What is ignored

A key that is unknown or malformed is ignored alone, and the next layer decides. For settings that concern
privacy, malformed means the closed choice, locked. A file or key that cannot be read as a whole closes all of
these. A key that is written twice is ignored, and so is the path of a file on a network share. Bounds:
{file_bytes:,} bytes a file, {files} files and {folder_bytes:,} bytes a folder, {values:,} values a key,
{chars:,} characters a value.

## Every setting

"Mandatory: no" marks what is the choice of the person: in a mandatory policy it counts as recommended.

| setting | in the registry | kind | default | mandatory | malformed |
|---|---|---|---|---|---|
{rows}
"""


def page(vendor: Vendor = VENDOR) -> bytes:
    """The whole page, in Markdown."""
    return _PAGE.format(
        policies=vendor.policies_key,
        installer=vendor.installer_key,
        bundle=vendor.bundle_id,
        command=vendor.command,
        file_bytes=FILE_LIMIT_BYTES,
        files=FILES_LIMIT,
        folder_bytes=FOLDER_LIMIT_BYTES,
        values=VALUES_LIMIT_ITEMS,
        chars=VALUE_LIMIT_CHARS,
        rows="\n".join(map(_row, TABLE)),
    ).encode()


def _row(row: Setting) -> str:
    default = f"`{as_text(row.default)}`" if row.default not in ("", (), {}) else "none"
    if isinstance(row.default, tuple) and row.default:
        default = "everything"
    closed = ""
    if row.is_private:
        closed = "nothing" if row.closed == () else f"`{as_text(row.closed)}`"
    cells = (
        f"[`{row.name}`](settings.md#{row.name})",
        f"`{pascal_case(row.name)}`",
        _kind(row.kind),
        default,
        "yes" if row.lockable else "no",
        closed or "ignored",
    )
    return f"| {' | '.join(cells)} |"


def _kind(kind: Kind) -> str:
    if isinstance(kind, Flag):
        return "yes or no"
    if isinstance(kind, Number):
        return f"number, {kind.least} to {kind.most}"
    if isinstance(kind, ListOf):
        return "list"
    if isinstance(kind, HelpTable):
        return "table"
    return "text of several lines" if isinstance(kind, Text) else "text"
