"""Samples: measurements of rivals taken turn by turn, so that a busy moment meets all of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Samples:
    """The measurements of one rival, in one unit."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that is compared."""
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The lower and the upper quartile."""
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return low, high

    def minus(self, others: Samples) -> Samples:
        """What is added to the others, turn by turn."""
        return Samples(tuple(own - other for own, other in zip(self.values, others.values, strict=True)))


def take_turns(rivals: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Samples]:
    """Measure every rival once a round, each round beginning with another one.

    A first round warms the caches and is not counted.
    """
    names = list(rivals)
    values: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            value = rivals[name]()
            if number > 0:
                values[name].append(value)
    return {name: Samples(tuple(taken)) for name, taken in values.items()}
