"""Four tasks told through the verbs, at times set by hand, so that every figure can be worked out on paper.

Seconds count from ``START``. Author of T1 and T3 is qwen, of T2 grok, of T4 opus; sonnet, grok and another agent of
grok review. The lane calls an approval in less than 30 s hasty.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.scene import Scene

from ainarres.domain import commands as c
from ainarres.domain.events import Artifact

if TYPE_CHECKING:
    from tests.database import Clock, Database

    from ainarres.verbs.session import Session

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OPUS, QWEN, GROK, SONNET = "claude-code+opus", "opencode+qwen", "grok+grok-build", "claude-code+sonnet"

WORKFLOW = """
key = "dev"
title = "Implement, review, validate"
lease = "2m"
max_attempts = 5
max_rework = 5

[[stage]]
key = "proposed"
initial = true

[[stage]]
key = "implementing"

[[stage]]
key = "reviewing"

[[stage]]
key = "validating"

[[stage]]
key = "done"
terminal = true

[[transition]]
from = "proposed"
to = "implementing"
requires = ["role:designer"]

[[transition]]
from = "implementing"
to = "reviewing"
requires = ["role:implementer"]

[[transition]]
from = "reviewing"
to = "validating"
requires = ["role:reviewer"]
reviews = "implementing"
rule = "off"
approves = true

[[transition]]
from = "reviewing"
to = "implementing"
kind = "reject"
requires = ["role:reviewer"]
fault = "implementing"

[[transition]]
from = "validating"
to = "done"
requires = ["role:reviewer"]
reviews = "implementing"
rule = "off"

[[transition]]
from = "validating"
to = "implementing"
kind = "reject"
requires = ["role:reviewer"]
fault = "implementing"
"""

FAMILIES = """
[[family]]
key = "claude-code+opus"
label = "opus"
maker = "anthropic"
cost_class = 3
grants = ["lane:web/dev", "role:designer", "role:implementer"]

[[family]]
key = "opencode+qwen"
label = "qwen"
maker = "alibaba"
cost_class = 0
grants = ["lane:web/dev", "role:implementer"]

[[family]]
key = "grok+grok-build"
label = "grok"
maker = "xai"
cost_class = 2
grants = ["lane:web/dev", "role:implementer", "role:reviewer"]

[[family]]
key = "claude-code+sonnet"
label = "sonnet"
maker = "anthropic"
cost_class = 2
grants = ["lane:web/dev", "role:reviewer"]
"""

PROJECT = """
key = "web"
[[lane]]
key = "dev"
workflow = "dev"
review_floor = "30s"
"""


class Story:
    """The story, told once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        clock.set(START)
        self.scene = Scene(database, workflow=WORKFLOW, families=FAMILIES)
        self.scene.ok(self.scene.human, c.AdoptProject(text=PROJECT, source="project.toml"))
        self.opus, self.qwen, self.sonnet = (self.scene.agent(one) for one in (OPUS, QWEN, SONNET))
        self.grok, self.other_grok = (self.scene.agent(GROK, name) for name in ("grok-1", "grok-2"))
        self.meter = self.scene.session(self.scene.token(None, "meter", scope="meter"))
        self.shop = self.scene.brief("the shop")
        self.t1, self.t2, self.t3, self.t4 = self._first(), self._second(), self._third(), self._fourth()
        self._spend()

    def at(self, seconds: float) -> None:
        self._clock.set(START + timedelta(seconds=seconds))

    def hold(self, agent: Session, task: str, claimed: float, ended: float, command: c.Command) -> int:
        """Claim at one time and end the hold at another; return the position of the end."""
        self.at(claimed)
        self.scene.ok(agent, c.Claim(task=task))
        self.at(ended)
        position = self.scene.ok(agent, command).position
        assert position is not None
        return position

    def on(self, agent: Session, task: str, claimed: float, ended: float, commit: str | None = None) -> int:
        """Claim and advance."""
        artifacts = (Artifact(type="commit", ref=commit, digest=commit),) if commit else ()
        return self.hold(agent, task, claimed, ended, c.Advance(task=task, artifacts=artifacts))

    def back(self, agent: Session, task: str, claimed: float, ended: float) -> int:
        """Claim and reject."""
        return self.hold(agent, task, claimed, ended, c.Reject(task=task, reason="it fails"))

    def _first(self) -> str:
        self.at(0)
        task = self.scene.task("one", epic=self.shop)
        self.on(self.opus, task, 10, 20)
        self.first_delivery = self.on(self.qwen, task, 30, 90, "c1c1c1c")
        self.first_reject = self.back(self.sonnet, task, 100, 160)
        self.on(self.qwen, task, 200, 300, "c1b")
        self.hasty = self.on(self.grok, task, 310, 330)
        self.escape = self.back(self.sonnet, task, 340, 400)
        self.hold(self.qwen, task, 420, 450, c.Release(task=task, reason="stuck"))
        self.on(self.qwen, task, 460, 500, "c1c")
        self.on(self.grok, task, 510, 570)
        self.shipped_one = self.on(self.sonnet, task, 580, 600)
        return task

    def _second(self) -> str:
        self.at(1000)
        task = self.scene.task("two", epic=self.shop)
        self.on(self.opus, task, 1010, 1015)
        self.on(self.grok, task, 1020, 1120, "c2c2c2c")
        self.back(self.sonnet, task, 1130, 1150)
        self.on(self.grok, task, 1160, 1170, "c2c2c2c")
        self.overturn = self.on(self.other_grok, task, 1200, 1240)
        self.shipped_two = self.on(self.sonnet, task, 1250, 1300)
        return task

    def _third(self) -> str:
        self.at(2000)
        task = self.scene.task("three")
        self.on(self.opus, task, 2000, 2010)
        self.at(2020)
        self.scene.ok(self.qwen, c.Claim(task=task))  # runs out at 2140
        other_qwen = self.scene.agent(QWEN)
        self.on(other_qwen, task, 2200, 2260, "c3c3c3c")
        self.on(self.grok, task, 2270, 2300)
        self.at(2400)
        self.scene.ok(self.scene.human, c.Block(task=task, reason="wait for the release"))
        return task

    def _fourth(self) -> str:
        self.at(3000)
        assert self.grok.execute(c.Next()).code == "empty"
        self.at(4000)
        task = self.scene.task("four", epic=self.shop)
        self.on(self.opus, task, 4000, 4010)
        self.on(self.opus, task, 4020, 4050, "c4c4c4c")
        self.back(self.sonnet, task, 4060, 4080)
        return task

    def _spend(self) -> None:
        self.at(4100)
        qwen, sonnet = self._agent(self.first_delivery), self._agent(self.first_reject)
        self.used(agent=qwen, transition=self.first_delivery, input_tokens=100, output_tokens=50)
        self.used(agent=sonnet, transition=self.first_reject, input_tokens=200)
        self.used(agent=sonnet, transition=self.escape)  # a harness that says nothing
        self.used(agent=qwen, family=QWEN, input_tokens=500)
        self.used(agent=sonnet, family=SONNET)

    def used(self, **what: Any) -> None:
        self.scene.ok(self.meter, c.Usage(**what))

    def _agent(self, position: int) -> str:
        row = self.scene.human.connection.execute(
            "SELECT actor FROM ledger.event WHERE position = %s", [position]
        ).fetchone()
        assert row is not None
        return str(row[0])
