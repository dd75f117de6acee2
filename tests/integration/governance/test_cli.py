"""What the commands of governance print, and what they say of mistakes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.integration.governance.test_showing import AUDITORS, ROLE, Terminal, say
from tests.integration.governance.test_suspending import Mill, adopt
from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, FRONTIER

from ainarres.cli.main import main
from ainarres.domain import commands as c

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.database import Clock
    from tests.scene import Scene

__all__ = ("say",)


def test_policies_are_adopted_by_name_listed_and_compared(say: Terminal, tmp_path: Path) -> None:
    assert say("policy", "list").splitlines()[1].startswith("  (none)")
    assert "policy: sequential\n" in say("policy", "adopt", "sequential")
    assert say("policy", "list") == "policies in force (1):\n- sequential version 1 (judging:*:*)\n"
    assert say("policy", "check", "strikes") == "strikes: sound: strikes, rule strikes\n"
    assert "~ key sequential → strikes" in say("policy", "diff", "strikes").splitlines()
    assert say("policy", "diff", "sequential") == "sequential is what is in force already\n"
    assert say("policy", "diff", "silence") == "+ policy silence (silence:*:*)\n"
    assert "replaces: sequential" in say("policy", "adopt", "strikes")
    mine = tmp_path / "mine.toml"
    mine.write_text('key = "mine"\n[rule.spend]\n[action.suspend]\n', encoding="utf-8")
    told = say("policy", "check", str(mine), status=1)
    assert "mine.toml:1" in told
    assert "spend never suspends" in told


def test_a_policy_that_is_not_there_is_told_with_those_that_are(
    say: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "adopt", "sequentail", "--url", say.scene.url]) == 2
    said = capsys.readouterr().err
    assert "there is no stock policy named 'sequentail'" in said
    assert "sequential" in said


def test_explain_walks_from_a_suspension_to_the_rejections(scene: Scene, say: Terminal) -> None:
    assert say("governance", "explain", CHEAP, ROLE) == f"{CHEAP} was never suspended from {ROLE}\n"
    adopt(scene)
    Mill(scene).grind("xxxx")
    lines = say("governance", "explain", CHEAP, ROLE).splitlines()
    assert re.fullmatch(
        r"in force: suspension 1 by policy sequential version 1, \S+Z to \S+Z: "
        r"sequential: 4 faults in 4 submissions; 1h",
        lines[0],
    )
    rejections = events(scene.human.connection, "TaskRejected")
    assert [line.split()[0] for line in lines[1:]] == [f"#{one.position}" for one in rejections]
    assert lines[1].endswith(f"{rejections[0].actor}: no test")
    told = say.read("governance", "explain", CHEAP, ROLE)["suspensions"]
    assert [[one["position"] for one in row["events"]] for row in told] == [[one.position for one in rejections]]
    scene.ok(scene.human, c.LiftDenial(family=CHEAP, feature=ROLE, reason="the fixture was wrong"))
    assert say("governance", "explain", CHEAP, ROLE).startswith("lifted: suspension 1")


def test_status_shows_policies_and_evidence(scene: Scene, say: Terminal) -> None:
    adopt(scene)
    Mill(scene).grind("x.")
    lines = say("governance", "status").splitlines()
    assert lines[:4] == ["governance:", "  (none)", "policies in force:", "- sequential version 1 (judging:*:*)"]
    assert f"- {CHEAP} / {ROLE}: 1 faults of 2" in lines


def test_flags_are_listed_open_ones_first(scene: Scene, say: Terminal) -> None:
    assert say("flag", "list") == "flags (0):\n  (none)\n"
    scene.ok(scene.human, c.AdoptFamilies(text=AUDITORS, source="a.toml"))
    auditor = scene.agent("script+auditor")
    first = scene.ok(auditor, c.RaiseFlag(family=CHEAP, gap="no \x1b[31mtests", capability=ROLE)).extra["flag"]
    second = scene.ok(auditor, c.RaiseFlag(family=FRONTIER, gap="slow", kind="health", severity="info")).extra["flag"]
    scene.ok(scene.human, c.ResolveFlag(flag=first, reason="talked about"))
    assert say("flag", "list") == f"flags (1):\n- {second} health (info) {FRONTIER}: slow [open]\n"
    assert say("flag", "list", "--all").splitlines()[2] == (
        f"- {first} quality (warning) {CHEAP} / {ROLE}: no \\x1b[31mtests [resolved: talked about]"
    )
    assert [row["id"] for row in say.read("flag", "list", "--all")["flags"]] == [second, first]


def test_a_round_says_what_it_did_and_what_it_would_do(scene: Scene, clock: Clock, say: Terminal) -> None:
    assert "  nothing to do" in say("governance", "run").splitlines()
    adopt(scene, "silence")
    scene.ok(scene.human, c.Suspend(family=FRONTIER, feature=ROLE, reason="look first", period="1s"))
    scene.ok(scene.agent(CHEAP), c.Claim(task=scene.implementable()))
    clock.advance(40)
    dry = say("governance", "run", "--dry-run").splitlines()
    assert f"  would be restored: {FRONTIER} / {ROLE}" in dry
    assert (
        f"  would be flagged by silence on {CHEAP}: {CHEAP} has said nothing on implementing for 40s of a 1m lease"
        in dry
    )
    assert f"  restored: {FRONTIER} / {ROLE}" in say("governance", "run").splitlines()
    assert "  nothing to do" in say("governance", "run").splitlines()


def test_a_back_test_stands_beside_what_happened(scene: Scene, say: Terminal) -> None:
    adopt(scene)
    Mill(scene).grind("x...x...x")
    lines = say("governance", "backtest", "--policy", "strikes", "--since", "0").splitlines()
    assert lines[0] == "policy strikes on 18 judged submissions after position 0"
    assert lines[1] == "would have suspended (1):"
    causes = ", ".join(f"#{one.position}" for one in events(scene.human.connection, "TaskRejected"))
    assert re.fullmatch(rf"- {re.escape(CHEAP)} / {ROLE} \S+Z to \S+Z \(n 1\): {causes}", lines[2])
    assert lines[3:] == ["in the ledger (0):", "  (none)", "tasks that would have been routed elsewhere: 0"]
    document = say.read("governance", "backtest", "--policy", "sequential")
    assert (document["policy"], document["would"], document["stood"]) == ("sequential", [], [])


def test_only_policies_that_judge_are_back_tested(say: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["governance", "backtest", "--policy", "spend", "--url", say.scene.url]) == 2
    assert "rule spend does not judge submissions" in capsys.readouterr().err


def test_a_simulation_of_a_thousand_lives_meets_the_bars(say: Terminal, tmp_path: Path) -> None:
    """1 % of faults: at most 0.1 % of lives suspended; 5 %: 1 %; 40 %: found after 20 submissions, in the median."""
    plot = tmp_path / "plot.svg"
    told = say.read("governance", "simulate", "--svg", str(plot))
    lives = {one["rate"]: one for one in told["families"]}
    assert {one["runs"] for one in lives.values()} == {1000}
    assert lives[0.01]["suspended_share"] <= 0.001
    assert lives[0.05]["suspended_share"] <= 0.01
    assert lives[0.4]["median_submissions"] <= 20
    for rate, one in lives.items():
        low, high = one["interval"]
        assert low <= one["exact"]["suspended_share"] + 1e-9 <= high + 0.002, rate
        assert one["strikes"]["suspended_share"] > one["exact"]["suspended_share"] or rate == 0.4
    assert plot.read_text(encoding="utf-8").startswith("<svg")
