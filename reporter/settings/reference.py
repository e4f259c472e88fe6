"""Reference: the documentation of the settings, made from the table.

``python -m reporter.settings.reference > docs/settings.md``
"""

from __future__ import annotations

import sys

from reporter.settings.environment import variable
from reporter.settings.layers import as_text
from reporter.settings.model import TABLE, Setting
from reporter.settings.source import Layer

_HEAD = """\
# Settings

<!-- Made by `python -m reporter.settings.reference > docs/settings.md`; edit reporter/settings/ instead. -->

## Where settings come from

The highest layer that says something about a setting counts:

{layers}

* **Policies**: what the organisation decided; see [policies](policies.md). Those of the machine and of
  the user lock what they set.
* **Command line**: an option of the same name, with hyphens: `--help-text`. A command offers those
  it can use.
* **Environment**: `REPORTER_` and the name in capitals. Lists are separated by commas, tables are written as
  JSON, and an empty variable counts as not set.
* **User settings**: a TOML file in UTF-8, of at most 1 MiB. `REPORTER_SETTINGS` names it; without
  that variable it is `~/.config/reporter/settings.toml` on Linux, `~/Library/Application
  Support/reporter/settings.toml` on macOS and `%LOCALAPPDATA%\\reporter\\settings.toml` on Windows.
* **List of databases**: `help_text` and `help_url` only, from the entry of the database in a `*.v8i` list.
* **Published by the server**: `help_text`, `help_url` and `help` only, remembered after a login that
  succeeded.

`REPORTER_HOME` puts everything that the agent writes (reports, drafts, caches, pseudonyms, crashes) under one
folder.

Whatever cannot be used is left out alone, and `reporter policies` lists it with its place and what to do. For
settings that concern privacy, a malformed value means the closed choice given below; when a
settings file or a policy cannot be read at all, all of them are closed.

## Example

```toml
{example}```

## All settings
"""

EXAMPLE = """\
help_text = "Call the help desk: 5555, weekdays 8 to 18."
help_url = "https://intranet.example.org/login-help"
endpoint = "https://support.example.org/reports"
submission = "ask"
control_urls = ["https://intranet.example.org/"]

# Other words for one cause, one layer, one language; the most specific wins, text and link apart.
[help."tls.expired"]
text = "The certificate is being renewed. Nothing is wrong with your computer."

[help."tls.expired".ru]
text = "Сертификат обновляется. С вашим компьютером всё в порядке."

[help."dns"]
url = "https://intranet.example.org/vpn"
"""


def reference() -> str:
    """The whole page, in Markdown."""
    layers = "\n".join(f"{number}. {layer}" for number, layer in enumerate(Layer, 1))
    return "\n".join([_HEAD.format(layers=layers, example=EXAMPLE), *map(_section, TABLE)])


def _section(row: Setting) -> str:
    default = as_text(row.default) if row.default not in ("", (), {}) else ""
    lines = [
        f"### `{row.name}`\n",
        f"{row.help}\n",
        f"* Value: {row.kind.description}.",
        f"* Default: {f'`{default}`' if default else 'none'}.",
        f"* Variable: `{variable(row.name)}`.",
        f"* May be locked by policy: {'yes' if row.lockable else 'no, it is the choice of the person'}.",
    ]
    if row.is_private:
        closed = "nothing" if row.closed == () else f"`{as_text(row.closed)}`"
        lines.append(f"* Concerns privacy: a malformed value means {closed}.")
    if row.planned:
        lines.append("* Accepted and checked, but not acted on by this version.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(reference().encode())
