"""Fields: secrets told by the name before them, in settings, headers, commands and talk."""

from __future__ import annotations

import re

from reporter.report.scrub.sweep import Group, Row, group, probes, row

SECRET = "<secret>"  # noqa: S105 - the word that stands where a secret was

# A name tells of a secret when one of these stands anywhere in it, …
_PARTS = (
    r"pass(?:word|wd|wort|phrase|code)|pwd|secret|token(?<!max[_-]token)(?<!num[_-]token)|credential|"
    r"cookie|kennwort|signature|assertion|"
    r"api[ _-]?key|account[ _-]?key|auth[ _-]?key|private[ _-]?key|master[ _-]?key|encryption[ _-]?key|"
    r"subscription[ _-]?key|shared[ _-]?key|signing[ _-]?key|client[ _-]?key|access[ _-]?key|access[_-]?code|"
    r"session[_-]?(?:id|key)|sessid|saml(?:response|request|art)|"
    r"парол[ьяе]|токен|секрет|ключ (?:доступа|api|шифрования)|код (?:доступа|подтверждения|авторизации)|"
    r"пин-?код"
)
# … or when it ends with one of these words. The latter are told by "=" or a quoted name only: "Ticket: 4711"
# is how people write to support.
_ALONE = r"(?<![^\W_]{0})"
_WORDS = "|".join(
    f"{word}{_ALONE.format(word)}"
    for word in (
        *(
            "pass",
            "dbpass",
            "userpass",
            "mypass",
            "smtppass",
            "mailpass",
            "ldappass",
            "adminpass",
            "rootpass",
        ),
        *("sqlpass", "pw", "pin", "otp", "psk"),
    )
)
_STRICT_WORDS = (
    "|".join(f"{word}{_ALONE.format(word)}" for word in ("sig", "ticket", "uc")) + r"|auth(?<=[a-z\d]_auth)"
)
# … unless it goes on to tell of something around the secret.
_AROUND = (
    r"(?!s?[_-]?(?:expir|polic|min|max|len|age\b|hint|change|reset|field|requir|auth|manag|name|version|path|"
    r"type|count|limit|ttl|life|endpoint|ur[il]|alg|method|consent|file|store|valid|last|prompt|label|encod))"
)
_NAME = (
    rf"(?:(?:{_PARTS}){_AROUND}[\w-]{{0,64}}(?: доступа| ключ| key)?|"
    rf"(?:{_WORDS})(?!\w)|(?:{_STRICT_WORDS})(?=[\"'\\]|[ \t]{{0,16}}=))"
)
# The same words, by their rarest letters, for one quick look at every line.
_PROBES = probes(
    *(
        r"«p»ass(?=[wpc\W_])",
        "«p»wd",
        r"«p»w(?!\w)",
        r"«p»in(?!\w)",
        r"«p»sk(?!\w)",
        r"ot«p»(?!\w)",
        "ssh«p»ass",
    ),
    *("re«p»ass", "to«k»en", "tic«k»et", "coo«k»ie", "«k»ey", "«k»ennwort", "se«c»ret", "«c»redential"),
    *(
        "access«c»ode",
        "access.«c»ode",
        "[ymne] «c»ode",
        "si«g»nature",
        r"si«g»(?=[\s\"'\\=])",
        "authori«z»ation",
    ),
    *(
        "session«-»id",
        "session«_»id",
        "sessionid«=»",
        "sessid«=»",
        'sessionid«"»',
        "samlresponse«=»",
        "samlrequest«=»",
    ),
    *("samlart«=»", "assertion«=»", "_auth«=»", "_auth «=»", r"\buc«=»", r"\buc «=»"),
    *("«п»арол", "«п»ин-?код", "то«к»ен", "се«к»рет", r"«к»люч(?!\w)", "«к»од (?:подт|дост|авто)"),
)
_TELLING = ("pass", "pwd", "парол", "token", "secret", "key", "код", "токен", "pin", "otp", "секрет", "pw")
_IS = r"(?:\\{0,3}[\"'])?\]?[ \t]*(?:=>|[:=]{1,2}|%3[ad])[ \t]*"

