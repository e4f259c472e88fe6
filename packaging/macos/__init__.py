"""macOS: the installer package, its launch agent and its removal. Not yet run on macOS."""
