"""A task's whole way through the stock dev workflow: who goes each step, and what it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.scene import Scene

from ainarres import stock
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.database import Database

DESIGNER, IMPLEMENTER, REVIEWER, INTEGRATOR = "claude-code+opus", "opencode+qwen", "claude-code+sonnet", "gemini+pro"
_GRANTS = {
    DESIGNER: ("anthropic", '"role:designer"'),
    IMPLEMENTER: ("alibaba", '"role:implementer"'),
    REVIEWER: ("anthropic", '"role:reviewer"'),
    INTEGRATOR: ("google", '"role:integrator", "capability:integrate"'),
}
FAMILIES = "".join(
    f'[[family]]\nkey = "{key}"\nmaker = "{maker}"\ncost_class = 1\ngrants = ["lane:web/dev", {grants}]\n'
    for key, (maker, grants) in _GRANTS.items()
)
COMMIT = {"type": "commit", "ref": "f00df00", "digest": "f00df00", "base": "ba5eba5"}
STEPS: tuple[tuple[str, str, list[dict[str, str]]], ...] = (
    ("proposed", DESIGNER, []),
    ("designing", DESIGNER, []),
    ("implementing", IMPLEMENTER, [COMMIT]),
    ("reviewing", REVIEWER, []),
    ("integrating", INTEGRATOR, [COMMIT]),
    ("validating", REVIEWER, []),
)


def world(database: Database) -> Scene:
    """Return a scene whose lane follows the stock workflow."""
    made = Scene(database)
    for role in stock.names("role"):
        made.ok(made.human, c.AdoptCard(role=role, text=stock.read("role", role)))
    made.ok(made.human, c.AdoptWorkflow(text=stock.read("workflow", "dev"), source="dev.toml"))
    made.ok(made.human, c.AdoptFamilies(text=FAMILIES, source="families.toml"))
    return made


async def walk(task: str, say: Callable[[str, str, dict[str, Any]], Awaitable[dict[str, Any]]]) -> None:
    """Carry ``task`` from its first stage to its last; ``say(family, verb, fields)`` returns the envelope."""
    for stage, family, artifacts in STEPS:
        got = await say(family, "next", {"lane": "web/dev"})
        assert (got["task"]["id"], got["task"]["stage"]) == (task, stage)
        held = {"task": task, "fence": got["task"]["fence"]}
        assert (await say(family, "progress", {**held, "note": "half way"}))["ok"]
        moved = await say(family, "done", {**held, "artifacts": artifacts})
        assert moved["ok"], moved
    assert moved["task"]["terminal"]
    assert moved["task"]["stage"] == "done"
