"""Shapes: keys, tokens and hashes that their makers made recognisable."""

from __future__ import annotations

from reporter.report.scrub.sweep import Group, Row, group, probes, row

TOKEN = "<token>"  # noqa: S105 - the word that stands where a token was

# The beginning of a key, which ``_PROBES`` must know too, and what follows.
_KEYS: tuple[tuple[str, str], ...] = (
    ("eyJ", r"[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*){0,3}"),  # JWT, JWS, JWE
    (r"gh[oprsu]_", r"\w{16,}"),
    ("github_pat_", r"\w{16,}"),
    (r"gl(?:pat|dt|rt|ptt|cbt|ft|soat|agent|imt|oas|ffct)-", r"[\w-]{16,}(?:\.[\w.-]+)?"),
    (r"xox[a-z]-", r"[\w-]{10,}"),
    ("xapp-", r"[\w-]{10,}"),
    (r"A(?:KIA|SIA|BIA|CCA)", r"[A-Z0-9]{12,}"),
    ("AIza", r"[\w-]{30,}"),
    (r"ya29\.", r"[\w.-]{20,}"),
    ("GOCSPX-", r"[\w-]{20,}"),
    (r"SG\.", r"[\w-]{16,}\.[\w-]{16,}"),
    (r"[rs]k_(?:live|test)_", r"\w{10,}"),
    ("whsec_", r"[\w+/=-]{20,}"),
    ("sk-", r"(?=[\w-]{0,64}\d)[\w-]{20,}"),
    ("npm_", r"\w{30,}"),
    ("pypi-", r"[\w-]{50,}"),
    (r"hv[bsr]\.", r"[\w-]{20,}"),
    (r"d(?:op|oo|or)_v1_", r"[0-9a-f]{32,}"),
    ("hf_", r"[A-Za-z0-9]{30,}"),
    (r"shp(?:at|ca|pa|ss)_", r"[0-9a-fA-F]{32,}"),
    ("dckr_(?:pat|oat)_", r"[\w-]{20,}"),
    ("dapi", r"[0-9a-f]{32}(?:-\d)?"),
    ("NRAK-", r"[A-Z0-9a-z]{20,}"),
    ("ATATT3", r"[\w=-]{40,}"),
    (r"gl(?:sa|c)_", r"[\w+/=]{20,}"),
    (r"sntry[su]_", r"[\w+/=]{20,}"),
    ("lin_api_", r"\w{30,}"),
    ("rubygems_", r"\w{30,}"),
    ("AGE-SECRET-KEY-1", r"[A-Z0-9]{20,}"),
    ("AQVN", r"[\w-]{30,}"),  # Yandex Cloud: API key, IAM token, static key, OAuth
    (r"t1\.", r"[\w-]{20,}={0,2}\.[\w-]{20,}={0,2}"),
    (r"YC[A-Z]", r"[\w-]{20,40}"),
    (r"y[0-3]_", r"[\w-]{30,}"),
    (r"(?:SK|AC)(?=[0-9a-f]{6})", r"[0-9a-f]{32}"),  # Twilio
    (r"key-(?=[0-9a-f]{6})", r"[0-9a-f]{32}"),  # Mailgun
    (r"sq0(?:atp|csp)-", r"[\w-]{20,}"),
    ("EAA(?=[A-Za-z0-9]{6})", r"[A-Za-z0-9]{40,}"),
    ("figd_", r"[\w-]{20,}"),
    ("PMAK-", r"[\w-]{20,}"),
    ("ntn_", r"\w{20,}"),
    (r"vk1\.a\.", r"[\w-]{40,}"),
)
_WHOLE = "|".join(f"{beginning}{rest}" for beginning, rest in _KEYS)
# The same beginnings, by their rarest letters, for one quick look at every line.
_PROBES = (
    *probes(
        *(
            r"ey«J»[\w-]",
            r"gh[oprsu]«_»\w",
            "pat«_»",
            "_v1«_»",
            "[rs]k«_»(?:live|test)",
            "whsec«_»",
            "npm«_»",
            r"\bhf«_»",
        ),
        *(
            "shp(?:at|ca|pa|ss)«_»",
            "_oat«_»",
            "glsa«_»",
            r"\bglc«_»",
            "sntry[su]«_»",
            "lin_api«_»",
            "rubygems«_»",
        ),
        *("y[0-3]«_»", "figd«_»", "ntn«_»", "«x»ox[a-z]-", "«x»app-", r"S«G»\.", "«G»OCSPX-", r"\bs«k»-"),
        *(
            "«A»(?:KIA|SIA|BIA|CCA|Iza|TATT3|GE-S|QVN|C[0-9a-f]{6})",
            ":«A»A",
            r"Q«\~»",
            r"\bh«v»[bsr]\.",
            "NRA«K»-",
            "PMA«K»-",
        ),
        *(
            r"\bS«K»[0-9a-f]{6}",
            "«Y»C[A-Z]",
            "«k»ey-[0-9a-f]{6}",
            r"\bs«q»0",
            "«E»AA[A-Za-z0-9]{6}",
            r"«v»k1\.a",
        ),
    ),
    # Those without a rare letter; a word alone is found fastest.
    *(
        "g(?:l(?:pat|dt|rt|ptt|cbt|ft|soat|agent|imt|oas|ffct)-)",
        "dapi[0-9a-f]{6}",
        r"ya29\.",
        "pypi-",
        r"t1\.[\w-]{9}",
    ),
)

