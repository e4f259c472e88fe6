"""Links: of addresses only the user-info, the query and the fragment are taken out."""

from __future__ import annotations

from reporter.report.scrub.sweep import Group, Row, group, row

CREDENTIALS: tuple[Group, ...] = (
    # Up to the last "@": of the whole address where a password, which may hold a slash, stands before it.
    group(
        "@",
        row(
            "address credentials",
            ("//",),
            r"//(?<!///)[^\s/@:\[\"'<>]{0,256}:(?!\d{1,5}[/?#])(?:[^\s@\"'<>]{0,512}@)+",
            "//",
        ),
        row(
            "address credentials",
            ("//",),
            r"//(?<!///)[^\s/?#@\"'<>]{1,512}@(?:[^\s/?#@\"'<>]{0,512}@)*",
            "//",
        ),
        row(
            "address credentials",
            ("jdbc:oracle:", "sqlplus"),
            r"(?i)\b(jdbc:oracle:[a-z]{1,8}:|sqlplus[ \t]+)[^\s@\"'<>]{1,256}@(?:[^\s@\"'<>]{1,256}@)*",
            r"\1@",
        ),
    ),
)
QUERIES: tuple[Group, ...] = (
    group(
        (r"\?[^\s\"'<>]", r"\#(?<![\s\"'<>]#)[^\s\"'<>]"),
        row(
            "address query",
            ("/",),
            r"(/(?<![\w/.~%@+-]/)[^\s?#\"'<>]{0,1024})\?[\w%&=~$.+-][^\s\"'<>]*",
            r"\1",
        ),
        row("address query", ("=",), r"\?[\w.%~$\[\]-]{1,64}=[^\s\"'<>]*", ""),
        row("address query", ("://",), r"(://(?:[^\s?#\"'<>:]|:(?!//))+)[?#][^\s\"'<>]+", r"\1"),
    ),
)
BARE: tuple[Row, ...] = (
    row(
        "address credentials",
        (":",),
        r"(?i)(?<![\w.+-])(?!(?:mailto|sips?|xmpp|e?-?mail|contact|from|to|b?cc|user|login)\b)"
        r"[a-z0-9_.+-]{1,64}:(?!\d+@)(?:[^\s:/@\"'<>]{1,128}@)+(?!sha\d)(?=[\w\[])",
        "<credentials>@",
    ),
)
