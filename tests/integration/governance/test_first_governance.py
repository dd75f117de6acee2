"""What was wrong with the governance of the first AINARRES, each defect as a test that ours does not share it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.integration.governance.test_showing import AUDITORS, ROLE, Terminal, hidden, say, section
from tests.integration.governance.test_suspending import Mill, adopt
from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, REVIEWER

from ainarres import stock
from ainarres.domain import commands as c
from ainarres.domain.events import Artifact
from ainarres.domain.policy import Policy, read_policy
from ainarres.policy.chances import chances
from ainarres.projections import governed

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

__all__ = ("say",)


def test_lifetime_strikes_do_not_punish_volume(scene: Scene, clock: Clock) -> None:
    """Three rejections in a lifetime banned; nothing ever took one back, so whoever worked most was banned first."""
    adopt(scene)
    for _ in range(4):
        Mill(scene).grind("x" + "." * 7)
        clock.advance(timedelta(days=30).total_seconds())
    assert events(scene.human.connection, "CapabilitySuspended") == []
    rules = [read_policy(stock.read("policy", name), name) for name in ("sequential", "strikes")]
    ours, theirs = (chances(one.rule, 0.05, 500).suspended for one in rules if isinstance(one, Policy))
    assert ours <= 0.01
    assert theirs > 0.99


def test_a_merge_conflict_strikes_no_reviewer(scene: Scene) -> None:
    """A conflict at integration was booked on the reviewer who had approved before the conflict was there."""
    adopt(scene)
    scene.cards()
    scene.ok(scene.human, c.AdoptWorkflow(text=stock.read("workflow", "dev"), source="dev.toml"))
    families = f"""
[[family]]
key = "{CHEAP}"
maker = "alibaba"
cost_class = 0
grants = ["lane:web/dev", "role:designer", "role:implementer"]

[[family]]
key = "{REVIEWER}"
maker = "anthropic"
cost_class = 2
grants = ["lane:web/dev", "role:reviewer"]

[[family]]
key = "script+merger"
maker = "us"
cost_class = 0
grants = ["lane:web/dev", "role:integrator", "capability:integrate"]
"""
    scene.ok(scene.human, c.AdoptFamilies(text=families, source="families.toml"))
    worker, reviewer, merger = scene.agent(CHEAP), scene.agent(REVIEWER), scene.agent("script+merger")
    for number in range(4):
        task, sha = scene.task(), f"{number:040x}"
        for _ in range(2):
            scene.ok(worker, c.Claim(task=task))
            scene.ok(worker, c.Advance(task=task))
        scene.ok(worker, c.Claim(task=task))
        commit = Artifact(type="commit", ref=sha, digest=sha, base="f" * 40)
        scene.ok(worker, c.Advance(task=task, artifacts=(commit,)))
        scene.ok(reviewer, c.Claim(task=task))
        scene.ok(reviewer, c.Advance(task=task))
        scene.ok(merger, c.Claim(task=task))
        scene.ok(merger, c.Reject(task=task, reason="conflict with main"))
        scene.ok(scene.human, c.Cancel(task=task, reason="enough"))
    assert {one.subject_family for one in events(scene.human.connection, "TaskRejected")} == {None}
    assert events(scene.human.connection, "CapabilitySuspended") == []
    assert [row["faults"] for row in governed.rows(scene.human.connection, "subjects") if row["faults"]] == []


def test_flags_close(scene: Scene, say: Terminal) -> None:
    """A flag once raised counted for ever towards a ban: there was no word for having looked at it."""
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="a.toml"))
    auditor = scene.agent("script+auditor")
    for gap in ("no tests", "no names"):
        scene.ok(auditor, c.RaiseFlag(family=CHEAP, capability=ROLE, gap=gap))
    assert len(governed.read(scene.human.connection).recommended) == 1
    for row in governed.rows(scene.human.connection, "flags", all=False):
        scene.ok(auditor, c.ResolveFlag(flag=str(row["id"]), reason="talked about"))
    assert governed.read(scene.human.connection).recommended == []
    assert section(say("status"), "governance") == ["  (none)"]
    assert len(governed.rows(scene.human.connection, "flags", all=True)) == 2


def test_permanent_bans_are_shown(scene: Scene, say: Terminal) -> None:
    """Only strikes were listed, so a family that a person had banned by hand was in good standing."""
    scene.ok(scene.human, c.RevokeCapability(family=CHEAP, feature=ROLE, reason="never reads the task"))
    line = f"- {CHEAP} / {ROLE}: revoked until a person lifts it: never reads the task"
    for words in (("status",), ("report",), ("governance", "status")):
        assert line in section(say(*words), "governance"), words
    assert CHEAP in say("board")


def test_all_clear_is_not_claimed_on_views_that_cannot_be_read(scene: Scene, say: Terminal) -> None:
    """Each view that failed was taken for an empty one, and the report ended in "all clear"."""
    for table in ("projection.flag", "projection.policy", "projection.suspension"):
        name = table.partition(".")[2]
        with hidden(scene, table):
            told = say("report")
            assert section(told, "governance") == [f"  could not be read: permission denied for table {name}"], table
            assert "all clear" not in told.lower()
            assert "empty" not in say("inbox")
    with hidden(scene, "projection.denial"):  # who may do what is not known at all: then there is no report
        assert say("report", status=1) == ""
