"""The report is a fold over facts: hand-made facts in, the words people know out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from ainarres import stock
from ainarres.domain import events as e
from ainarres.domain.definition import read_workflow
from ainarres.domain.fact import Fact
from ainarres.domain.workflow import Workflow
from ainarres.projections.report import fold, stages_of

if TYPE_CHECKING:
    from ainarres.domain.events import Event
    from ainarres.projections.report import Report

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OPENCODE, GROK, CLAUDE, SONNET = "opencode+qwen", "grok+grok-build", "claude-code+opus", "claude-code+sonnet"
ONE = UUID("00000000-0000-7000-8000-00000000d25d")
TWO = UUID("00000000-0000-7000-8000-00000000bc64")
THREE = UUID("00000000-0000-7000-8000-00000000e943")


class Ledger:
    """Facts in the order in which they are told."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, Fact]] = []
        workflow = read_workflow(stock.read("workflow", "dev"), "dev.toml")
        assert isinstance(workflow, Workflow)
        self.definition = workflow.to_json()
        self.say(e.WorkflowAdopted(key="dev", version=1, digest="d", definition=self.definition))
        for key, label in ((OPENCODE, "opencode"), (GROK, "grok"), (CLAUDE, "claude")):
            self.register(key, label)

    def register(self, key: str, label: str) -> None:
        self.say(e.FamilyRegistered(key=key, label=label, maker="m", cost_class=0, skills=()))

    def say(
        self,
        event: Event,
        task: UUID | None = None,
        family: str | None = None,
        subject: str | None = None,
        stream: str | None = None,
    ) -> None:
        number = len(self.entries) + 1
        fact = Fact(
            event=event,
            stream=stream or (f"task-{task}" if task else "ledger"),
            version=number,
            recorded_at=START + timedelta(seconds=number),
            actor="agent-1" if family else "human:local",
            family=family,
            subject_family=subject,
            task=task,
        )
        self.entries.append((number * 10, fact))

    def create(self, task: UUID, lane: str = "web/dev", workflow: str = "dev") -> None:
        event = e.TaskCreated(
            id=task,
            project="web",
            lane=lane,
            workflow=workflow,
            workflow_version=1,
            stage="proposed",
            title="t",
            payload={},
            priority=3,
            requires=(),
            skills=(),
            depends_on=(),
            epic=None,
            template=None,
        )
        self.say(event, task)

    def advance(self, task: UUID, origin: str, to: str, family: str, *artifacts: e.Artifact) -> None:
        event = e.TaskAdvanced(
            from_stage=origin,
            to_stage=to,
            terminal=to == "done",
            note=None,
            artifacts=artifacts,
            maker=None,
            digest=None,
            approved=False,
        )
        self.say(event, task, family)

    def ship(self, task: UUID, implemented: str, reviewed: str, integrated: str) -> None:
        self.create(task)
        self.advance(task, "implementing", "reviewing", implemented)
        self.advance(task, "reviewing", "integrating", reviewed)
        self.advance(task, "integrating", "validating", integrated)
        self.advance(task, "validating", "done", reviewed)

    def report(self, lane: str | None = "web/dev") -> Report:
        return fold(self.entries, lane)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_an_empty_ledger_says_none_everywhere() -> None:
    assert fold([]).text() == (
        "end-of-run report — all lanes\n"
        "shipped (0):\n  (none)\n"
        "cross-family review: n/a (no reviewed tasks)\n"
        "failed/blocked (0):\n  (none)\n"
        "escalations (0):\n  (none)\n"
        "recovered leases (0):\n  (none)\n"
        "activity by family:\n  (none)"
    )


def test_the_run_people_know(ledger: Ledger) -> None:
    ledger.ship(ONE, OPENCODE, GROK, GROK)
    ledger.ship(TWO, OPENCODE, CLAUDE, GROK)
    ledger.ship(THREE, OPENCODE, CLAUDE, GROK)
    assert ledger.report().text() == (
        "end-of-run report — lane web/dev\n"
        "shipped (3):\n"
        "- …d25d by family: implemented=opencode reviewed=grok integrated=grok\n"
        "- …bc64 by family: implemented=opencode reviewed=claude integrated=grok\n"
        "- …e943 by family: implemented=opencode reviewed=claude integrated=grok\n"
        "cross-family review: 3/3 shipped tasks reviewed by a different family than implemented\n"
        "failed/blocked (0):\n  (none)\n"
        "escalations (0):\n  (none)\n"
        "recovered leases (0):\n  (none)\n"
        "activity by family:\n"
        "- grok: 5 events\n"
        "- claude: 4 events\n"
        "- (human/system): 3 events\n"
        "- opencode: 3 events"
    )


def test_full_prints_families_by_key(ledger: Ledger) -> None:
    ledger.ship(ONE, OPENCODE, SONNET, GROK)
    text = ledger.report().text(full=True)
    assert "implemented=opencode+qwen reviewed=claude-code+sonnet integrated=grok+grok-build" in text
    assert "- claude-code+sonnet: 2 events" in text


