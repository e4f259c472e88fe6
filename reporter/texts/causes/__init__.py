"""What a person is told about each cause: a headline, then advice.

Advice goes: what is so, what helps, who can help and with which words to tell them. A sentence whose
values are not known is left out, so each cause needs sentences without values too. Placeholders:

    {host} {port} {url}         of the target; {host} may be "the server", so no text begins with it
    {status}                    of the HTTP answer
    {names} {issuer}            of the certificate
    {expired_on} {valid_from}   days
    {until}                     day and time, local
    {own_time} {server_time}    day and time, local, by either clock
    {proxy} {pac}               addresses of the proxy and of the proxy file
    {vendor}                    who makes the product that opens secure connections
    {sibling}                   a port of the server that answers
    {control}                   another server that answers
    {min_version}               the oldest version of the program that the server works with

Wording: calm, concrete, blameless; a headline never speaks of errors or of what "you" did.
"""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.app import APP
from reporter.texts.causes.dns import DNS
from reporter.texts.causes.http import HTTP
from reporter.texts.causes.local import LOCAL
from reporter.texts.causes.portal import PORTAL
from reporter.texts.causes.proxy import PROXY
from reporter.texts.causes.tcp import TCP
from reporter.texts.causes.tls import TLS
from reporter.texts.causes.words import Words

THE_SERVER = N_("the server")
"""Stands for {host} where no target is known. In other languages it follows their word for "server"."""

CAUSES: dict[str, Words] = {
    "ok": Words(
        N_("The connection to {host} works"),
        (
            N_("The way from this computer to the server is free, and the server answers."),
            N_(
                "If signing in did not work a moment ago, please try "
                "once more: a short interruption may just have ended."
            ),
            N_(
                "If it still does not work, send the report. It "
                "shows support that the connection itself is fine."
            ),
        ),
    ),
    **LOCAL,
    **DNS,
    **PROXY,
    **PORTAL,
    **TCP,
    **TLS,
    **HTTP,
    **APP,
    "unknown": Words(
        N_("The reason is not clear yet"),
        (
            N_(
                "Before trying again, check that the user name "
                "and the connection settings are the usual ones."
            ),
            N_("Send the report, and add in a few words what you wanted to do and what happened."),
            N_("The server answers with status {status}, which says too little by itself."),
            N_("Everything that could be measured is in the report, so that support can find the reason."),
        ),
    ),
}
