"""The window: the dialog drawn with Tk, the only package that imports tkinter."""

from reporter.ui.window.face import WindowFace

__all__ = ["WindowFace"]
