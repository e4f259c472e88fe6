"""What a person is told when the application itself says why signing in has to wait."""

from __future__ import annotations

from reporter.texts import N_
from reporter.texts.causes.words import Words

APP: dict[str, Words] = {
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
}
