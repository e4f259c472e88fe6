"""This computer and this configuration: one guarded collector per subject, together Facts."""
