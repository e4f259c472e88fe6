"""Documents as they may stand in a spool: any JSON, and real reports with anything in some places."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.report import typical

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real report, of this or the first version, with anything in some of its places."""
    document = json.loads(draw(st.sampled_from(list(typical.TYPICAL.values())))().report_json)
    if draw(st.booleans()):
        document |= {"schema": "report/1", "story": {"text": draw(st.text()), "contact": ""}}
    for _ in range(draw(st.integers(1, 6))):
        part = document
        while True:
            name = draw(st.sampled_from(sorted(part)))
            if not isinstance(part[name], dict) or not part[name] or draw(st.booleans()):
                part[name] = draw(ANY)
                break
            part = part[name]
    return json.dumps(document).encode()
