"""Settings as somebody could have written them, for the round trips through every source."""

from __future__ import annotations

from hypothesis import strategies as st

from reporter.settings.layers import Layer, Loaded
from reporter.settings.model import FACT_SECTIONS, REPORT_PARTS
from reporter.texts.safe import one_line

printable = st.characters(exclude_categories=("C", "Z"), exclude_characters="\ufff9\ufffa\ufffb")
words = st.text(printable, min_size=1, max_size=40).filter(lambda text: one_line(text, 99) == text)
addresses = st.from_regex(r"https?://[a-z]{1,8}\.example/[a-z0-9]{0,9}", fullmatch=True)
destinations = st.from_regex(r"https://[a-z]{1,8}\.example/[a-z0-9]{1,9}", fullmatch=True)
files = st.from_regex(r"/[a-z]{1,8}/[a-z]{1,8}", fullmatch=True)
helps = st.dictionaries(
    st.sampled_from(["tls", "tls.expired", "dns", "app.locked"]),
    st.fixed_dictionaries({"text": words}, optional={"url": addresses}),
    max_size=3,
)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "help_text": words,
    "help_url": addresses,
    "help": helps,
    "endpoint": destinations,
    "client_certificate": files,
    "submission": st.sampled_from(["ask", "auto", "off"]),
    "include_user_name": st.booleans(),
    "include_server_names": st.booleans(),
    "allowed_sections": st.just([*REPORT_PARTS, *FACT_SECTIONS]) | st.just([]),
    "control_urls": st.lists(addresses, max_size=4),
    "attach_logs": st.lists(files, max_size=3),
    "retention_days": st.integers(1, 3650),
    "spread_seconds": st.integers(0, 86_400),
}
said = st.fixed_dictionaries({}, optional=VALUES)


def check(loaded: Loaded, expected: dict[str, object], layer: Layer) -> None:
    """Everything was read as it was written, in its layer, without a problem."""
    assert loaded.problems == []
    for name, value in expected.items():
        found = getattr(loaded.settings, name)
        if name == "help":
            assert isinstance(value, dict)
            assert {key: override.text for key, override in found.items()} == {
                key: members["text"] for key, members in value.items()
            }
        else:
            assert found == (tuple(value) if isinstance(value, list) else value)
        assert loaded.origins[name].layer is layer
