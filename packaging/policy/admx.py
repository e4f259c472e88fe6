"""ADMX: the templates for group policies, and the texts for each language.

The structure is the one that Microsoft publishes for PolicyDefinitions; ``structure`` holds its rules. Every
setting gets a policy, and another one in the category of recommendations; settings that are the choice of the
person get the latter alone.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from policy.words import WORDS, explanation
from reporter.settings.help import TEXT_LIMIT_CHARS, HelpTable
from reporter.settings.kinds import Choice, Flag, ListOf, Number, Text
from reporter.settings.model import TABLE, Setting
from reporter.settings.names import pascal_case
from reporter.settings.policy.base import Vendor
from reporter.texts import Translator

NAMESPACE = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions"
REVISION = "1.0"
RECOMMENDED = "Recommended"
ADDRESS_LIMIT_CHARS = 2_048
TABLE_LIMIT_CHARS = 32_767


class Policy(NamedTuple):
    """One policy of the template: a setting in one of its two keys."""

    row: Setting
    is_recommended: bool

    @property
    def name(self) -> str:
        """Its name in the template."""
        return pascal_case(self.row.name) + (f"_{RECOMMENDED}" if self.is_recommended else "")


def policies() -> Iterator[Policy]:
    """Every policy, the mandatory ones first."""
    yield from (Policy(row, False) for row in TABLE if row.lockable)
    yield from (Policy(row, True) for row in TABLE)


def identifier(name: str) -> str:
    """A name of the vendor or product as templates can have it: Latin letters, digits and underscores.

    One that loses anything, such as spaces, is told from others by a checksum: of two templates with one name
    Windows ignores the second.
    """
    latin = re.sub(r"\W", "", name, flags=re.ASCII)
    is_whole = latin == name and latin[:1].isalpha()
    return latin if is_whole else f"N{zlib.crc32(name.encode()):08x}{latin}"


def admx(vendor: Vendor) -> bytes:
    """The template."""
    product = identifier(vendor.product)
    root = Element("policyDefinitions", {"xmlns": NAMESPACE, "revision": REVISION, "schemaVersion": "1.0"})
    namespaces = SubElement(root, "policyNamespaces")
    target = f"{identifier(vendor.name)}.Policies.{product}"
    SubElement(namespaces, "target", {"prefix": product.lower(), "namespace": target})
    SubElement(root, "resources", {"minRequiredRevision": REVISION})
    definitions = SubElement(SubElement(root, "supportedOn"), "definitions")
    SubElement(definitions, "definition", {"name": "Supported", "displayName": "$(string.Supported)"})
    categories = SubElement(root, "categories")
    SubElement(categories, "category", {"name": product, "displayName": "$(string.Category)"})
    below = SubElement(
        categories, "category", {"name": RECOMMENDED, "displayName": f"$(string.{RECOMMENDED})"}
    )
    SubElement(below, "parentCategory", {"ref": product})
    listed = SubElement(root, "policies")
    for policy in policies():
        _policy(listed, policy, vendor)
    return _written(root)


def adml(vendor: Vendor, texts: Translator) -> bytes:
    """The texts of the template in one language."""
    words = WORDS[texts.language]
    root = Element(
        "policyDefinitionResources", {"xmlns": NAMESPACE, "revision": REVISION, "schemaVersion": "1.0"}
    )
    SubElement(root, "displayName").text = vendor.product
    SubElement(root, "description").text = words.description
    resources = SubElement(root, "resources")
    strings = SubElement(resources, "stringTable")

    def string(id_: str, text: str) -> None:
        SubElement(strings, "string", {"id": id_}).text = text

    string("Category", vendor.product)
    string(RECOMMENDED, words.recommended)
    string("Supported", words.supported.format(product=vendor.product))
    for row in TABLE:
        name = pascal_case(row.name)
        string(name, texts.say(row.title))
        if row.lockable:
            string(f"{name}_Explain", explanation(row, texts))
        string(f"{name}_{RECOMMENDED}_Explain", explanation(row, texts, recommended=True))
        if isinstance(row.kind, Choice):
            for option in row.kind.options:
                string(f"{name}_{option}", option)
    presentations = SubElement(resources, "presentationTable")
    for row in TABLE:
        if not isinstance(row.kind, Flag):
            _presentation(presentations, row, texts.say(row.title))
    return _written(root)


def _policy(parent: Element, policy: Policy, vendor: Vendor) -> None:
    kind, name = policy.row.kind, pascal_case(policy.row.name)
    key = vendor.recommended_key if policy.is_recommended else vendor.policies_key
    attributes = {
        "name": policy.name,
        "class": "Both",
        "displayName": f"$(string.{name})",
        "explainText": f"$(string.{policy.name}_Explain)",
        "key": key,
    }
    if isinstance(kind, Flag):
        attributes["valueName"] = name
    else:
        attributes["presentation"] = f"$(presentation.{name})"
    element = SubElement(parent, "policy", attributes)
    category = RECOMMENDED if policy.is_recommended else identifier(vendor.product)
    SubElement(element, "parentCategory", {"ref": category})
    SubElement(element, "supportedOn", {"ref": "Supported"})
    if isinstance(kind, Flag):
        SubElement(SubElement(element, "enabledValue"), "decimal", {"value": "1"})
        SubElement(SubElement(element, "disabledValue"), "decimal", {"value": "0"})
        return
    elements = SubElement(element, "elements")
    if isinstance(kind, ListOf):
        # With an empty prefix the values are named 1, 2 and so on.
        SubElement(elements, "list", {"id": name, "key": rf"{key}\{name}", "valuePrefix": ""})
        return
    common = {"id": name, "valueName": name, "required": "true"}
    if isinstance(kind, Number):
        bounds = {"minValue": str(kind.least), "maxValue": str(kind.most)}
        SubElement(elements, "decimal", {**common, **bounds})
    elif isinstance(kind, Choice):
        options = SubElement(elements, "enum", common)
        for option in kind.options:
            item = SubElement(options, "item", {"displayName": f"$(string.{name}_{option})"})
            SubElement(SubElement(item, "value"), "string").text = option
    elif isinstance(kind, Text):
        SubElement(elements, "multiText", {**common, "maxLength": str(TEXT_LIMIT_CHARS)})
    else:
        limit = TABLE_LIMIT_CHARS if isinstance(kind, HelpTable) else ADDRESS_LIMIT_CHARS
        SubElement(elements, "text", {**common, "maxLength": str(limit)})


def _presentation(parent: Element, row: Setting, title: str) -> None:
    name = pascal_case(row.name)
    element = SubElement(parent, "presentation", {"id": name})
    reference = {"refId": name}
    if isinstance(row.kind, ListOf):
        SubElement(element, "listBox", reference).text = title
    elif isinstance(row.kind, Number):
        SubElement(element, "decimalTextBox", {**reference, "defaultValue": str(row.default)}).text = title
    elif isinstance(row.kind, Choice):
        default = row.kind.options.index(str(row.default))
        box = SubElement(
            element, "dropdownList", {**reference, "noSort": "true", "defaultItem": str(default)}
        )
        box.text = title
    elif isinstance(row.kind, Text):
        SubElement(element, "multiTextBox", reference).text = title
    else:
        SubElement(SubElement(element, "textBox", reference), "label").text = title


def _written(root: Element) -> bytes:
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()
