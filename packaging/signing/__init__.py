"""Signing: proof of who made an artefact, with keys that are never part of the repository.

It needs a Python and the tool of each kind of signature, nothing of the program itself: keys are best kept on
a computer that builds nothing.
"""
