"""What a person is told when no secure connection comes about."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

TLS: dict[str, Words] = {
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
    "tls.revoked": Words(
        N_("The certificate of {host} has been withdrawn"),
        (
            N_("A certificate proves that a server is the real one. Its issuer has called this one back."),
            N_("Please do not enter a password until the server has a new certificate."),
            N_("Tell support: “The certificate of {host} has been revoked and needs to be replaced.”"),
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
    "tls.inspected": Words(
        N_("Something between this computer and {host} opens secure connections"),
        (
            N_("It shows a certificate of its own, issued by “{issuer}”, in place of the server's."),
            N_("This looks like {vendor}, a product that checks connections for organisations or computers."),
            N_("Please wait with signing in until support has said that this is meant to be so."),
            N_("Tell support: “Connections to {host} are inspected, and my computer does not know by whom.”"),
        ),
    ),
    "tls.no_common_version": Words(
        N_("This computer and {host} share no version of the secure connection"),
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
}