BLOCKS: tuple[Group, ...] = (
    group(
        "P(?:RIVATE KEY|rivate-Lines:)",
        row(
            "private key",
            ("-----begin",),
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:[^-]+|-(?!----))*(?:-----END [A-Z0-9 ]{0,60}-----)?",
            "<private key>",
        ),
        row(
            "private key",
            ("private-lines:",),
            r"(Private-Lines: {0,4}\d{1,4}[ \t]*\r?\n)[A-Za-z0-9+/=]{4,200}[ \t]*"
            r"(?:\r?\n[A-Za-z0-9+/=]{4,200}[ \t]*(?=\r?\n|\Z))*(?:\r?\nPrivate-MAC:[^\r\n]{0,200})?",
            r"\1<private key>",
        ),
        cased=True,
        more_lines=None,
    ),
)

KEYS: Group = group(
    _PROBES,
    row("token", (), rf"(?<![\w-])(?:{_WHOLE})", TOKEN),
    # Also after a word, as in the addresses of Telegram.
    row("token", (":aa",), r"(?<!\d)\d{6,12}:AA[\w-]{30,}", TOKEN),
    row("token", ("q~",), r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{30,40}", TOKEN),
    cased=True,
)

AFTER_WORDS: tuple[Row, ...] = (
    row("token", ("/services/",), r"(/services/)T\w{6,}/B\w{6,}/\w{16,}", rf"\1{TOKEN}"),
    row("token", ("/webhooks/",), r"(/api/webhooks/)\d{10,}/[\w-]{20,}", rf"\1{TOKEN}"),
    row("token", (".bitrix24.",), r"(\.bitrix24\.\w{2,4}/rest/)\d{1,8}/\w{10,}", rf"\1{TOKEN}"),
    row("token", (".atlasv1.",), r"(?<![\w.])\w{10,20}\.atlasv1\.[\w-]{20,}", TOKEN),
    row(
        "bearer token",
        ("bearer", "basic", "negotiate", "ntlm", "api-key", "oauth"),
        r"(?i)\b((?:bearer|basic|negotiate|ntlm|api-key|oauth)[ \t]+)"
        r"(?=[a-z.~+/=_-]{0,512}\d|[a-z.~+/=_-]{20})[\w.~+/=-]{8,}",
        rf"\1{TOKEN}",
    ),
    row(
        "password hash",
        ("$", "sha"),
        r"(?i)(?<![\w$])\$(?:2[abxy]?|1|5|6|7|y|apr1|argon2\w{1,2}|pbkdf2[\w-]{0,16})\$[^\s:\"'<>]{8,}|"
        r"\{s?sha\d{0,3}\}[\w+/=]{16,}|scram-sha-\d{1,3}\$\d{1,8}:[\w+/=$:]{16,}",
        "<password hash>",
    ),
)
