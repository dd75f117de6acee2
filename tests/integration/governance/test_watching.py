"""Policies that watch: taken into force, and run by the job, they raise each flag once, and hold up nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.governance.test_suspending import Mill, adopt, adopt_unknown
from tests.integration.verbs.crowd import at_once, events
from tests.scene import CHEAP, FRONTIER, REVIEWER

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.projections import governed

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

WATCHERS = ("rubber_stamp", "spend", "silence", "starving", "overspending")


def write(scene: Scene, text: str) -> dict[str, Any]:
    return dict(scene.ok(scene.human, c.AdoptPolicy(text=text, source="p.toml")).extra)


def run(scene: Scene, **how: bool) -> dict[str, Any]:
    return dict(scene.ok(scene.human, c.RunGovernance(**how)).extra)


def gaps(scene: Scene) -> list[tuple[str, str, str | None]]:
    rows = governed.rows(scene.human.connection, "flags", all=False)
    return sorted((row["policy"], row["kind"], row["family"]) for row in rows)


def resolve(scene: Scene) -> None:
    for row in governed.rows(scene.human.connection, "flags", all=False):
        scene.ok(scene.human, c.ResolveFlag(flag=str(row["id"]), reason="looked at"))


def spent(scene: Scene, family: str, tokens: int, transition: int | None = None, agent: str = "worker") -> None:
    meter = scene.session(scene.token(None, scope="meter"))
    scene.ok(meter, c.Usage(agent=agent, family=family, transition=transition, input_tokens=tokens))


@pytest.mark.parametrize("name", WATCHERS)
def test_each_is_adopted_once_and_again_when_it_changes(scene: Scene, name: str) -> None:
    text = stock.read("policy", name)
    first = write(scene, text)
    assert (first["policy"], first["version"], first["changed"]) == (name, 1, True)
    assert write(scene, text)["changed"] is False
    assert (
        write(scene, text + 'severity = "critical"\n' if "severity" not in text else text.replace("info", "warning"))[
            "version"
        ]
        == 2
    )
    assert run(scene)["unread"] is None


def test_a_silent_hold_is_flagged_once_however_often_the_job_runs(scene: Scene, clock: Clock) -> None:
    adopt(scene, "silence")
    task, worker = scene.implementable(), scene.agent(CHEAP)
    scene.ok(worker, c.Claim(task=task))
    assert run(scene)["flagged"] == []
    clock.advance(40)
    dry = run(scene, dry_run=True)
    assert [(one["family"], one["kind"], one["policy"]) for one in dry["flagged"]] == [(CHEAP, "health", "silence")]
    assert gaps(scene) == []
    run(scene)
    assert gaps(scene) == [("silence", "health", CHEAP)]
    (flag,) = events(scene.human.connection, "FlagRaised")
    assert (str(flag.task), flag.subject_family, flag.body["capability"]) == (task, CHEAP, "role:implementer")
    run(scene)
    resolve(scene)
    run(scene)
    assert gaps(scene) == []
    assert len(events(scene.human.connection, "FlagRaised")) == 1
    scene.ok(worker, c.Release(task=task, reason="stuck"))
    scene.ok(worker, c.Claim(task=task))
    clock.advance(40)
    run(scene)
    assert gaps(scene) == [("silence", "health", CHEAP)]


def test_the_policy_says_how_much_silence(scene: Scene, clock: Clock) -> None:
    write(scene, stock.read("policy", "silence").replace("0.5", "0.9"))
    scene.ok(scene.agent(CHEAP), c.Claim(task=scene.implementable()))
    clock.advance(40)
    assert run(scene)["flagged"] == []
    clock.advance(15)
    assert len(run(scene)["flagged"]) == 1


def test_starving_work_is_flagged_without_a_family(scene: Scene, clock: Clock) -> None:
    adopt(scene, "starving")
    scene.implementable()
    clock.advance(61)
    (flag,) = run(scene)["flagged"]
    assert (flag["family"], flag["severity"]) == (None, "info")
    assert flag["gap"].startswith("web/dev/implementing: 1 waiting")
    (raised,) = events(scene.human.connection, "FlagRaised")
    assert raised.stream == "policy-starving"
    run(scene)
    assert gaps(scene) == [("starving", "health", None)]
    resolve(scene)
    assert events(scene.human.connection, "FlagResolved")[0].stream == "policy-starving"
    run(scene)
    assert gaps(scene) == []


def test_spend_that_moved_nothing_is_counted_anew_once_it_was_looked_at(scene: Scene) -> None:
    adopt(scene, "spend")
    spent(scene, CHEAP, 499_999)
    assert run(scene)["flagged"] == []
    spent(scene, CHEAP, 1)
    assert [one["family"] for one in run(scene)["flagged"]] == [CHEAP]
    resolve(scene)
    spent(scene, CHEAP, 400_000)
    assert run(scene)["flagged"] == []
    spent(scene, CHEAP, 100_000)
    run(scene)
    run(scene)
    assert gaps(scene) == [("spend", "spend", CHEAP)]
    assert events(scene.human.connection, "CapabilitySuspended") == []


def test_spend_that_nobody_measured_is_not_counted(scene: Scene) -> None:
    adopt(scene, "spend")
    meter = scene.session(scene.token(None, scope="meter"))
    scene.ok(meter, c.Usage(agent="worker", family=CHEAP))
    assert run(scene)["flagged"] == []


def test_a_dear_family_is_flagged_and_never_suspended(scene: Scene) -> None:
    """Spend is a signal beside competence: it never takes a capability away."""
    write(scene, stock.read("policy", "overspending").replace("peers = 2", "peers = 1"))
    for family, tokens in ((CHEAP, 100), (FRONTIER, 501)):
        task, agent = scene.implementable(), scene.agent(family, family)
        scene.ok(agent, c.Claim(task=task))
        spent(scene, family, tokens, scene.ok(agent, c.Advance(task=task)).position, agent=family)
    (flag,) = run(scene)["flagged"]
    assert (flag["family"], flag["capability"], flag["kind"]) == (FRONTIER, "role:implementer", "spend")
    assert run(scene)["flagged"] == []
    assert governed.rows(scene.human.connection, "denials") == []


VALIDATED = """
key = "dev"
title = "Implement, review, validate"
lease = "30s"

