"""What a person is told when this computer itself holds the connection up."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

LOCAL: dict[str, Words] = {
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
}
