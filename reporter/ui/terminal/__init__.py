"""The terminal face: the dialog for a person at a text terminal."""

from reporter.ui.terminal.face import TerminalFace

__all__ = ["TerminalFace"]
