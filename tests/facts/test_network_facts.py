"""Interfaces and proxies: told without addresses and without credentials."""

from __future__ import annotations

import socket
import sys
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporter.facts import network, routes
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
        ],
        "is_vpn_used": False,
        "is_wireless_used": False,
    }


def test_the_system_may_know_a_kind_better_than_its_name_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_interfaces(monkeypatch, ["Ethernet 3"])
    told = network.interfaces({"Ethernet 3": "VPN"})
    assert (told["is_vpn_used"], told["is_wireless_used"]) == (True, False)


def test_a_tunnel_without_an_address_of_its_own_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    up = SimpleNamespace(isup=True, speed=0)
    link_local = [SimpleNamespace(family=socket.AF_INET6, address="fe80::1%utun0")]
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {"utun0": up})
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"utun0": link_local})
    assert network.interfaces()["is_vpn_used"] is False


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


IPV4_ROUTES = (
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "wlp2s0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
    "tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0\n"
    "wlp2s0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
    "tun0\t0000000A\t0108000A\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n"
    "eth0\t00000000\t0101A8C0\n"
    "eth0\t00000000\tXXXXXXXX\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
)
NOWHERE = "0" * 32
IPV6_ROUTES = (
    f"{NOWHERE} 00 {NOWHERE} 00 fe80000000000000000000000000abcd 00000258 00000001 00000000 00450003 wlp2s0\n"
    f"{NOWHERE} 00 {NOWHERE} 00 {NOWHERE} ffffffff 00000001 00000000 00200200       lo\n"
    f"fd000000000000000000000000000000 40 {NOWHERE} 00 {NOWHERE} 00000100 00000001 00000000 00000001 wlp2s0\n"
    f"{NOWHERE} zz {NOWHERE}\n"
)
NETSTAT = """Routing tables

Internet:
Destination        Gateway            Flags           Netif Expire
default            192.168.1.1        UGScg             en0
default            link#22            UCSIg       bridge100      !
127                127.0.0.1          UCS               lo0

Internet6:
Destination                             Gateway                         Flags           Netif Expire
default                                 fe80::1%en0                     UGcg              en0
default                                 fe80::%utun0                    UGcIg           utun0
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the recorded table is of a little-endian machine")
def test_default_gateways_of_the_kernels_tables() -> None:
    assert routes.gateways_of_ipv4(IPV4_ROUTES) == [
        {"address": "192.168.1.1", "interface": "wlp2s0", "metric": 600}
    ]
    assert routes.gateways_of_ipv6(IPV6_ROUTES) == [
        {"address": "fe80::abcd", "interface": "wlp2s0", "metric": 600}
    ]


def test_default_gateways_of_a_mac() -> None:
    told = [(row["address"], row["interface"]) for row in routes.gateways_of_netstat(NETSTAT)]
    assert told == [("192.168.1.1", "en0"), ("fe80::1", "en0"), ("fe80::", "utun0")]


def test_name_servers_without_the_names_of_the_organisation() -> None:
    text = "# nameserver 9.9.9.9\nsearch corp.x\nnameserver 10.0.0.53\nnameserver fe80::1%eth0\nnameserver\n"
    assert routes.name_servers_of(f"{text}nameserver 10.0.0.53\nnameserver evil\noptions edns0\n") == [
        "10.0.0.53",
        "fe80::1%eth0",
    ]


@given(st.text("0123456789abcdef \t\n:.%") | st.text())
def test_no_table_is_too_odd_to_be_read(table: str) -> None:
    read = (routes.gateways_of_ipv4, routes.gateways_of_ipv6, routes.gateways_of_netstat)
    assert all(len(one(table)) <= routes.ROUTES_LIMIT_ITEMS for one in read)
    assert len(routes.name_servers_of(table)) <= routes.ROUTES_LIMIT_ITEMS