_NO_VALUE = (
    r"none|null|nil|true|false|undefined|yes|no|on|off|ok|enabled|disabled|required|expired|invalid|missing|"
    r"empty|unset|not|wrong|incorrect|нет|да|неверный|неверен|пуст|не"
)
_NOTHING = rf"(?!(?:{_NO_VALUE})(?![^\s\"',;&)\]}}]))"
_DONE = (
    r"(?!\\{0,3}[\"']?<(?:secret|credentials|token|cookie|private key|password hash|user|e-mail|phone|card)>)"
)
_QUOTED = r"(?:[a-z]{1,2}(?=[\"']))?(?:\"(?:[^\"\\\r\n]|\\.|\"\")+\"?|'(?:[^'\\\r\n]|\\.|'')+'?)"
_ESCAPED = r"\\{1,3}[\"'][^\"'\\\r\n]+"
_BRACKETED = r"[\[{(][^\]})\r\n]+(?:[\]})][^\s\"',;&\]})]*)?"
# Ends at white space, at a quote that closes, and where ";", "&" or ", " begins the next member.
_NEXT_MEMBER = r"[\w.-]{1,40}(?: [\w.-]{1,40})? ?="
_BARE = rf"(?:[^\s\"',;&]|,(?=[^\s\"'])|[\"'](?=\w)|[;&](?=[^\s\"'])(?!{_NEXT_MEMBER}))+"
_VALUE = rf"{_DONE}{_NOTHING}(?:{_QUOTED}|{_ESCAPED}|{_BRACKETED}|{_BARE})"

# Of a header all of its line, or up to the quote that ends it; Digest quotes the values of its members.
_HEADER_IS = r"(?:\\{0,3}[\"'])?[ \t]*"
_HEADER_OPENS = r"[ \t]*(?:\[[ \t]*)?(?:b?\\{0,3}[\"'])?"
_HEADER_VALUE = (
    rf"{_DONE}(?![ \t]*(?:{_NO_VALUE})(?![^\s\"',;&)\]}}]))"
    r"(?:[^\r\n\"'\\]|\\(?![\"'])|(?<==)\"[^\"\r\n]{0,1024}\")+"
)

_BETWEEN = r"у меня|мой|такой|был|это|от базы|для входа"
# What no one would say but as a password: letters and digits in one.
_STRONG = rf"{_DONE}(?=\S{{6}})(?=[^\s\d]{{0,64}}\d)(?=[\d\W_]{{0,64}}[^\W\d_])"
_SPOKEN = r"pass(?:word|wort|phrase|code)|pwd|kennwort|\bpin|парол[ья]"

_FIELD_SIGNS = ("=", ":", "%3")
BLOCKS: tuple[Group, ...] = (
    # As in the environment of a container: the name, and on the next line its value.
    group(
        r"\n[ \t]{1,32}value:[ \t]",
        row(
            "secret",
            _TELLING,
            rf"(?i)({_NAME}[\"']?[ \t]*\r?\n[ \t]{{1,32}}value:[ \t]+){_VALUE}",
            rf"\1{SECRET}",
        ),
    ),
    # A name alone on its line, or with the sign for a text of many lines, and the secret on the next.
    group(
        r"\n(?<=[:=|>+ \t\r-]\n)(?:(?<=[:=|>+-]\n)|(?<=[:=|>+-][ \t\r]\n)|(?<=[:=][^\n]\r\n))"
        r"(?=[ \t]*(?:- )?[^\s:<>\[{#][^\s:]{2,255}[ \t]*\r?(?:\n|\Z))",
        row(
            "secret",
            _TELLING,
            rf"(?i)({_NAME}[\"']?[ \t]*[:=][ \t]*(?:[|>][+-]?[ \t]*)?\r?\n[ \t]*(?:- )?)"
            rf"{_DONE}{_NOTHING}[^\s:<>\[{{#][^\s:]{{2,255}}(?=[ \t]*\r?(?:\n|\Z))",
            rf"\1{SECRET}",
        ),
    ),
    group(
        r">[ \t]{0,8}\r?\n[ \t]{0,64}[^<\s][^<\r\n]*(?=[<\r\n])(?=\s{0,200}</)",
        row(
            "secret",
            _TELLING,
            rf"(?i)({_NAME}(?:\s[^<>]{{0,200}})?>\s{{1,200}}){_DONE}[^<\s][^<\r\n]*(?=\s{{0,200}}</)",
            rf"\1{SECRET}",
        ),
        more_lines=2,
    ),
)

