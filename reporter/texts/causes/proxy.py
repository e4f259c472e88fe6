"""What a person is told when the proxy on the way holds the connection up."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

PROXY: dict[str, Words] = {
    "proxy.unknown_name": Words(
        N_("The proxy on the way to {host} was not found"),
        (
            N_("Connections go out through a proxy, and the network does not know its name: {proxy}."),
            N_("Away from the office, connect the VPN and try again. The server itself may be well."),
            N_("If it stays like this, tell support: “The name of the proxy {proxy} is not found.”"),
            N_("Support can correct the proxy settings of this computer."),
        ),
    ),
    "proxy.unreachable": Words(
        N_("The proxy on the way to {host} could not be reached"),
        (
            N_("Connections go out through a proxy, and it does not take them at the moment."),
            N_("Check the network connection, and the VPN if you work from outside the office."),
            N_("If it stays like this, tell support: “The proxy {proxy} cannot be reached.”"),
            N_("Support knows whether the proxy is under maintenance or its address has changed."),
        ),
    ),
    "proxy.auth_required": Words(
        N_("The proxy on the way to {host} asks to sign in"),
        (
            N_("Connections go out through a proxy, and it wants to know who uses it."),
            N_("Open any page in the browser and sign in there if a window asks for it, then try again."),
            N_("If the password was changed a short time ago, sign out of the computer and in again."),
            N_("If it does not help, tell support: “The proxy answers with status 407.”"),
        ),
    ),
    "proxy.denied": Words(
        N_("The proxy does not let connections to {host} through"),
        (
            N_("Connections go out through a proxy, and its rules do not include this address yet."),
            N_("This is a setting; nothing is broken on this computer, and the server itself may be well."),
            N_("Tell support: “The proxy {proxy} does not allow {host}, port {port}.” They can allow it."),
            N_("Support can have the address added to the rules of the proxy."),
        ),
    ),
    "proxy.bad_gateway": Words(
        N_("The proxy did not get through to {host}"),
        (
            N_("The proxy itself answers, but its own connection to the server does not come about."),
            N_("Please try again in a few minutes; nothing on this computer needs repair."),
            N_("If it stays like this, tell support: “The proxy {proxy} does not reach {host}.”"),
            N_("Support can see from the proxy whether the server or the way to it is interrupted."),
        ),
    ),
    "proxy.no_answer": Words(
        N_("The proxy on the way to {host} stays silent"),
        (
            N_("Connections go out through a proxy. It takes the call, but does not answer."),
            N_("It may be very busy. Please try again in a few minutes."),
            N_("If it stays like this, tell support: “The proxy {proxy} takes connections and is silent.”"),
            N_("Support can have a look at the proxy; the server itself may be well."),
        ),
    ),
    "proxy.wrong_scheme": Words(
        N_("The proxy settings of this computer do not match the proxy"),
        (
            N_("What answers at the address of the proxy speaks differently from what the settings say."),
            N_("Often the address of the proxy needs to begin with “http://” instead of “https://”."),
            N_("Tell support: “The proxy is set to {proxy}, and it answers in another way.”"),
            N_("Support can correct the proxy settings of this computer."),
        ),
    ),
    "proxy.pac_unavailable": Words(
        N_("The automatic proxy settings could not be loaded"),
        (
            N_("An address in the network tells which proxy to use, and nothing comes from there."),
            N_("Away from the office, connect the VPN and try again."),
            N_("If it stays like this, tell support: “The proxy file at {pac} is not available.”"),
            N_("Support can mend the address, or set the proxy by hand."),
        ),
    ),
}
