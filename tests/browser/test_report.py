"""The report as one HTML file in Chromium: silent, whole, named, legible in the light, in the dark and on paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest

from ainarres.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page
    from tests.integration.projections.story import Story

HOSTILE = '<img src=x onerror="console.error(1)"><script>console.error(2)</script>'
LEGIBLE = 4.5
"""Contrast that WCAG 2.2 asks of text (1.4.3)."""
A4 = 1032
"""Pixels between the margins of a sheet on its side, at 96 to the inch."""

CONTRAST = """
() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const shine = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, place) => sum + v * [0.2126, 0.7152, 0.0722][place], 0);
  const paper = shine(parse(getComputedStyle(document.body).backgroundColor));
  const ratio = ink => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  const worst = [...document.querySelectorAll('h1, h2, p, th, td, figcaption, svg text')].map(one => {
    const style = getComputedStyle(one);
    return ratio(shine(parse(one.closest('svg') ? style.fill : style.color)));
  });
  return { paper, worst: Math.min(...worst), marks: worst.length };
}
"""


@pytest.fixture
def report(story: Story, tmp_path: Path) -> Path:
    """The report of the story's ledger, as people write it to a file; one task's title is hostile."""
    story.scene.task(HOSTILE)
    path = tmp_path / "report.html"
    assert main(["report", "--format", "html", "--out", str(path), "--url", story.scene.url]) == 0
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_in_the_light_and_in_the_dark(
    page: Page, report: Path, shots: Path, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(report.as_uri())
    found = page.evaluate(CONTRAST)
    assert (found["paper"] > 0.5) == (scheme == "light")
    assert found["worst"] >= LEGIBLE, found
    assert found["marks"] > 50, "too little on the page to say so"
    page.screenshot(path=shots / f"report-{scheme}.png", full_page=True)


def test_it_fits_on_paper(page: Page, report: Path, shots: Path) -> None:
    page.set_viewport_size({"width": A4, "height": 794})
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(report.as_uri())
    assert page.evaluate("() => document.documentElement.scrollWidth") <= A4
    assert page.evaluate(CONTRAST)["paper"] > 0.9, "nobody prints white on black"
    page.screenshot(path=shots / "report-print.png", full_page=True)
    assert page.pdf(path=shots / "report.pdf", prefer_css_page_size=True).startswith(b"%PDF-")


def test_every_chart_and_every_table_has_a_name(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    something = re.compile(r"\w")
    for role, selector in (("img", "svg"), ("table", "table")):
        drawn = page.locator(selector).count()
        assert drawn >= 4, f"{drawn} {selector} on the page"
        assert page.get_by_role(role, name=something).count() == drawn  # type: ignore[arg-type]  # two of its roles
    for chart in ("Throughput", "Cycle time by stage", "First pass by family", "Who reviewed whom", "Tokens by family"):
        assert page.get_by_role("img", name=re.compile(chart)).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1


def test_what_agents_wrote_stays_text_and_nothing_is_fetched(page: Page, report: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    assert asked == [report.as_uri()]
    assert page.locator("script, img, link, iframe").count() == 0
    text = page.locator("body").inner_text()
    assert "shipped" in text.lower()
