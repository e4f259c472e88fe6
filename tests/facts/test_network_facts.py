"""Interfaces and proxies: told without addresses and without credentials."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.facts import network
from reporter.facts.linux import Linux
from reporter.facts.operating_system import without_credentials


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lo", "loopback"),
        ("Loopback Pseudo-Interface 1", "loopback"),
        ("eth0", "wired"),
        ("enp3s0", "wired"),
        ("Ethernet 2", "wired"),
        ("en0", "wired or wireless"),
        ("wlp2s0", "wireless"),
        ("Wi-Fi", "wireless"),
        ("Беспроводная сеть", "wireless"),
        ("tun0", "VPN"),
        ("wg-office", "VPN"),
        ("utun3", "VPN"),
        ("OpenVPN TAP-Windows6", "VPN"),
        ("Cisco AnyConnect", "VPN"),
        ("docker0", "virtual"),
        ("veth12ab", "virtual"),
        ("vEthernet (Default Switch)", "virtual"),
        ("VMware Network Adapter VMnet8", "virtual"),
        ("wwan0", "mobile"),
        ("Bluetooth Network Connection", "Bluetooth"),
        ("awdl0", "other"),
    ],
)
def test_the_kind_is_guessed_from_the_name(name: str, kind: str) -> None:
    assert network.kind_of(name) == kind


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("127.0.0.1", "IPv4 loopback"),
        ("192.168.1.20", "IPv4 private"),
        ("169.254.10.1", "IPv4 link-local"),
        ("100.64.3.2", "IPv4 shared"),
        ("8.8.8.8", "IPv4 public"),
        ("::1", "IPv6 loopback"),
        ("fe80::1%eth0", "IPv6 link-local"),
        ("fd00::5", "IPv6 private"),
        ("2a02:1::5", "IPv6 public"),
        ("aa:bb:cc:dd:ee:ff", ""),
        ("", ""),
    ],
)
def test_an_address_is_told_by_its_scope_alone(address: str, scope: str) -> None:
    assert network.scope_of(address) == scope


def fake_interfaces(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    state = SimpleNamespace(isup=True, speed=1000)
    link = SimpleNamespace(family=psutil.AF_LINK, address="aa:bb:cc:dd:ee:ff")
    addresses = [
        SimpleNamespace(family=socket.AF_INET, address="192.168.77.20"),
        SimpleNamespace(family=socket.AF_INET, address="192.168.77.21"),
        SimpleNamespace(family=socket.AF_INET6, address="fe80::abcd%x"),
        link,
    ]
    monkeypatch.setattr(
        psutil,
        "net_if_stats",
        lambda: dict.fromkeys(names, state) | {"eth9": SimpleNamespace(isup=False, speed=0)},
    )
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: dict.fromkeys(names, addresses) | {"ghost0": [link]})


def test_interfaces_are_told_without_a_single_address(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_interfaces(monkeypatch, ["eth0"])
    told = network.interfaces()
    assert told == {
        "interfaces": [
            {
                "name": "eth0",
                "kind": "wired",
                "is_up": True,
                "speed_mbps": 1000,
                "addresses": "IPv4 private, IPv6 link-local",
            },
            {"name": "eth9", "kind": "wired", "is_up": False, "speed_mbps": None, "addresses": ""},
            {"name": "ghost0", "kind": "other", "is_up": False, "speed_mbps": None, "addresses": ""},
        ]
    }


def test_a_host_of_many_containers_tells_how_many_more(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_interfaces(monkeypatch, [f"veth{number}" for number in range(300)])
    told = network.interfaces()
    assert isinstance(told["interfaces"], list)
    assert len(told["interfaces"]) == network.INTERFACE_LIMIT
    assert told["left_out_count"] == 302 - network.INTERFACE_LIMIT


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://me:geheim@proxy:3128/", "http://proxy:3128"),
        ("me:geheim@proxy:3128", "proxy:3128"),
        ("http://me:ge/he#im@proxy:3128", "http://proxy:3128"),
        ("http://me:12/34@proxy:3128", "http://proxy:3128"),
        ("http://me:ge@heim@proxy", "http://proxy"),
        ("http://me:ge,heim@proxy", "http://proxy"),
        ("http://proxy:3128/?key=geheim", "http://proxy:3128"),
        ("http://a:1, http://b:2", "http://a:1, http://b:2"),
        ("socks5://[fd00::1]:1080", "socks5://[fd00::1]:1080"),
        ("", ""),
    ],
)
def test_a_proxy_is_told_by_scheme_host_and_port(setting: str, told: str) -> None:
    assert without_credentials(setting) == told


@given(
    password=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=10).map("gEh{}eIm".format),
    name=st.sampled_from(["http_proxy", "HTTPS_PROXY", "all_proxy"]),
    scheme=st.sampled_from(["", "http://", "https://", "socks5h://"]),
)
def test_no_password_survives_however_it_is_written(password: str, name: str, scheme: str) -> None:
    told = Linux({name: f"{scheme}me:{password}@proxy.corp:3128"}).proxy()
    assert "gEh" not in str(told)
    assert "eIm" not in str(told)
    assert "proxy.corp:3128" in str(told)


def test_small_letters_come_before_capitals_and_a_source_is_named() -> None:
    told = Linux({"http_proxy": "http://a:1", "HTTP_PROXY": "http://b:1", "NO_PROXY": "localhost"}).proxy()
    assert told == {"http": "http://a:1", "bypass": "localhost", "source": "environment"}


def test_names_and_networks_without_proxy_stay_whole() -> None:
    told = Linux({"no_proxy": "localhost,.corp 10.0.0.0/8;me:geheim@x"}).proxy()
    assert told["bypass"] == "localhost, .corp, 10.0.0.0/8"


def test_without_a_proxy_there_is_nothing_to_tell() -> None:
    assert Linux({"no_proxy": ""}).proxy() == {}
