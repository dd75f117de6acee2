"""Charts as SVG: bars with their spread, curves on logarithmic axes, strips over time. Pure: text out of figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FONT = "font-family='system-ui, sans-serif' font-size='12'"
_INK, _FAINT = "#1f2933", "#cbd2d9"
_COLOURS = ("#0b7285", "#c2410c", "#5f3dc4", "#2b8a3e", "#a61e4d", "#495057")


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its median, and between what its rounds lay."""

    label: str
    median: float
    least: float
    greatest: float
    ours: bool = False


def bars(title: str, unit: str, of: Sequence[Bar]) -> str:
    """Return a chart of horizontal bars, one a row, in the order given."""
    left, width, row = 250, 420, 26
    most = max((one.greatest for one in of), default=1) or 1
    parts = [_text(10, 20, f"{title} ({unit})", weight="bold")]
    for place, one in enumerate(of):
        y = 36 + place * row
        x = left + width * one.median / most
        colour = _COLOURS[0] if one.ours else _COLOURS[5]
        low, high = (left + width * value / most for value in (one.least, one.greatest))
        parts += [
            _text(left - 8, y + 13, one.label, anchor="end"),
            f"<rect x='{left}' y='{y}' width='{x - left:.1f}' height='18' fill='{colour}'/>",
            f"<path d='M{low:.1f} {y + 9}H{high:.1f}M{low:.1f} {y + 5}v8M{high:.1f} {y + 5}v8' stroke='{_INK}'/>",
            _text(max(x, high) + 8, y + 13, f"{one.median:,.0f}"),
        ]
    return _svg(left + width + 90, 46 + len(of) * row, parts)


def curves(title: str, across: str, up: str, of: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return a chart of curves, both axes logarithmic; points that are not above zero are left out."""
    kept = {name: [(x, y) for x, y in points if x > 0 and y > 0] for name, points in of.items()}
    every = [point for points in kept.values() for point in points] or [(1.0, 1.0)]
    x_low, x_high = _decades([x for x, _ in every])
    y_low, y_high = _decades([y for _, y in every])
    left, top, width, height = 70, 36, 460, 260

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            left + width * (math.log10(x) - x_low) / (x_high - x_low),
            top + height * (1 - (math.log10(y) - y_low) / (y_high - y_low)),
        )

    parts = [_text(10, 20, title, weight="bold")]
    for power in range(x_low, x_high + 1):
        x, _ = at(10.0**power, 10.0**y_low)
        parts += [
            f"<path d='M{x:.1f} {top}v{height}' stroke='{_FAINT}'/>",
            _text(x, top + height + 16, _ten(power), "middle"),
        ]
    for power in range(y_low, y_high + 1):
        _, y = at(10.0**x_low, 10.0**power)
        parts += [f"<path d='M{left} {y:.1f}h{width}' stroke='{_FAINT}'/>", _text(left - 6, y + 4, _ten(power), "end")]
    parts.append(_text(left + width / 2, top + height + 34, across, "middle"))
    parts.append(_text(left, top - 4, up))
    for place, (name, points) in enumerate(kept.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in sorted(points)))
        parts.append(f"<polyline points='{line}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [
            f"<circle cx='{one.split(',')[0]}' cy='{one.split(',')[1]}' r='3' fill='{colour}'/>" for one in line.split()
        ]
        y = top + 12 + place * 18
        parts.append(f"<rect x='{left + width + 14}' y='{y - 9}' width='10' height='10' fill='{colour}'/>")
        parts.append(_text(left + width + 30, y, name))
    return _svg(left + width + 200, top + height + 46, parts)


def timeline(
    title: str, across: str, of: Mapping[str, Sequence[tuple[float, float]]], shaded: tuple[float, float]
) -> str:
    """Return curves over time, one strip each from zero to its greatest value, with a stretch of time shaded."""
    left, width, strip = 70, 560, 90
    last = max((x for points in of.values() for x, _ in points), default=1) or 1
    begin, end = (left + width * min(moment, last) / last for moment in shaded)
    height = 40 + strip * len(of)
    parts = [_text(10, 20, title, weight="bold")]
    parts.append(f"<rect x='{begin:.1f}' y='30' width='{end - begin:.1f}' height='{height - 40}' fill='{_FAINT}'/>")
    for place, (name, points) in enumerate(of.items()):
        foot, most = 30 + strip * (place + 1) - 8, max((y for _, y in points), default=1) or 1
        line = " ".join(f"{left + width * x / last:.1f},{foot - (strip - 26) * y / most:.1f}" for x, y in points)
        colour = _COLOURS[place % len(_COLOURS)]
        parts += [
            f"<polyline points='{line}' fill='none' stroke='{colour}' stroke-width='1.5'/>",
            _text(left, foot - strip + 22, f"{name} (0 to {most:,.0f})"),
            f"<path d='M{left} {foot}h{width}' stroke='{_INK}'/>",
        ]
    parts.append(_text(left + width / 2, height + 12, f"{across} (0 to {last:,.0f})", "middle"))
    return _svg(left + width + 20, height + 24, parts)


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _ten(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"


def _text(x: float, y: float, text: str, anchor: str = "start", weight: str = "normal") -> str:
    at = f"x='{x:.1f}' y='{y:.1f}'"
    return f"<text {at} text-anchor='{anchor}' font-weight='{weight}' fill='{_INK}'>{escape(text)}</text>"


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' width='{width:.0f}' {_FONT}>"
    )
    return "\n".join([head, "<rect width='100%' height='100%' fill='white'/>", *parts, "</svg>"]) + "\n"
