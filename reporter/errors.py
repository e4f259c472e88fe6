"""The exceptions of Reporter.

    ReporterError                a sentence for a person: what, where, what to do
    ├── UsageError               bad input of a caller; the command line exits with 2
    │   ├── TargetError          an address that cannot be understood
    │   ├── FailureFormatError   a Failure document that cannot be read
    │   └── SettingsError        settings that cannot be used; holds every problem found
    ├── FaceUnavailable          this face cannot be shown here (no display, no terminal)
    ├── SpoolError               the report could not be kept on this disk
    ├── BundleError              a report bundle that cannot be read or written
    ├── PictureError             a screenshot that cannot be taken, or a file that is no picture
    └── InboxError               the reference endpoint cannot start

Every one of them carries one complete sentence in English, made to be printed as it is.
None of them ever reaches a host application: the public API catches the whole tree.
"""

from __future__ import annotations


class ReporterError(Exception):
    """The root of the tree; ``str(error)`` is a sentence for a person."""


class UsageError(ReporterError):
    """Input of the caller that cannot be used."""


class TargetError(UsageError):
    """An address that is not one of the kinds that can be diagnosed."""


class FailureFormatError(UsageError):
    """A Failure document that is not valid; the sentence names the place."""


class SettingsError(UsageError):
    """Settings that cannot be used.

    ``problems`` holds one sentence a problem, all that were found, in the order of the source.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class FaceUnavailable(ReporterError):
    """The face asked for cannot be shown on this system, and why."""


class SpoolError(ReporterError):
    """A report could not be written to, or read from, the spool."""


class BundleError(ReporterError):
    """A report bundle is damaged, too large or of an unknown version."""


class PictureError(ReporterError):
    """A screenshot cannot be taken here, or what was given is no picture that can be used."""


class InboxError(ReporterError):
    """The reference endpoint cannot start: address in use, database not writable."""
