"""What a person is told when the network asks to sign in to itself first."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

PORTAL: dict[str, Words] = {
    "portal.sign_in": Words(
        N_("The network here asks to sign in to itself first"),
        (
            N_("Hotels, trains and guest networks let through only after a page of their own was confirmed."),
            N_("Open a browser; the page mostly appears by itself. Confirm it, then try again here."),
            N_("Please enter no password of your organisation on that page."),
            N_("If no page appears, use another network, or ask support how to connect from where you are."),
        ),
    ),
}
