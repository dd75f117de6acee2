"""Charts are well-formed SVG that shows what they were given."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bench.chart import Bar, bars, curves, timeline

SPACE = "{http://www.w3.org/2000/svg}"


def _parsed(text: str) -> ET.Element:
    return ET.fromstring(text)


def test_bars_are_as_long_as_their_medians() -> None:
    drawn = _parsed(bars("Cycles", "a second", [Bar("a <b> & c", 50, 40, 60), Bar("two", 100, 90, 100, ours=True)]))
    widths = [float(one.attrib["width"]) for one in list(drawn.iter(f"{SPACE}rect"))[1:]]
    assert widths[1] == 2 * widths[0]
    assert "a <b> & c" in [one.text for one in drawn.iter(f"{SPACE}text")]


def test_a_power_is_a_straight_line_on_logarithmic_axes() -> None:
    drawn = _parsed(curves("Growth", "tasks", "ms", {"claim": [(10, 1), (100, 10), (1000, 100)], "none": [(10, 0)]}))
    line = next(drawn.iter(f"{SPACE}polyline")).attrib["points"]
    (x1, y1), (x2, y2), (x3, y3) = (tuple(map(float, point.split(","))) for point in line.split())
    assert abs((x2 - x1) - (x3 - x2)) < 0.2
    assert abs((y2 - y1) - (y3 - y2)) < 0.2


def test_charts_without_points_are_still_charts() -> None:
    for text in (bars("None", "x", []), curves("None", "x", "y", {}), timeline("None", "s", {}, (0, 1))):
        assert _parsed(text).tag == f"{SPACE}svg"


def test_a_timeline_shades_the_stretch_it_is_given() -> None:
    drawn = _parsed(timeline("Held", "seconds", {"rate": [(0, 10), (50, 5), (100, 10)]}, (25, 75)))
    shade = list(drawn.iter(f"{SPACE}rect"))[1]
    assert float(shade.attrib["width"]) == 280
