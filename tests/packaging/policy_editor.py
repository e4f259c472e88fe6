"""A group policy editor: what is set with a template gets into a registry, as Windows writes it."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from policy.admx import NAMESPACE
from tests.settings.policy_systems import FakeWinreg

SPACE = f"{{{NAMESPACE}}}"


class PolicyEditor:
    """The policies of one template; knows nothing of settings, only what the template says."""

    def __init__(self, admx: bytes, winreg: FakeWinreg) -> None:
        template = ElementTree.fromstring(admx)  # noqa: S314 - made here
        self.policies = {policy.get("name", ""): policy for policy in template.iter(SPACE + "policy")}
        self.winreg = winreg

    def enable(self, name: str, value: object, *, hive: str = "HKLM") -> None:
        """Enable a policy; ``value``: what is filled into its one control, if it has any."""
        policy = self.policies[name]
        key = policy.attrib["key"]
        constant = policy.find(f"{SPACE}enabledValue/{SPACE}decimal")
        if constant is not None:
            assert value is True
            self._number(hive, key, policy.attrib["valueName"], int(constant.attrib["value"]))
        for element in policy.iterfind(f"{SPACE}elements/*"):
            self._fill(hive, element.get("key", key), element, value)

    def disable(self, name: str, *, hive: str = "HKLM") -> None:
        """Disable a policy that has a value for it."""
        policy = self.policies[name]
        constant = policy.find(f"{SPACE}disabledValue/{SPACE}decimal")
        assert constant is not None
        self._number(hive, policy.attrib["key"], policy.attrib["valueName"], int(constant.attrib["value"]))

    def _fill(self, hive: str, key: str, element: Element, value: object) -> None:
        winreg, name = self.winreg, element.get("valueName", "")
        kind = element.tag.removeprefix(SPACE)
        if kind == "decimal":
            assert isinstance(value, int)
            assert int(element.attrib["minValue"]) <= value <= int(element.attrib["maxValue"])
            self._number(hive, key, name, value)
        elif kind == "text":
            assert isinstance(value, str)
            assert len(value) <= int(element.attrib["maxLength"])
            winreg.write(hive, key, name, value, winreg.REG_SZ)
        elif kind == "multiText":
            winreg.write(hive, key, name, str(value).split("\n"), winreg.REG_MULTI_SZ)
        elif kind == "enum":
            values = [text.text for text in element.iterfind(f"{SPACE}item/{SPACE}value/{SPACE}string")]
            assert value in values
            winreg.write(hive, key, name, value, winreg.REG_SZ)
        else:
            assert kind == "list"
            assert isinstance(value, list)
            for number, item in enumerate(value, 1):
                # Without a prefix, not even an empty one, a value is named like its content.
                prefix = element.get("valuePrefix")
                own = item if prefix is None else f"{prefix}{number}"
                winreg.write(hive, key, own, item, winreg.REG_SZ)

    def _number(self, hive: str, key: str, name: str, value: int) -> None:
        self.winreg.write(hive, key, name, value, self.winreg.REG_DWORD)
