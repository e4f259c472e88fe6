"""What a person is told when the server cannot be reached."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

TCP: dict[str, Words] = {
    "tcp.refused": Words(
        N_("No connection to {host} could be made"),
        (
            N_(
                "The connection was turned away at once. The service "
                "may be restarting, or it is switched off for now."
            ),
            N_("Check that the connection parameters are right, above all the server's name and the port."),
            N_("The server itself is switched on: it answers on port {sibling}."),
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
            N_("The network itself works: {control} answers."),
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
}
