"""The reference number: minted on this computer, read out over a telephone.

Eight characters of Crockford's base32 (40 random bits) and his check character, in two groups:
``7K3D-9QX2V``. Numbers whose check would be one of his five extra symbols (``*~$=U``) are not
minted, so that every character is a digit or an unmistakable letter.
"""

from __future__ import annotations

import os
import re

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 40
CHECK_MODULUS = 37

_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SHAPE = re.compile(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{5}}")


def mint() -> str:
    """A new reference; no two clients need to know of each other."""
    while True:
        number = int.from_bytes(os.urandom(RANDOM_BITS // 8))
        check = number % CHECK_MODULUS
        if check < len(ALPHABET):
            return _written(number, check)


def parse(text: str) -> str | None:
    """The reference that a person wrote or said, in its standard form; None when it is not one.

    Lower case, spaces and hyphens anywhere, O for 0, I and L for 1 are understood; a wrong check is not.
    """
    letters = fold(re.sub(r"[\s-]", "", text))
    standard = f"{letters[:4]}-{letters[4:]}"
    if not _SHAPE.fullmatch(standard):
        return None
    number = 0
    for letter in letters[:-1]:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    return standard if number % CHECK_MODULUS == ALPHABET.index(letters[-1]) else None


def fold(text: str) -> str:
    """``text`` in capital letters, with 0 for O and 1 for I and L."""
    return text.upper().translate(_LOOKALIKES)


def _written(number: int, check: int) -> str:
    letters = [ALPHABET[check]]
    for _ in range(RANDOM_BITS // 5):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    text = "".join(reversed(letters))
    return f"{text[:4]}-{text[4:]}"
