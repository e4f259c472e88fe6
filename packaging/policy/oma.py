"""OMA: the addresses by which a device management such as Intune sets the policies of the template.

One row takes in the template, the others set the example of one policy each. A list is one text: number and
value of each item, divided by a character that no address holds.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from io import StringIO
from xml.sax.saxutils import quoteattr

from policy.admx import RECOMMENDED, Policy, identifier, policies
from policy.examples import example
from reporter.settings.kinds import Flag
from reporter.settings.names import pascal_case
from reporter.settings.policy.base import Vendor

COLUMNS = ("setting", "scope", "name", "oma_uri", "data_type", "value")
DIVIDER = "&#xF000;"
_INSTALL = "./Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/{product}/Policy/{product}Admx"
_SET = "./{scope}/Vendor/MSFT/Policy/Config/{product}~Policy~{category}/{policy}"


def table(vendor: Vendor) -> bytes:
    """The list as CSV, with a head."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(vendor))
    return text.getvalue().encode()


def rows(vendor: Vendor) -> Iterator[tuple[str, ...]]:
    """The rows of the list, see COLUMNS."""
    product = identifier(vendor.product)
    install = _INSTALL.format(product=product)
    yield ("", "Device", f"{vendor.product} ADMX", install, "String", "the content of the .admx file")
    for policy in policies():
        category = f"{product}~{RECOMMENDED}" if policy.is_recommended else product
        for scope in ("Device", "User"):
            address = _SET.format(scope=scope, product=product, category=category, policy=policy.name)
            yield (policy.row.name, scope, policy.name, address, "String", value(policy))


def value(policy: Policy) -> str:
    """The example of a policy, as the device management sends it."""
    raw, name = example(policy.row.name), pascal_case(policy.row.name)
    if isinstance(policy.row.kind, Flag):
        return "<enabled/>" if raw else "<disabled/>"
    if isinstance(raw, list):
        parts = [part for number, item in enumerate(raw, 1) for part in (str(number), str(item))]
    elif isinstance(raw, dict):
        parts = [json.dumps(raw, ensure_ascii=False)]
    else:
        parts = str(raw).split("\n")
    text = DIVIDER.join(quoteattr(part, {'"': "&quot;"})[1:-1] for part in parts)
    return f'<enabled/><data id="{name}" value="{text}"/>'
