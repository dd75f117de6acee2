"""The curve of a simulation as a self-contained SVG: chance of suspension against the true fault rate."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ainarres.policy.chances import Chances
    from ainarres.policy.simulation import Simulation

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 420, 64, 40, 72


def svg(simulation: Simulation) -> str:
    """Draw the policy's curve and that of three strikes, with the mean submissions between suspensions as words."""
    title = f"{simulation.policy}: suspended within {simulation.submissions} submissions, by true fault rate"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<style>text { font: 12px sans-serif }</style>",
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="14">{escape(title)}</text>',
    ]
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - 20}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth * 10} %</text>')
    below = HEIGHT - BOTTOM + 18
    parts += [
        f'<text x="{_x(percent / 100):.1f}" y="{below}" text-anchor="middle">{percent} %</text>'
        for percent in (1, 5, 10, 20, 30, 40)
    ]
    parts += _curve(simulation.strikes, "#b45309", "strikes")
    parts += _curve(simulation.curve, "#1d4ed8", simulation.policy)
    chosen = [one for one in simulation.curve if one.rate in (0.01, 0.05, 0.1, 0.2)]
    told = ", ".join(f"{one.rate:.0%}: {_mean(one.between)}" for one in chosen)
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 16}">mean submissions between suspensions at {escape(told)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _curve(curve: Sequence[Chances], colour: str, name: str) -> list[str]:
    points = " ".join(f"{_x(one.rate):.1f},{_y(one.suspended):.1f}" for one in curve)
    middle = next((one for one in curve if one.suspended >= 0.5), curve[-1])  # noqa: PLR2004 - half way up
    x, y = _x(middle.rate) + 8, _y(middle.suspended) + 16
    label = f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{escape(name)}</text>'
    dots = [f'<circle cx="{_x(one.rate):.1f}" cy="{_y(one.suspended):.1f}" r="3" fill="{colour}"/>' for one in curve]
    return [f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>', *dots, label]


def _x(rate: float) -> float:
    return LEFT + rate / 0.4 * (WIDTH - LEFT - 20)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _mean(value: float) -> str:
    return f"{value:,.0f}" if isfinite(value) else "never"
