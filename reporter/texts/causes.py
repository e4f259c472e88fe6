"""What a person is told about each cause: a headline, then advice.

Advice goes: what is so, what helps, who can help and with which words to tell them. A sentence whose
values are not known is left out, so each cause needs sentences without values too. Placeholders:

    {host} {port} {url}         of the target; {host} may be "the server", so no text begins with it
    {status}                    of the HTTP answer
    {names} {issuer}            of the certificate
    {expired_on} {valid_from}   days
    {until}                     day and time, local
    {own_time} {server_time}    day and time, local, by either clock
    {min_version}               the oldest version of the program that the server works with

Wording: calm, concrete, blameless; a headline never speaks of errors or of what "you" did.
"""

from __future__ import annotations

from typing import NamedTuple

from reporter.texts import N_

THE_SERVER = N_("the server")
"""Stands for {host} where no target is known. In other languages it follows their word for "server"."""


class Words(NamedTuple):
    """Message ids of one cause, to be looked up in the language of the person."""

    headline: str
    advice: tuple[str, ...]


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
    "local.no_network": Words(
        N_("This computer is not connected to the network"),
        (
            N_("Plug in the network cable or connect to the Wi-Fi, and check that airplane mode is off."),
            N_("Outside the office, connect the VPN afterwards and try again."),
            N_(
                "If the network does not come back, call support "
                "and say: “My computer has no network connection.”"
            ),
        ),
    ),
    "local.blocked": Words(
        N_("The connection to {host} is held back on this computer"),
        (
            N_("A firewall or security program on this computer does not let the connection out."),
            N_("This is a setting; nothing is broken, and your data is not affected."),
            N_(
                "Tell support: “My computer blocks the connection to {host}, port {port}.” They can allow it."
            ),
        ),
    ),
    "local.clock": Words(
        N_("The clock of this computer does not agree with the clock of {host}"),
        (
            N_(
                "This computer shows {own_time}, the server shows {server_time}. "
                "A secure connection needs both to agree."
            ),
            N_("Open the date and time settings, switch on the automatic time, and check the time zone."),
            N_(
                "If the clock cannot be changed, or drifts again, "
                "tell support: “The clock of my computer is off.”"
            ),
        ),
    ),
    "dns.not_found": Words(
        N_("The address of {host} could not be found"),
        (
            N_("The network you are in does not know a server of this name."),
            N_(
                "If the server belongs to your organisation, connect "
                "the VPN or the office network and try again."
            ),
            N_("Check the spelling of the server's name in the connection settings, letter by letter."),
            N_("If the name is right, tell support: “The name {host} is not found from my network.”"),
        ),
    ),
    "dns.no_answer": Words(
        N_("The address of {host} could not be looked up just now"),
        (
            N_("The service that finds servers by their names does not answer at the moment."),
            N_("Check the network connection. Reconnecting the Wi-Fi or the VPN often helps."),
            N_(
                "If other addresses do not open either, tell support: "
                "“The name service (DNS) does not answer.”"
            ),
        ),
    ),
    "dns.bad_name": Words(
        N_("The address of {host} has a part that no server name can have"),
        (
            N_(
                "Usually this is a small slip in the address: a space, "
                "two dots in a row, or an unusual character."
            ),
            N_(
                "Compare the address in the connection settings with "
                "the one that support gave out, and correct it."
            ),
            N_("If both are the same, tell support: “The name {host} cannot be the name of a server.”"),
        ),
    ),
    "tcp.refused": Words(
        N_("No connection to {host} could be made"),
        (
            N_(
                "The connection was turned away at once. The service "
                "may be restarting, or it is switched off for now."
            ),
            N_("Check that the connection parameters are right, above all the server's name and the port."),
            N_("Please try again in a few minutes."),
            N_("If it stays like this, tell support: “{host} refuses connections on port {port}.”"),
        ),
    ),
    "tcp.timeout": Words(
        N_("No connection to {host} could be made in time"),
        (
            N_(
                "Nothing answered. The server may be switched off, "
                "or the network does not reach it from here."
            ),
            N_("Check the network connection, and the VPN if you work from outside the office."),
            N_("Check that the connection parameters are right, above all the server's name and the port."),
            N_("If it stays like this, tell support: “{host} does not answer on port {port}.”"),
        ),
    ),
    "tcp.unreachable": Words(
        N_("There is no way to {host} through the network at the moment"),
        (
            N_("The network between this computer and the server is interrupted or closed."),
            N_("Check the network connection, and reconnect the VPN if you use one."),
            N_("If it stays like this, tell support: “{host}, port {port}, is unreachable from my network.”"),
        ),
    ),
    "tcp.reset": Words(
        N_("The connection to {host} was cut off as it began"),
        (
            N_("The server, or something on the way to it, ended the connection before it was ready."),
            N_("Please try again. If you use a VPN, reconnect it first."),
            N_("If it happens every time, tell support: “Connections to {host}, port {port}, are reset.”"),
        ),
    ),
    "tls.not_tls": Words(
        N_("A different service than expected answers at {host}"),
        (
            N_("The address asks for a secure connection, but what answers there does not offer one."),
            N_(
                "Compare the address and the port in the connection "
                "settings with those that support gave out."
            ),
            N_("Please do not enter a password until this is cleared up."),
            N_("Tell support: “{host}, port {port}, answers without TLS.”"),
        ),
    ),
    "tls.no_answer": Words(
        N_("The secure connection to {host} did not come about in time"),
        (
            N_("The server took the call, but then stayed silent. It may be very busy."),
            N_("Please wait a few minutes and try again."),
            N_(
                "If it stays like this, tell support: “{host}, port {port}, "
                "accepts connections but does not answer the TLS handshake.”"
            ),
        ),
    ),
    "tls.closed": Words(
        N_("The secure connection to {host} was ended early"),
        (
            N_("The server, or something on the way to it, hung up before the connection was secure."),
            N_("Please try again in a few minutes. If you use a VPN, reconnect it first."),
            N_(
                "If it happens every time, tell support: “{host}, "
                "port {port}, closes during the TLS handshake.”"
            ),
        ),
    ),
    "tls.expired": Words(
        N_("The certificate of {host} has run out"),
        (
            N_("A certificate proves that a server is the real one. This one was valid until {expired_on}."),
            N_(
                "It can only be renewed where the server is looked "
                "after; nothing on this computer needs repair."
            ),
            N_("Please wait with signing in until it is renewed. This keeps your password safe."),
            N_("Tell support: “The certificate of {host} has expired and needs to be renewed.”"),
        ),
    ),
    "tls.not_yet_valid": Words(
        N_("The certificate of {host} is not valid yet"),
        (
            N_("A certificate proves that a server is the real one. This one is valid from {valid_from}."),
            N_("Check the date and time of this computer: a clock that is behind looks just like this."),
            N_("If the clock is right, tell support: “The certificate of {host} is not valid yet.”"),
        ),
    ),
    "tls.wrong_name": Words(
        N_("The certificate of {host} was made for another name"),
        (
            N_("It is valid for: {names}."),
            N_("Compare the address in the connection settings with the one that support gave out."),
            N_("Please do not enter a password until this is cleared up."),
            N_("Tell support: “The certificate of {host} does not carry this name.”"),
        ),
    ),
    "tls.self_signed": Words(
        N_("This computer does not know the certificate of {host} yet"),
        (
            N_("The server vouches for itself, and nobody this computer trusts confirms it."),
            N_(
                "Support can check the certificate and make it known "
                "here. Please wait with signing in until then."
            ),
            N_("Tell support: “The certificate of {host} is self-signed and not trusted on my computer.”"),
        ),
    ),
    "tls.unknown_issuer": Words(
        N_("This computer does not know who issued the certificate of {host}"),
        (
            N_("The issuer calls itself “{issuer}”."),
            N_(
                "Either your organisation's certificate is not installed on this computer "
                "yet, or the server does not send all it should."
            ),
            N_(
                "Support can mend both. Please wait with signing "
                "in until then: this keeps your password safe."
            ),
            N_("Tell support: “The issuer of the certificate of {host} is not known on my computer.”"),
        ),
    ),
    "tls.no_common_version": Words(
        N_("This computer and {host} have no common version of the secure connection"),
        (
            N_("One of the two is much older than the other, so they do not understand each other."),
            N_("An update of the program or of the server brings them together again."),
            N_("Tell support: “There is no common TLS version with {host}, port {port}.”"),
        ),
    ),
    "tls.handshake_refused": Words(
        N_("No secure connection could be agreed with {host}"),
        (
            N_("The two sides found no common way, or the server wants to see a certificate of yours."),
            N_("If you sign in with a smart card or security key, insert it and try again."),
            N_("Tell support: “The TLS handshake with {host}, port {port}, is refused.”"),
        ),
    ),
    "tls.client_certificate": Words(
        N_("A personal certificate is needed to connect to {host}"),
        (
            N_("The server opens only to computers or people that show a certificate of their own."),
            N_("If you sign in with a smart card or security key, insert it and try again."),
            N_("Otherwise, tell support: “{host} asks for a client certificate, and mine is missing.”"),
        ),
    ),
    "tls.unknown_host": Words(
        N_("A secure connection to {host} is not set up under this name"),
        (
            N_("The server answers, but does not feel responsible for the name in the address."),
            N_("Compare the server's name in the connection settings with the one that support gave out."),
            N_(
                "If both are the same, tell support: “The server does "
                "not recognise the name {host} (TLS: unrecognized name).”"
            ),
        ),
    ),
    "http.unauthorized": Words(
        N_("The sign-in at {host} was not completed"),
        (
            N_("The connection works; the server asks to sign in."),
            N_(
                "Please sign in once more. If the program was open "
                "for a long time, close it and open it again first."
            ),
            N_("If it does not help, tell support: “{host} answers with status 401.”"),
        ),
    ),
    "http.forbidden": Words(
        N_("Access to this address of {host} is not granted"),
        (
            N_("The connection works, but a permission is missing for this address."),
            N_("Some addresses open only from the office network or through the VPN."),
            N_("Tell support: “{host} answers with status 403 for {url}.” They know who can grant access."),
        ),
    ),
    "http.not_found": Words(
        N_("Nothing was found under this address of {host}"),
        (
            N_("The server answers, but the page or service may have moved."),
            N_(
                "Compare the address in the connection settings with "
                "the one that support gave out, letter by letter."
            ),
            N_("If both are the same, tell support: “{host} answers with status {status} for {url}.”"),
        ),
    ),
    "http.too_large": Words(
        N_("The sign-in data has grown too large for {host}"),
        (
            N_("The program sends saved sign-in data along, and the server takes only a limited amount."),
            N_(
                "Sign out, close the program and open it again. In a browser, clear the cookies of this site."
            ),
            N_(
                "If it does not help, tell support: “{host} answers "
                "with status {status}, the request is too large.”"
            ),
        ),
    ),
    "http.rate_limited": Words(
        N_("A short pause is asked for by {host}"),
        (
            N_("More requests arrived in a short time than the server takes."),
            N_("Please try again after {until}."),
            N_("Waiting a few minutes is enough; further tries would make the pause longer."),
            N_("If it happens often, tell support: “{host} answers with status 429, too many requests.”"),
        ),
    ),
    "http.server_error": Words(
        N_("Something went wrong inside {host}"),
        (
            N_("The connection works, and nothing on this computer needs repair."),
            N_("Please try again in a few minutes."),
            N_("If it stays like this, tell support: “{host} answers with status {status}.”"),
        ),
    ),
    "http.bad_gateway": Words(
        N_("The application behind {host} does not answer properly at the moment"),
        (
            N_(
                "The connection works up to the server's front door; "
                "behind it, the application may be restarting."
            ),
            N_("Please try again in a few minutes."),
            N_("If it stays like this, tell support: “{host} answers with status 502, bad gateway.”"),
        ),
    ),
    "http.unavailable": Words(
        N_("The service at {host} is not available at the moment"),
        (
            N_("The connection works, but the service is overloaded or being worked on."),
            N_("Please try again in a few minutes."),
            N_("If it stays like this, tell support: “{host} answers with status 503, service unavailable.”"),
        ),
    ),
    "http.gateway_timeout": Words(
        N_("The application behind {host} takes too long to answer"),
        (
            N_("The connection works, but the application is very busy or stuck."),
            N_("Please try again in a few minutes."),
            N_("If it stays like this, tell support: “{host} answers with status {status}, time-out.”"),
        ),
    ),
    "http.redirect_loop": Words(
        N_("The address at {host} leads in a circle"),
        (
            N_("The server passes the request from one address to the next and never arrives."),
            N_("In a browser, clear the cookies of this site and try again."),
            N_("Tell support: “{url} redirects in a circle.”"),
        ),
    ),
    "http.no_answer": Words(
        N_("The request was sent, but no answer came from {host}"),
        (
            N_("The connection works. The server may be very busy or just restarting."),
            N_("Please try again in a few minutes."),
            N_(
                "If it stays like this, tell support: “{host} takes "
                "the request for {url} but does not answer.”"
            ),
        ),
    ),
    "http.cut_short": Words(
        N_("The answer from {host} arrived incomplete"),
        (
            N_("The connection was interrupted in the middle of the answer."),
            N_("Check the network connection and try again. If you use a VPN, reconnect it first."),
            N_("If it happens every time, tell support: “The answers from {host} are cut short.”"),
        ),
    ),
    "app.bad_credentials": Words(
        N_("The user name or the password was not recognised"),
        (
            N_("Please type both again slowly. Check Caps Lock and the language of the keyboard."),
            N_("If the password was changed not long ago, use the new one."),
            N_("If it does not help, ask support to set a new password. More tries could lock the account."),
        ),
    ),
    "app.account_locked": Words(
        N_("The account is locked for now"),
        (
            N_("This protects it, for example after several tries to sign in."),
            N_("It opens again at {until}."),
            N_("Please do not try again right away: it could make the wait longer."),
            N_("Tell support: “My account at {host} is locked.” They can unlock it."),
        ),
    ),
    "app.account_disabled": Words(
        N_("The account is switched off"),
        (
            N_(
                "The connection works; only the account is not "
                "active, for example because its term has ended."
            ),
            N_("Tell support: “My account at {host} is disabled.” They know who can switch it on again."),
        ),
    ),
    "app.password_expired": Words(
        N_("It is time for a new password"),
        (
            N_("Passwords are valid for a limited time here, and this one has reached its end."),
            N_("Choose a new password in the usual place, then sign in with it."),
            N_("If there is no such place, tell support: “My password for {host} has expired.”"),
        ),
    ),
    "app.mfa_required": Words(
        N_("A second confirmation is needed to sign in"),
        (
            N_(
                "The password alone is not enough here; the server "
                "also asks for a code, an app or a security key."
            ),
            N_("Have your telephone or key at hand, sign in again and confirm."),
            N_(
                "If you have not set one up yet, ask support: “How do I set up the second factor for {host}?”"
            ),
        ),
    ),
    "app.licence_exhausted": Words(
        N_("All licences are in use at the moment"),
        (
            N_("As soon as a colleague signs out, a place becomes free."),
            N_("Please try again in a few minutes. Programs that are open but not needed can be closed."),
            N_("If it happens often, tell support: “There are not enough licences at {host}.”"),
        ),
    ),
    "app.session_locked": Words(
        N_("Signing in to {host} is paused for now"),
        (
            N_("The administrators have paused new sessions, usually for maintenance."),
            N_("The pause is planned until {until}."),
            N_("If you were given an access code, enter it and try again."),
            N_("If it is urgent, ask support: “When can I sign in to {host} again?”"),
        ),
    ),
    "app.maintenance": Words(
        N_("Maintenance is under way at {host}"),
        (
            N_("It is planned until {until}; after that, signing in works again."),
            N_("Nothing on this computer needs repair. Please try again a little later."),
            N_("If it is urgent, ask support: “How long does the maintenance of {host} take?”"),
        ),
    ),
    "app.client_too_old": Words(
        N_("A newer version of this program is needed"),
        (
            N_("The server works with version {min_version} and later."),
            N_("Install the update that your organisation offers, then sign in again."),
            N_(
                "If no update is offered, tell support: “I need "
                "the current version of the program for {host}.”"
            ),
        ),
    ),
    "app.too_many_connections": Words(
        N_("All connections of {host} are in use at the moment"),
        (
            N_("The server is very busy; as soon as somebody finishes, a connection becomes free."),
            N_("Please try again in a few minutes."),
            N_("If it happens often, tell support: “{host} reports too many connections.”"),
        ),
    ),
    "app.starting_up": Words(
        N_("The service at {host} is just starting up"),
        (
            N_("It was started a moment ago and is getting ready."),
            N_("Please try again in a minute or two."),
            N_("If it stays like this, tell support: “{host} does not get past starting up.”"),
        ),
    ),
    "app.no_such_database": Words(
        N_("The database in the connection settings was not found at {host}"),
        (
            N_(
                "The server answers, but does not know a database "
                "of this name. It may have been renamed or moved."
            ),
            N_(
                "Compare the name of the database in the connection "
                "settings with the one that support gave out."
            ),
            N_("If both are the same, tell support: “The database is not found at {host}.”"),
        ),
    ),
    "unknown": Words(
        N_("The reason is not clear yet"),
        (
            N_("Everything that could be measured is in the report, so that support can find the reason."),
            N_("Send the report, and add in a few words what you wanted to do and what happened."),
            N_(
                "Before trying again, check that the user name "
                "and the connection settings are the usual ones."
            ),
        ),
    ),
}
