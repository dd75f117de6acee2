"""Chromium as Debian packages it, driven by Playwright: pages that say nothing on the console and fetch nothing else.

A machine without Chromium fails here, with what to do; ``make browser`` is the target.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright
from tests.integration.projections.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Request
    from tests.database import Clock, Database

NAMES = ("chromium", "chromium-browser", "google-chrome")
SHOTS = Path(__file__).parents[2] / "build" / "browser"
"""Where screenshots are kept."""


def chromium() -> str:
    """Return the program; fails the test that asks where there is none."""
    found = os.environ.get("AINARRES_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail("no Chromium here: `apt-get install chromium`, or name one with AINARRES_CHROMIUM=")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; as root its own sandbox cannot work."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        one = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield one
        one.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page, at the end of which nothing may have been said on the console and nothing have failed."""
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    one = context.new_page()
    one.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    one.on("pageerror", lambda error: said.append(f"error: {error}"))
    one.on("requestfailed", lambda request: None if _left(request) else said.append(f"failed: {request.url}"))
    yield one
    context.close()
    assert said == []


def _left(request: Request) -> bool:
    """Tell whether a live feed ended because its page was left."""
    return request.resource_type == "eventsource" and request.failure == "net::ERR_ABORTED"


@pytest.fixture
def story(database: Database, clock: Clock) -> Iterator[Story]:
    """The story of which every figure was worked out by hand."""
    told = Story(database, clock)
    yield told
    told.scene.close()


@pytest.fixture
def shots() -> Path:
    """Where screenshots go."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
