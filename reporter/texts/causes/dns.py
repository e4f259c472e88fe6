"""What a person is told when the server's name does not lead to an address."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

DNS: dict[str, Words] = {
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
    "dns.vpn_off": Words(
        N_("The internal network is out of reach, and {host} with it"),
        (
            N_("Other internal addresses are not reached either; most often the VPN is not connected."),
            N_("Connect the VPN, or go to the office network, and try again."),
            N_("If the VPN is connected, disconnect it and connect it anew: this refreshes the way."),
            N_("If it does not help, tell support: “With the VPN connected, {host} is not reached.”"),
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
    "dns.overridden": Words(
        N_("This computer looks for {host} elsewhere than the network does"),
        (
            N_("The name server gives another address than this computer uses, where nobody signs in."),
            N_("Usually an old entry was left on this computer, in its hosts file or a name cache."),
            N_("Restarting the computer clears the cache. A left entry is quickly removed by support."),
            N_("Tell support: “The address of {host} on my computer differs from the name server's.”"),
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
}
