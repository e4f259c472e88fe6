"""Structure: the rules of Microsoft's PolicyDefinitions that a template of ours has to keep.

Written from the published schema: which elements there are, in which order, with which attributes, and that
every reference leads somewhere. Windows refuses a whole template for one of these, often without a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from policy.admx import NAMESPACE


class Rule:
    """What an element holds: ``children`` in this order, the marks being ``?`` at most one, ``*`` any number,
    ``+`` one or more, ``|`` a choice of any number and order; and its attributes."""

    def __init__(self, children: str = "", required: str = "", optional: str = "") -> None:
        self.sequence = re.compile(
            "".join(
                f"(?:(?:{part.rstrip('?*+')}) ){part[-1] if part[-1] in '?*+' else ''}"
                for part in children.split()
            )
        )
        self.required = set(required.split())
        self.allowed = self.required | set(optional.split())


_DESCRIBED = "displayName"
_ELEMENT = "id valueName"
_VALUE = Rule("decimal|string|delete")

ADMX_RULES = {
    "policyDefinitions": Rule(
        "policyNamespaces supersededAdm* annotation* resources supportedOn? categories? policies?",
        "revision schemaVersion",
    ),
    "policyNamespaces": Rule("target using*"),
    "target": Rule("", "prefix namespace"),
    "using": Rule("", "prefix namespace"),
    "resources": Rule("", "minRequiredRevision", "fallbackCulture"),
    "supportedOn": Rule("products? definitions?"),
    "definitions": Rule("definition+"),
    "definition": Rule("", f"name {_DESCRIBED}"),
    "categories": Rule("category*"),
    "category": Rule("parentCategory? seeAlso* keywords?", f"name {_DESCRIBED}", "explainText"),
    "parentCategory": Rule("", "ref"),
    "policies": Rule("policy*"),
    "policy": Rule(
        "parentCategory seeAlso* keywords? supportedOn enabledValue? disabledValue? enabledList? "
        "disabledList? elements?",
        f"name class {_DESCRIBED} key",
        "explainText presentation valueName",
    ),
    "policy/supportedOn": Rule("", "ref"),
    "enabledValue": _VALUE,
    "disabledValue": _VALUE,
    "value": _VALUE,
    "elements": Rule("boolean|decimal|text|enum|list|longDecimal|multiText+"),
    "elements/decimal": Rule("", _ELEMENT, "key required minValue maxValue storeAsText soft"),
    "elements/text": Rule("", _ELEMENT, "key required maxLength expandable soft"),
    "elements/multiText": Rule("", _ELEMENT, "key required maxLength maxStrings soft"),
    "elements/enum": Rule("item*", _ELEMENT, "key required"),
    "elements/list": Rule("", "id", "key valuePrefix additive expandable explicitValue"),
    "item": Rule("value valueList?", _DESCRIBED),
    "decimal": Rule("", "value"),
    "string": Rule(),
}
ADML_RULES = {
    "policyDefinitionResources": Rule(
        "displayName description annotation* resources", "revision schemaVersion"
    ),
    "displayName": Rule(),
    "description": Rule(),
    "resources": Rule("stringTable? presentationTable?"),
    "stringTable": Rule("string+"),
    "string": Rule("", "id"),
    "presentationTable": Rule("presentation+"),
    "presentation": Rule(
        "text|decimalTextBox|textBox|checkBox|comboBox|dropdownList|listBox|multiTextBox+", "id"
    ),
    "decimalTextBox": Rule("", "refId", "defaultValue spin spinStep"),
    "textBox": Rule("label defaultValue?", "refId"),
    "label": Rule(),
    "dropdownList": Rule("", "refId", "noSort defaultItem"),
    "listBox": Rule("", "refId"),
    "multiTextBox": Rule("", "refId", "showAsDialog defaultHeight"),
}
# Which control shows which element.
CONTROLS = {
    "decimal": "decimalTextBox",
    "text": "textBox",
    "multiText": "multiTextBox",
    "enum": "dropdownList",
    "list": "listBox",
}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\((string|presentation)\.([A-Za-z_][A-Za-z0-9_]*)\)")
_KEY = re.compile(r"[^\\]+(?:\\[^\\]+)*")
_SPACE = f"{{{NAMESPACE}}}"


def problems(admx: bytes, adml: bytes) -> list[str]:
    """Every rule that a template and its texts in one language break, in words."""
    try:
        template = ElementTree.fromstring(admx)  # noqa: S314 - files that we made ourselves
        texts = ElementTree.fromstring(adml)  # noqa: S314
    except ElementTree.ParseError as error:
        return [f"this is not XML: {error}"]
    shape = [
        *_shape(template, "policyDefinitions", ADMX_RULES),
        *_shape(texts, "policyDefinitionResources", ADML_RULES),
    ]
    return shape or [*_names(template), *_references(template, texts), *_values(template)]


def _shape(root: Element, name: str, rules: dict[str, Rule]) -> Iterator[str]:
    if root.tag != _SPACE + name:
        yield f"the root is {root.tag}, not {name} in its namespace"
        return
    waiting = [(root, "")]
    while waiting:
        element, parent = waiting.pop()
        own = _tag(element)
        rule = rules.get(f"{parent}/{own}") or rules.get(own)
        if rule is None:
            yield f"{own} in {parent} is no element of the schema"
            continue
        children = "".join(f"{_tag(child)} " for child in element)
        if rule.sequence.fullmatch(children) is None:
            yield f"{own} holds {children or 'nothing'}in an order that is not allowed"
        attributes = set(element.attrib)
        yield from (f"{own} has no {missing}" for missing in sorted(rule.required - attributes))
        yield from (f"{own} has {other}" for other in sorted(attributes - rule.allowed))
        waiting += [(child, own) for child in element]


def _names(template: Element) -> Iterator[str]:
    for kind in ("definition", "category", "policy"):
        names = [element.get("name", "") for element in template.iter(_SPACE + kind)]
        yield from (
            f"the name {name!r} of a {kind} is not allowed" for name in names if not _NAME.fullmatch(name)
        )
        yield from (f"{kind} {name} is there twice" for name in _twice(names))
    for policy in template.iter(_SPACE + "policy"):
        ids = [element.get("id", "") for element in policy.iterfind(f"{_SPACE}elements/*")]
        yield from (f"{policy.get('name')} has two elements {id_}" for id_ in _twice(ids))


def _references(template: Element, texts: Element) -> Iterator[str]:
    strings = [element.get("id", "") for element in texts.iter(_SPACE + "string")]
    shown = {element.get("id", ""): element for element in texts.iter(_SPACE + "presentation")}
    yield from (f"the string {id_} is there twice" for id_ in _twice(strings))
    yield from (
        f"the string {element.get('id')} is empty"
        for element in texts.iter(_SPACE + "string")
        if not element.text
    )
    used: set[str] = set()
    for element in template.iter():
        for attribute in ("displayName", "explainText", "presentation"):
            if attribute not in element.attrib:
                continue
            found = _REFERENCE.fullmatch(element.attrib[attribute])
            if found is None or (found[1] == "presentation") != (attribute == "presentation"):
                yield f"{attribute} of {_tag(element)} is {element.attrib[attribute]}, which is no reference"
                continue
            used.add(found[2])
            if found[2] not in (shown if found[1] == "presentation" else strings):
                yield f"there is no {found[1]} {found[2]}"
    yield from (f"nothing uses the string {id_}" for id_ in sorted(set(strings) - used))
    yield from (f"nothing uses the presentation {id_}" for id_ in sorted(set(shown) - used))
    for kind, reference in (("category", "parentCategory"), ("definition", "supportedOn")):
        names = {element.get("name") for element in template.iter(_SPACE + kind)}
        for element in template.iter(_SPACE + reference):
            if "ref" in element.attrib and element.get("ref") not in names:
                yield f"there is no {kind} {element.get('ref')}"
    for policy in template.iter(_SPACE + "policy"):
        yield from _controls(policy, shown)


def _controls(policy: Element, shown: dict[str, Element]) -> Iterator[str]:
    elements = {element.get("id"): element for element in policy.iterfind(f"{_SPACE}elements/*")}
    found = _REFERENCE.fullmatch(policy.get("presentation", ""))
    if found is None or found[2] not in shown:
        if elements:
            yield f"{policy.get('name')} has elements and no presentation"
        return
    controls = {control.get("refId"): control for control in shown[found[2]] if "refId" in control.attrib}
    if set(controls) != set(elements):
        yield f"the presentation of {policy.get('name')} shows other elements than it has"
        return
    for id_, element in elements.items():
        if CONTROLS[_tag(element)] != _tag(controls[id_]):
            yield f"{id_} is a {_tag(element)} and shown as a {_tag(controls[id_])}"
        default = controls[id_].get("defaultItem")
        if default is not None and int(default) >= len(element):
            yield f"{id_} has no item {default}"


def _values(template: Element) -> Iterator[str]:
    for policy in template.iter(_SPACE + "policy"):
        name = policy.get("name")
        if policy.get("class") not in ("Machine", "User", "Both"):
            yield f"{name} is of the class {policy.get('class')}"
        keys = [element.get("key", "") for element in policy.iter() if "key" in element.attrib]
        for key in keys:
            if not _KEY.fullmatch(key) or not key.startswith("Software\\Policies\\"):
                yield f"{name} writes to {key}"
        has_value = policy.find(f"{_SPACE}enabledValue") is not None
        if has_value != ("valueName" in policy.attrib):
            yield f"{name} has a value and no name for it, or a name and no value"
        for element in policy.iterfind(f"{_SPACE}elements/{_SPACE}decimal"):
            if int(element.get("minValue", "0")) >= int(element.get("maxValue", "9999")):
                yield f"{name} allows no number"


def _twice(names: list[str]) -> list[str]:
    """Names that are there more than once, without letter case as Windows has them."""
    folded = [name.casefold() for name in names]
    return sorted({name for name, fold in zip(names, folded, strict=True) if folded.count(fold) > 1})


def _tag(element: Element) -> str:
    return element.tag.removeprefix(_SPACE)
