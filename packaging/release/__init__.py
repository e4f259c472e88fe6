"""Release: what all artefacts have in common: under whose name, of which version, and made whole."""