NAMED: Group = group(
    _PROBES,
    row(
        "authorization",
        ("authorization",),
        rf"(?i)(authorization{_HEADER_IS}(?:=>|[:=]){_HEADER_OPENS}){_HEADER_VALUE}",
        r"\1<credentials>",
    ),
    row("cookie", ("cookie",), rf"(?i)(cookie2?{_HEADER_IS}:{_HEADER_OPENS}){_HEADER_VALUE}", r"\1<cookie>"),
    row("secret", _FIELD_SIGNS, rf"(?i)({_NAME}{_IS}){_VALUE}", rf"\1{SECRET}"),
    row(
        "secret",
        (" -", "\t-"),
        rf"(?i)(?<![\w-])(--?[\w-]{{0,40}}?{_NAME}[ \t]+)(?!-){_VALUE}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("</", "]]>"),
        rf"(?i)({_NAME}[\"']?(?:[ \t][^<>\r\n]{{0,200}})?>(?:<value>)?(?:<!\[cdata\[)?){_DONE}"
        r"(?:[^<\r\n\]]|\](?!\]>))+(?=</|\]\]>)",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("value",),
        rf"(?i)({_NAME}\\{{0,3}}[\"'],?[ \t]{{0,8}}(?:\\{{0,3}}[\"'])?value"
        rf"(?:\\{{0,3}}[\"'])?[ \t]*[:=][ \t]*){_VALUE}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        (" is ", " was ", " ist ", " lautet ", "— ", "– ", " - "),
        rf"(?i)((?:{_SPOKEN})[ \t]+(?:(?:is|was|ist|lautet)|[—–-])[ \t]+)"
        rf"(?=[\"']|[^\s\d!@#$%^&*_+=]{{0,64}}[\d!@#$%^&*_+=])(?=\S{{4}}){_VALUE}",
        rf"\1{SECRET}",
    ),
    # "the password Winter2026 does not work": only what mixes letters and digits.
    row(
        "secret",
        ("password ", "пароль ", "пароля "),
        rf"(?i)((?:password|парол[ья])(?:[ \t]+(?:{_BETWEEN})){{0,3}}[ \t]+[\"'«]?|"
        r"(?:password|парол[ья])(?:[ \t]+[^\W\d]{1,16}){1,4}[ \t]*[:=—–][ \t]*[\"'«]?)"
        rf"(?!sha|md5|scram|\d{{1,2}}\.){_STRONG}[^\s\"'»,;]+",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("token ", "secret ", "ключ ", "токен "),
        rf"(?i)((?:token|secret|ключ|токен)[ \t]+[\"'«]?){_STRONG}[\w+/=.-]{{16,}}",
        rf"\1{SECRET}",
    ),
    # Any other key, where what it holds looks like one.
    row(
        "secret",
        ("key=", "key:", 'key"', "key'", "key ="),
        r"(?i)((?:[_-]|(?<=[a-z]))key(?<!public.key)(?<!cache.key)(?<!primary.key)(?<!foreign.key)(?<!partition.key)"
        r"(?<!sort.key)(?<!row.key)(?<!object.key)(?<!group.key)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?)"
        rf"(?!\w{{8}}-\w{{4}}-){_STRONG}[\w+/=~.-]{{24,}}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("code", "код "),
        r"(?i)((?:verification|confirmation|security|one-time|login|access) (?:pass)?code"
        r"(?:[ \t]+is|[ \t]*[:=—–-])[ \t]*|код (?:подтверждения|доступа|авторизации)[ \t]*[—–-]?[ \t]*"
        rf"){_DONE}(?=[\w-]{{0,16}}\d)[\w-]{{3,16}}",
        rf"\1{SECRET}",
    ),
    row("secret", ("password",), rf"(?i)(password[ \t]+(?=[\"'])){_VALUE}", rf"\1{SECRET}"),
    row(
        "secret",
        ("requirepass", "login "),
        rf"(?i)(\brequirepass[ \t]+|\blogin[ \t]+\S{{1,64}}[ \t]+password[ \t]+){_VALUE}",
        rf"\1{SECRET}",
    ),
)

