"""The picture of a storm: requests a second over the time, on a logarithmic scale, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 860, 460
LEFT, RIGHT, TOP, BOTTOM = 78, 20, 20, 150
COLOURS = ("#b3261e", "#b07d00", "#6a6a6a", "#1f6fb2", "#14804a")
LEAST = 10.0
BIN_S = 5


class Line(NamedTuple):
    """``values``: one for each second."""

    name: str
    values: Sequence[int]


def picture(lines: Sequence[Line], *, capacity: float) -> str:
    """The document; the capacity is drawn as a dashed line."""
    seconds = max(len(line.values) for line in lines)
    most = 10 ** math.ceil(math.log10(max(max(line.values, default=1) for line in lines)))

    def x(second: float) -> float:
        return LEFT + second / seconds * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        share = math.log(max(value, LEAST) / LEAST) / math.log(most / LEAST)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13" role="img">',
        "<title>Requests a second after the endpoint is back</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    value = LEAST
    while value <= most:
        parts.append(_stroke([(LEFT, y(value)), (WIDTH - RIGHT, y(value))], "#dddddd", 1))
        parts.append(_text(LEFT - 8, y(value) + 4, f"{value:,.0f}", anchor="end"))
        value *= 10
    parts += [
        _text(x(second), HEIGHT - BOTTOM + 18, f"{second} s", anchor="middle")
        for second in range(0, seconds + 1, 60)
    ]
    for line, colour in zip(lines, COLOURS, strict=False):
        # The busiest second of each few: a peak must not be averaged away.
        binned = [
            (x(at + BIN_S / 2), y(max(line.values[at : at + BIN_S])))
            for at in range(0, len(line.values), BIN_S)
        ]
        parts.append(_stroke(binned, colour, 2))
    parts.append(_stroke([(LEFT, y(capacity)), (WIDTH - RIGHT, y(capacity))], "#000000", 1.5, dash="6 4"))
    for number, (line, colour) in enumerate(zip(lines, COLOURS, strict=False)):
        height = HEIGHT - BOTTOM + 44 + 20 * number
        parts.append(_stroke([(LEFT, height - 4), (LEFT + 28, height - 4)], colour, 3))
        parts.append(_text(LEFT + 38, height, line.name))
    height = HEIGHT - BOTTOM + 44
    parts.append(
        _stroke([(WIDTH / 2 + 60, height - 4), (WIDTH / 2 + 88, height - 4)], "#000000", 1.5, dash="6 4")
    )
    parts.append(_text(WIDTH / 2 + 98, height, f"what the endpoint can take: {capacity:,.0f} a second"))
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _stroke(points: Sequence[tuple[float, float]], colour: str, width: float, *, dash: str = "") -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
