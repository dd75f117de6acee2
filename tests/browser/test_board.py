"""The pages in Chromium: the board moves by itself, time is travelled by the slider, the inbox acts, keys suffice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import expect
from tests.api.served import Served
from tests.scene import DESIGNER

from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page
    from tests.scene import Scene

UNNAMED = """
() => [...document.querySelectorAll('a, button, input:not([type=hidden]), meter, section, nav, form')]
  .filter(one => !(one.getAttribute('aria-label') || one.getAttribute('aria-labelledby') || one.labels?.length
                   || one.textContent.trim()))
  .map(one => one.outerHTML)
"""


@pytest.fixture
def served(scene: Scene) -> Iterator[Served]:
    """A server on the small world."""
    running = Served(scene.url, "--rate", "10000")
    yield running
    running.stop()


def sign_in(page: Page, served: Served, token: str) -> None:
    page.goto(served.base)
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Board")).to_be_visible()


def test_the_board_moves_by_itself(served: Served, page: Page, scene: Scene, shots: Path) -> None:
    sign_in(page, served, scene.token(None, "eye", scope="monitor"))
    expect(page.locator("#live")).to_have_text(re.compile("^live"))
    task = scene.task("<b>posted</b> while you look")
    card = page.get_by_role("link", name=re.compile("posted.*while you look"))
    expect(card).to_be_visible()
    expect(page.get_by_role("heading", name="proposed (1)")).to_be_visible()
    agent = scene.agent(DESIGNER)
    held = scene.ok(agent, c.Claim(task=task)).task
    assert held is not None
    expect(page.get_by_text("held by claude-code+opus")).to_be_visible()
    expect(page.get_by_role("meter")).to_have_count(1)
    page.screenshot(path=shots / "board.png")
    scene.ok(agent, c.Advance(task=task, fence=held["fence"], note="well designed"))
    expect(page.get_by_role("heading", name="implementing (1)")).to_be_visible()
    card.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<b>posted</b> while you look")
    expect(page.get_by_role("cell", name="proposed → implementing well designed")).to_be_visible()
    expect(page.get_by_text("Why:")).to_be_visible()


def test_the_slider_travels_and_comes_back(served: Served, page: Page, scene: Scene, shots: Path) -> None:
    scene.task("the first")
    with scene.owner() as owner:
        row = owner.execute("SELECT max(position) FROM ledger.event").fetchone()
    assert row is not None
    scene.task("the second")
    sign_in(page, served, scene.token(None, "eye", scope="monitor"))
    expect(page.get_by_role("link", name=re.compile("the second"))).to_be_visible()
    slider = page.get_by_role("slider", name="Position in time")
    slider.fill(str(row[0]))
    expect(page.get_by_role("link", name=re.compile("the second"))).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("the first"))).to_be_visible()
    expect(page).to_have_url(re.compile(rf"\?at={row[0]}$"))
    page.reload()
    expect(page.get_by_text(f"as of {row[0]}")).to_be_visible()
    page.screenshot(path=shots / "past.png")
    page.get_by_role("link", name="Now").click()
    expect(page.get_by_role("link", name=re.compile("the second"))).to_be_visible()


def test_the_inbox_acts_by_keyboard_alone(served: Served, page: Page, scene: Scene, shots: Path) -> None:
    task = scene.task("stuck")
    agent = scene.agent(DESIGNER)
    held = scene.ok(agent, c.Claim(task=task)).task
    assert held is not None
    scene.ok(agent, c.Block(task=task, fence=held["fence"], reason="which format?"))
    sign_in(page, served, scene.token(None, "boss", scope="operator"))
    page.goto(f"{served.base}/inbox")
    page.screenshot(path=shots / "inbox.png")
    page.get_by_label("Reason").first.focus()
    page.keyboard.type("the second one")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Unblock")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Done.")).to_be_visible()
    expect(page.get_by_role("button", name="Unblock")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_named_and_silent(
    served: Served, page: Page, scene: Scene, shots: Path, scheme: Literal["light", "dark"]
) -> None:
    task = scene.task("look at me")
    scene.ok(scene.agent(DESIGNER), c.Claim(task=task))
    page.emulate_media(color_scheme=scheme)
    sign_in(page, served, scene.token(None, "eye", scope="monitor"))
    for name in ("Board", "Families", "Inbox", "Ledger"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        expect(page.locator('nav a[aria-current="page"]')).to_have_text(name)
        assert page.evaluate(UNNAMED) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=shots / f"{name.lower()}-{scheme}.png")
    shine = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
    assert (shine < 128) == (scheme == "dark")


def test_it_reads_without_scripts(served: Served, page: Page, scene: Scene) -> None:
    scene.task("plain")
    assert page.context.browser is not None
    context = page.context.browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    sign_in(plain, served, scene.token(None, "eye", scope="monitor"))
    expect(plain.get_by_role("link", name=re.compile("plain"))).to_be_visible()
    plain.get_by_role("spinbutton", name="Position").fill("3")
    plain.get_by_role("button", name="Go there").click()
    expect(plain.get_by_role("link", name=re.compile("plain"))).to_have_count(0)
    context.close()
