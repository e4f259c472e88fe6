"""Every kind of destination can be set; a typo is told where it was made, and never by quoting a password."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reporter.delivery.destination import Destination, open_destination
from reporter.report.bundle import pack
from reporter.settings.destinations import EXAMPLES, SCHEMES, DestinationAddress
from reporter.settings.kinds import MalformedError
from reporter.settings.layers import load

GOOD = [
    *EXAMPLES,
    "http://127.0.0.1:8765/reports",
    "HTTPS://поддержка.example/in?site=berlin#top",
    "https://[2001:db8::1]:8443/",
    "onec+http://server/api",
    "onec+https://server/api/ErrorLoggingService/?base=erp",
    "sentry+http://0123456789abcdef@127.0.0.1:8000/bugs/1",
    "Sentry+HTTPS://k@host/1/",
    "smtp://relay/helpdesk@example.org",
    "smtps://relay:465/help+erp@example.org?from=agent%40example.org&starttls=off",
    "smtp://relay/helpdesk@почта.example?starttls=required",
    "file:///mnt/reports of ERP",
    "file://localhost/mnt/reports%231",
]
SHARES = ["\\\\server\\share", "\\\\server\\share\\reports of ERP", "file://server/share/reports"]


@pytest.fixture(autouse=True)
def _no_settings_of_the_tester(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


def read(address: object, system: str = "linux") -> str:
    return DestinationAddress(system).read(address, lambda fault: None)


def opened(address: str) -> Destination:
    return open_destination(address, pack=pack)


@pytest.mark.parametrize("address", GOOD)
def test_every_kind_can_be_set_and_opened(address: str) -> None:
    assert read(f"  {address} ") == address
    assert opened(address).name


@pytest.mark.parametrize("address", [*GOOD, *SHARES, "file:///C:/reports", "file://C:/reports"])
def test_windows_reaches_shares_and_drives_too(address: str) -> None:
    assert read(address, "win32") == address


@pytest.mark.parametrize("address", SHARES)
def test_elsewhere_a_share_is_mounted_first(address: str) -> None:
    with pytest.raises(MalformedError, match="is a share that only Windows reaches by its name") as raised:
        read(address)
    assert raised.value.remedy == "mount it, and write it like file:///mnt/reports"


@pytest.mark.parametrize("address", ["\\\\anna@server\\share", "file://anna:s3cret@server/share"])
def test_windows_signs_in_to_a_share_by_itself(address: str) -> None:
    with pytest.raises(MalformedError, match="holds a user name or password"):
        read(address, "win32")


@pytest.mark.parametrize("nothing", ["", "  "])
def test_empty_is_none(nothing: str) -> None:
    assert read(nothing) == ""


@pytest.mark.parametrize(
    ("address", "what", "remedy"),
    [
        ("support.example.org", "has no scheme at its beginning", "write an address such as https://"),
        ("htps://host/", "begins with htps:, which is no kind of destination", "(did you mean https://?)"),
        ("onec-https://host/", "begins with onec-https:", "(did you mean onec+https://?)"),
        ("sentry+htps://k@host/1", "begins with sentry+htps:", "(did you mean sentry+https://?)"),
        ("stmp://relay/a@b.example", "begins with stmp:", "(did you mean smtp://?)"),
        ("gopher://host/", "begins with gopher:", "write an address"),
        ("https:/host/reports", "has no // behind https:", "write it like https://support"),
        ("file:/mnt/reports", "has no // behind file:", "write it like file:///mnt/reports"),
        ("onec+https:host", "has no // behind onec+https:", "write it like onec+https://"),
        ("https:///reports", "names no server", "write it like https://support"),
        ("https://host:99999/", "names a server or a port that does not exist", "write it like"),
        ("https://host:0/", "names a server or a port that does not exist", "write it like"),
        ("https://host:8o80/", "names a server or a port that does not exist", "write it like"),
        ("https://[::1/", "names a server or a port that does not exist", "write it like"),
        ("https://host/my reports", "holds a space at position 16", "write it like https://"),
        ("https://host/\u202ereports", "holds a character at position 14 that no address has", "write"),
        ("https://" + "a" * 2_048, "is longer than 2,048 characters", "write"),
        ("https://agent:s3cret@host/", "holds a user name or password", "leave it out: it belongs into"),
        ("onec+https://s3cret@host/", "holds a user name or password", "keyring or the credentials file"),
        ("smtp://agent:s3cret@relay/a@b.example", "holds a user name or password", "leave it out"),
        ("https://@host/", "holds a user name or password", "leave it out"),
        ("sentry+https://k:s3cret@host/1", "holds a user name or password", "leave it out"),
        ("sentry+https://host/1", "has no key of letters and digits before", "like sentry+https://KEY@"),
        ("sentry+https://s3-cret@host/1", "has no key of letters and digits", "like sentry+https://KEY@"),
        ("sentry+https://ключ@host/1", "has no key of letters and digits", "like sentry+https://KEY@"),
        ("sentry+https://k@host/", "has no project of letters and digits at its end", "like sentry+"),
        ("smtp://relay:25", "names no mailbox behind the server", "write it like smtp://relay"),
        ("smtp://relay:25/helpdesk", "names no mailbox behind the server", "write it like smtp://relay"),
        ("smtp://relay/a@" + "я" * 70, "names no mailbox behind the server", "write it like smtp://relay"),
        ("smtps://relay/a@b.example#top", "names no mailbox behind the server", "write it like smtp"),
        ("smtp://relay/a@b.example?startls=off", "has an option that is not known", "did you mean starttls"),
        ("smtp://relay/a@b.example?starttls=no", "has another word for", "write auto, required or off"),
        ("smtp://relay/a@b.example?from=a@b&from=a@b", "has an option twice", "leave one of them out"),
        ("smtp://relay/a@b.example?from=agent", "names no mailbox in from", "write it like ?from=agent@"),
        ("file:///", "names no folder", "write it like file:///mnt/reports"),
        ("file://", "names no folder", "write it like file:///mnt/reports"),
        ("file:///mnt/a%00b", "names no folder", "write it like file:///mnt/reports"),
        ("file:///mnt/reports#1", "holds a ? or a # of its own", "write %3F and %23 for them"),
        ("\\\\server", "names no share", "write \\\\server\\share"),
        ("\\\\server\\", "names no share", "write \\\\server\\share"),
        ("\\\\?\\C:\\reports", "names no share", "write \\\\server\\share"),
    ],
)  # fmt: skip
def test_a_typo_is_told_with_what_to_write(address: str, what: str, remedy: str) -> None:
    with pytest.raises(MalformedError) as raised:
        read(address)
    assert raised.value.what.startswith(what)
    assert remedy in raised.value.remedy
    assert "s3" not in str(raised.value)


@pytest.mark.parametrize("raw", [1, True, None, ["https://host/"], {}])
def test_an_address_is_text(raw: object) -> None:
    with pytest.raises(MalformedError):
        read(raw)


def test_typos_in_a_file_are_told_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'help_text = "x"\n'
        'destinations = [\n  "https://host/reports",\n  "htps://agent:s3cret@host/",\n'
        '  "sentry+https://host/1",\n  "smtp://relay/helpdesk@example.org",\n]\n',
        encoding="utf-8",
    )
    loaded = load(environ={"REPORTER_SETTINGS": str(file)})
    assert loaded.settings.destinations_in_order() == (
        "https://host/reports",
        "smtp://relay/helpdesk@example.org",
    )
    second, third = loaded.problems
    assert f"{file}, line 2" in second
    assert "item 2" in second
    assert "htps:, which is no kind of destination" in second
    assert "item 3" in third
    assert "has no key" in third
    assert "s3cret" not in "".join(loaded.problems)


def test_typos_in_the_environment_are_told_with_the_variable(tmp_path: Path) -> None:
    environ = {"REPORTER_DESTINATIONS": "https://host/reports, file:/mnt, onec+https://host:x/api"}
    loaded = load(environ=environ)
    assert loaded.settings.destinations_in_order() == ("https://host/reports",)
    second, third = loaded.problems
    assert "REPORTER_DESTINATIONS" in second
    assert "item 2" in second
    assert "has no // behind file:" in second
    assert "item 3" in third
    endpoint = load(environ={"REPORTER_ENDPOINT": "https//host"})
    assert endpoint.settings.endpoint == ""
    [problem] = endpoint.problems
    assert "REPORTER_ENDPOINT" in problem
    assert "has no scheme" in problem


SERVERS = st.sampled_from(
    ["host", "host:443", "host:0", "host:99999", "[::1]:8", "[::1", "k@host", "k:s@host", "@host", "", "a b",
     "localhost", "почта.example", "C:", "x@", ".", "host\\x"]
) | st.text(max_size=8)  # fmt: skip
PATHS = st.sampled_from(
    [
        "",
        "/",
        "/1",
        "/1/",
        "//",
        "/a@b.example",
        "/a@b@c",
        "/a%20b",
        "/%00",
        "/a@[::1]",
        "\\share",
        "/a@é.x",
        "/é@x",
    ]
) | st.text(max_size=12)
TAILS = st.sampled_from(
    [
        "",
        "?",
        "#",
        "?a=1",
        "#b",
        "?starttls=off",
        "?starttls=",
        "?from=a@b.example",
        "?from=a+c@b",
        "?from=%00",
    ]
) | st.text(max_size=6)
ADDRESSES = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from([*SCHEMES, *map(str.upper, SCHEMES), "\\\\", "x"]),
    st.sampled_from(["://", "://", "://", ":/", ":", ""]),
    SERVERS,
    PATHS,
    TAILS,
)


@given(ADDRESSES | st.text() | st.sampled_from(GOOD).flatmap(
    lambda good: st.builds(
        lambda place, mark: good[:place] + mark + good[place:],
        st.integers(0, len(good)),
        st.text(max_size=3),
    )
))  # fmt: skip
@example("https://host\t/reports")
@example("sentry+https://k@host/1/")
def test_what_settings_take_delivery_opens(address: str) -> None:
    try:
        taken = read(address)
    except MalformedError as fault:
        assert "\n" not in str(fault)
        return
    if taken:
        assert isinstance(opened(taken), Destination)
