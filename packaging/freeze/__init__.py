"""Freeze: the program with its Python and its libraries in one folder, which needs no Python installed."""
