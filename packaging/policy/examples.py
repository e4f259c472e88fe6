"""Examples: one value for each setting, as a policy would give it; never the default."""

from __future__ import annotations

from reporter.settings.model import TABLE

_VALUES: dict[str, object] = {
    "help_text": "Call the help desk: 5555, weekdays 8 to 18.",
    "help_url": "https://intranet.example.org/login-help",
    "help": {
        "tls.expired": {
            "text": "The certificate is being renewed.",
            "ru": {"text": "Сертификат обновляется."},
        }
    },
    "endpoint": "https://support.example.org/reports",
    "destinations": [
        "https://support.example.org/reports",
        "smtp://relay.example.org:25/helpdesk@example.org",
    ],
    "client_certificate": "/etc/reporter/client.pem",
    "client_key": "/etc/reporter/client.key",
    "credentials_file": "/etc/reporter/credentials.toml",
    "spread_seconds": 300,
    "status_url": "https://status.example.org/reporter.json",
    "published_settings_url": "/reporter/settings.json",
    "submission": "auto",
    "include_user_name": True,
    "include_host_name": True,
    "include_screenshot": False,
    "allowed_sections": ["failure", "verdict", "facts", "story"],
    "required_sections": ["failure", "verdict"],
    "include_server_names": False,
    "control_urls": ["https://intranet.example.org/", "https://vpn.example.org/"],
    "portal_url": "http://intranet.example.org/empty",
    "attach_logs": ["/var/log/erp/client.log"],
    "application_files": ["/etc/erp/client.conf"],
    "face": "window",
    "appearance": "light",
    "language": "en",
    "retention_days": 14,
    "spool_limit_mb": 50,
}

# Of these only the other is in force when both are set.
_ALTERNATIVES = ("destinations",)


def example(name: str) -> object:
    """The example of a setting, in the form that JSON has; raises KeyError where none was written yet."""
    return _VALUES[name]


def mandatory() -> dict[str, object]:
    """A policy that may be mandatory, whole."""
    return {row.name: example(row.name) for row in TABLE if row.lockable and row.name not in _ALTERNATIVES}


def recommended() -> dict[str, object]:
    """What is better left to the person: their own choices, and a few more."""
    names = [row.name for row in TABLE if not row.lockable]
    return {name: example(name) for name in (*names, "retention_days", "spool_limit_mb")}
