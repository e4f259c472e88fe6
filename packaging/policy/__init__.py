"""What IT gets to write policies with, made from the table of settings: see ``templates``."""