def test_the_newest_move_counts(ledger: Ledger) -> None:
    ledger.create(ONE)
    ledger.advance(ONE, "implementing", "reviewing", OPENCODE)
    ledger.advance(ONE, "implementing", "reviewing", GROK)
    ledger.advance(ONE, "reviewing", "integrating", GROK)
    ledger.advance(ONE, "integrating", "validating", GROK)
    ledger.advance(ONE, "validating", "done", CLAUDE)
    shipped = ledger.report().shipped[0]
    assert (shipped.implemented, shipped.reviewed, shipped.integrated) == (GROK, GROK, GROK)
    assert "cross-family review: 0/1 shipped" in ledger.report().text()


def test_labels_do_not_decide_whether_families_differ(ledger: Ledger) -> None:
    ledger.register(SONNET, "claude")
    ledger.ship(ONE, CLAUDE, SONNET, GROK)
    text = ledger.report().text()
    assert "cross-family review: 1/1" in text
    assert "implemented=claude+opus reviewed=claude+sonnet integrated=grok" in text
    assert "- claude+sonnet: 2 events\n" in text


def test_what_went_wrong(ledger: Ledger) -> None:
    for task in (ONE, TWO, THREE):
        ledger.create(task)
    ledger.say(
        e.LeaseExpired(stage="implementing", fence=1, expired_at=START, attempts=1), ONE, family=GROK, subject=OPENCODE
    )
    escalated = e.TaskEscalated(stage="implementing", from_tier=1, to_tier=2, because="attempts", attempts=2)
    ledger.say(escalated, ONE, family=GROK)
    ledger.say(e.TaskBlocked(stage="implementing", reason="max attempts", cause="max_attempts", attempts=3), ONE)
    ledger.say(e.TaskBlocked(stage="proposed", reason="why?", cause="manual", attempts=0), TWO)
    ledger.say(e.TaskUnblocked(reason="because", waived=()), TWO)
    ledger.say(e.TaskCancelled(reason="not wanted"), THREE)
    text = ledger.report().text()
    assert "failed/blocked (2):\n- …d25d: max attempts\n- …e943: cancelled: not wanted\n" in text
    assert "escalations (1):\n- …d25d → tier:2\n" in text
    assert "recovered leases (1):\n- …d25d [implementing] opencode\n" in text


def test_another_lane_is_not_told(ledger: Ledger) -> None:
    ledger.create(ONE, lane="web/ops")
    ledger.say(e.NoteAdded(text="x"), ONE, family=GROK)
    assert ledger.report().activity == {}
    assert ledger.report(None).activity == {GROK: 1, "(human/system)": 1}


def test_heartbeats_are_no_activity(ledger: Ledger) -> None:
    ledger.create(ONE)
    beat = e.LeaseRenewed(stage="implementing", fence=1, lease_expires_at=START)
    ledger.say(beat, ONE, family=GROK, stream="lease-1")
    assert ledger.report().activity == {"(human/system)": 1}


def test_a_workflow_without_integration_prints_a_dash(ledger: Ledger) -> None:
    snippets = read_workflow(stock.read("workflow", "snippets"), "snippets.toml")
    assert isinstance(snippets, Workflow)
    ledger.say(e.WorkflowAdopted(key="snippets", version=1, digest="d", definition=snippets.to_json()))
    ledger.create(ONE, workflow="snippets")
    ledger.advance(ONE, "todo", "review", OPENCODE)
    ledger.advance(ONE, "review", "done", GROK)
    assert "- …d25d by family: implemented=opencode reviewed=grok integrated=—" in ledger.report().text()


def test_stages_of_the_stock_dev_workflow(ledger: Ledger) -> None:
    wanted = {"implemented": "implementing", "reviewed": "reviewing", "integrated": "integrating"}
    assert stages_of(ledger.definition) == wanted


def test_json_is_plain_and_counts_the_share(ledger: Ledger) -> None:
    ledger.create(ONE)
    pull = e.Artifact(type="pr", ref="https://example.org/1")
    ledger.advance(ONE, "validating", "done", GROK, pull)
    document = json.loads(json.dumps(ledger.report().to_json()))
    assert document["shipped"][0]["task"] == str(ONE)
    assert document["shipped"][0]["pr"] == "https://example.org/1"
    assert document["cross_family"] == {"different": 0, "reviewed": 0}
    assert document["position"] == ledger.entries[-1][0]


def test_what_agents_wrote_cannot_move_the_cursor(ledger: Ledger) -> None:
    ledger.create(ONE)
    ledger.say(e.TaskBlocked(stage="proposed", reason="\x1b[2Jgone\nfake: 1", cause="manual", attempts=0), ONE)
    assert "- …d25d: \\x1b[2Jgone\\nfake: 1\n" in ledger.report().text()