COMMANDS: tuple[Row, ...] = (
    row(
        "secret",
        ("identified",),
        rf"(identified[ \t]+by[ \t]+(?=[\"'])|IDENTIFIED[ \t]+BY[ \t]+){_VALUE}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("/uc", "/n", "/wsp", "repositoryp"),
        rf"(?<!\S)(/UC[ \t]*|/uc[ \t]+|/N[ \t]?\S{{1,64}}[ \t]{{1,8}}/P[ \t]*|/WSP[ \t]+|"
        rf"/ConfigurationRepositoryP[ \t]*){_VALUE}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("-u", "-a", "-proxy-user"),
        rf"(?i)(?<![\w-])((?:-[ua]|--user|--auth|--proxy-user)[ \t=]+[\"']?[^\s:\"']{{1,64}}:){_VALUE}",
        rf"\1{SECRET}",
    ),
    row("secret", ("%",), rf"((?<!\S)-U[ \t]*[^\s%]{{1,64}}%){_VALUE}", rf"\1{SECRET}"),
    row(
        "secret",
        ("mysql",),
        rf"(?i)(mysql(?<!\wmysql)\w{{0,16}}(?:[ \t]{{1,4}}(?!-p)\S{{1,64}}){{0,8}}[ \t]{{1,4}}-p){_VALUE}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        (
            "sshpass",
            "ldap",
            "redis-cli",
            " login ",
            "psexec",
            "rdesktop",
            "plink",
            "isql",
            "osql",
            "sqlcmd",
            "bcp",
        ),
        r"\b((?:sshpass|ldap(?:search|modify|add|delete|whoami|passwd)|redis-cli|(?:docker|podman) login|"
        r"[Pp]s[Ee]xec\d{0,2}(?:\.exe)?|[io]sql|sqlcmd|bcp|rdesktop|plink|pscp|psftp)"
        rf"(?:[ \t]{{1,4}}(?!-[pwaP])\S{{1,64}}){{0,12}}[ \t]{{1,4}}-(?:pw|[pwaP])[ \t]{{0,4}}){_VALUE}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("masterauth", "securestring", "/rp ", "xfreerdp", "kinit"),
        r"(?i)(\bmasterauth[ \t]+|convertto-securestring[ \t]+(?:-string[ \t]+)?|(?<=\s)/rp[ \t]+|"
        r"xfreerdp(?:[ \t]+(?!/p:)\S{1,64}){0,12}[ \t]+/p:|\bkinit[ \t][^<\r\n]{0,128}<<<[ \t]*)" + _VALUE,
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("net use",),
        rf"(?i)\b(net use[ \t]+(?:[a-z*]:?[ \t]+)?\\\\\S{{1,200}}[ \t]+|"
        rf"net user[ \t]+(?!/)\S{{1,64}}[ \t]+)(?!/){_VALUE}",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("auth ",),
        rf"((?:^|(?<=[\s>\"']))AUTH[ \t]+(?:(?:PLAIN|LOGIN|XOAUTH2)[ \t]+)?){_STRONG}[^\s\"']+",
        rf"\1{SECRET}",
    ),
    row(
        "secret",
        ("code",),
        r"(?i)((?:verification|confirmation|security|one-time|login|access) (?:pass)?code"
        rf"(?:[ \t]+is|[ \t]*[:=—–-])[ \t]*){_DONE}(?=[\w-]{{0,16}}\d)[\w-]{{3,16}}",
        rf"\1{SECRET}",
    ),
)

# Host, port, database, user, password: a line of .pgpass.
PGPASS: Group = group(
    r":(?:\d{3,5}|\*):[^:\s]{1,64}:[^:\s]{1,64}:",
    row(
        "secret",
        (),
        rf"((?:^|(?<=\s))[\w.*-]{{1,255}}:(?:\d{{3,5}}|\*):[^:\s]{{1,64}}:[^:\s]{{1,64}}:){_DONE}[^\s:]\S*",
        rf"\1{SECRET}",
    ),
)

_SECRET_NAME = re.compile(rf"(?i)authorization|(?:{_PARTS}){_AROUND}|(?:{_WORDS}|{_STRICT_WORDS})\Z")


def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a secret; none of our own report has such a name."""
    return _SECRET_NAME.search(name) is not None