[[stage]]
key = "implementing"
initial = true

[[stage]]
key = "reviewing"

[[stage]]
key = "validating"

[[stage]]
key = "done"
terminal = true

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

[[transition]]
from = "validating"
to = "done"
requires = ["role:designer"]

[[transition]]
from = "validating"
to = "implementing"
kind = "reject"
requires = ["role:designer"]
fault = "implementing"
"""


def test_a_reviewer_who_lets_everything_pass_is_flagged(scene: Scene) -> None:
    scene.ok(scene.human, c.AdoptWorkflow(text=VALIDATED, source="dev.toml"))
    write(scene, stock.read("policy", "rubber_stamp").replace("sample = 20", "sample = 5"))
    worker, stamp, validator = scene.agent(CHEAP), scene.agent(REVIEWER), scene.agent("claude-code+opus")
    for number in range(5):
        assert run(scene)["flagged"] == [], number
        task = scene.task()
        for agent in (worker, stamp):
            scene.ok(agent, c.Claim(task=task))
            scene.ok(agent, c.Advance(task=task))
        scene.ok(validator, c.Claim(task=task))
        scene.ok(validator, c.Reject(task=task, reason="no test"))
        scene.ok(scene.human, c.Cancel(task=task, reason="enough"))
    (flag,) = run(scene)["flagged"]
    assert (flag["family"], flag["kind"]) == (REVIEWER, "integrity")
    assert "caught 0 of 5" in flag["gap"]
    assert run(scene)["flagged"] == []


def test_two_rounds_at_once_raise_no_flag_twice(scene: Scene, clock: Clock) -> None:
    adopt(scene, "silence")
    adopt(scene, "starving")
    scene.ok(scene.agent(CHEAP), c.Claim(task=scene.implementable()))
    scene.implementable()
    clock.advance(59)
    rounds = at_once([scene.session() for _ in range(4)], c.RunGovernance())
    assert sorted(len(one.extra["flagged"]) for one in rounds) == [0, 0, 0, 1]
    clock.advance(5)
    rounds = at_once([scene.session() for _ in range(4)], c.RunGovernance())
    assert sum(len(one.extra["flagged"]) for one in rounds) == 1
    assert gaps(scene) == [("silence", "health", CHEAP), ("starving", "health", None)]


def test_figures_that_cannot_be_read_hold_up_no_suspension(scene: Scene) -> None:
    adopt(scene, "silence")
    adopt(scene)
    mill = Mill(scene)
    scene.human.connection.execute("UPDATE statistics.version SET version = 99 WHERE projection = 'reviews'")
    mill.grind("xxxx")
    done = run(scene)
    assert "ainarres rebuild reviews" in done["unread"]
    assert done["flagged"] == []
    assert len(events(scene.human.connection, "CapabilitySuspended")) == 1


def test_a_watching_policy_that_cannot_be_evaluated_is_said_to_be_broken_once(scene: Scene) -> None:
    adopt(scene, "silence")
    adopt_unknown(scene, slot="spend:*:*", action="flag")
    assert [one["policy"] for one in run(scene)["broken"]] == ["odd"]
    assert run(scene)["broken"] == []
    (broken,) = events(scene.human.connection, "PolicyBroken")
    assert broken.body["key"] == "odd"
