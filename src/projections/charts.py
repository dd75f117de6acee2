"""Charts as inline SVG: plain shapes, text for every value, colours from the page's own palette.

Everything that comes from the ledger is escaped; nothing refers to anything outside.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDE = 720
LEFT = 190
ROW = 26
_TRACK = WIDE - LEFT - 110


def bars(title: str, values: Sequence[tuple[str, float | None, str]]) -> str:
    """Draw horizontal bars from rows of name, value and what to write beside it; a null value is written only."""
    top = max((value for _, value, _ in values if value is not None), default=0) or 1
    parts = []
    for place, (name, value, said) in enumerate(values):
        y = place * ROW
        long = 0 if value is None else max(1.0, value / top * _TRACK)
        parts.append(_name(name, y))
        if value is not None:
            parts.append(f'<rect class="bar" x="{LEFT}" y="{y + 4}" width="{long:.1f}" height="{ROW - 10}"/>')
        parts.append(_text(LEFT + long + 6, y + 17, said))
    return _svg(title, len(values) * ROW, parts)


def intervals(title: str, values: Sequence[tuple[str, float | None, tuple[float, float] | None, str]]) -> str:
    """Draw rates between 0 and 1 with their intervals, from rows of name, rate, interval and what to write."""
    parts = []
    for place, (name, value, interval, said) in enumerate(values):
        y = place * ROW
        middle = y + ROW / 2
        parts.append(_name(name, y))
        parts.append(f'<line class="axis" x1="{LEFT}" y1="{middle}" x2="{LEFT + _TRACK}" y2="{middle}"/>')
        if interval is not None:
            low, high = (LEFT + share * _TRACK for share in interval)
            parts.append(f'<line class="interval" x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}"/>')
        if value is not None:
            parts.append(f'<circle class="point" cx="{LEFT + value * _TRACK:.1f}" cy="{middle}" r="4.5"/>')
        parts.append(_text(LEFT + _TRACK + 8, y + 17, said))
    return _svg(title, len(values) * ROW, parts)


def columns(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Draw upright bars over time from rows of when and how many; first and last are written."""
    high, top = 140, max((value for _, value in values), default=0) or 1
    width = WIDE / max(len(values), 1)
    parts = []
    for place, (when, value) in enumerate(values):
        tall = value / top * (high - 20)
        shape = f'x="{place * width:.1f}" y="{high - tall:.1f}" width="{max(1, width - 2):.1f}" height="{tall:.1f}"'
        parts.append(f'<rect class="bar" {shape}><title>{escape(f"{when}: {value:g}")}</title></rect>')
    if values:
        parts.append(_text(0, high + 16, values[0][0]))
        parts.append(_text(WIDE, high + 16, values[-1][0], "end"))
        parts.append(_text(0, 12, f"most in one step: {top:g}"))
    return _svg(title, high + 22, parts)


def matrix(title: str, cells: Mapping[tuple[str, str], tuple[float | None, str]]) -> str:
    """Draw a matrix of reviewer (down) by author (across): the shade is the rate, the words are written."""
    down = list(dict.fromkeys(reviewer for reviewer, _ in cells))
    across = list(dict.fromkeys(author for _, author in cells))
    width, tall = min(130.0, (WIDE - LEFT) / max(len(across), 1)), 34
    parts = [_text(LEFT + (place + 0.5) * width, 14, author, "middle") for place, author in enumerate(across)]
    for row, reviewer in enumerate(down):
        y = 22 + row * tall
        parts.append(_name(reviewer, y + 4))
        for place, author in enumerate(across):
            found = cells.get((reviewer, author))
            if found is None:
                continue
            value, said = found
            shape = f'x="{LEFT + place * width:.1f}" y="{y}" width="{width - 3:.1f}" height="{tall - 3}"'
            parts.append(f'<rect class="cell" {shape} fill-opacity="{0.08 + 0.55 * (value or 0):.2f}"/>')
            parts.append(_text(LEFT + (place + 0.5) * width, y + 20, said, "middle"))
    return _svg(title, 22 + len(down) * tall, parts)


def _svg(title: str, tall: float, parts: Sequence[str]) -> str:
    if not parts:
        return f"<figure><figcaption>{escape(title)}</figcaption><p>(none)</p></figure>"
    drawn = "".join(parts)
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {WIDE} {tall:g}" role="img" aria-label="{escape(title)}">{drawn}</svg></figure>'
    )


def _name(name: str, y: float) -> str:
    cut = name if len(name) <= 30 else name[:29] + "…"  # noqa: PLR2004 - what fits left of the bars
    return f"{_text(LEFT - 8, y + 17, cut, 'end')}"


def _text(x: float, y: float, said: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'
