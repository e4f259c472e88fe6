"""What a person is told when the server answers, but not as was hoped."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

HTTP: dict[str, Words] = {
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
    "http.wrong_host": Words(
        N_("A server that is not meant for {host} took the request"),
        (
            N_("The connection works, but it leads to a machine that does not serve this address."),
            N_("Please try again; closing and opening the program first gives it a fresh connection."),
            N_("If it stays like this, tell support: “{url} answers with status 421, misdirected request.”"),
        ),
    ),
    "http.blocked_by_law": Words(
        N_("Access to {host} is closed from here for legal reasons"),
        (
            N_("Somebody on the way, such as the network's provider, has to hold this address back."),
            N_("If you are travelling, connect the VPN of your organisation and try again."),
            N_("Tell support: “{url} answers with status 451, unavailable for legal reasons.”"),
        ),
    ),
    "http.unexpected_page": Words(
        N_("Something else than the program expects answers at {host}"),
        (
            N_("The connection works, but the answer is meant for somebody else, for example a web page."),
            N_("Compare the address in the connection settings with the one that support gave out."),
            N_("If you are a guest in this network, sign in to it in a browser first, then try again."),
            N_("Tell support: “{url} does not give the answer that the program expects.”"),
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
}
