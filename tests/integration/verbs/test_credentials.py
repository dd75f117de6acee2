"""Credentials: they live as long as their holder works, and their secret is kept nowhere."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.verbs.crowd import events
from tests.scene import CHEAP, DESIGNER, WORKFLOW

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.faults import LedgerUnavailable

if TYPE_CHECKING:
    from tests.database import Clock
    from tests.scene import Scene

    from ainarres.domain.context import Scope
    from ainarres.verbs.envelope import Envelope


def event_type(envelope: Envelope) -> str:
    assert envelope.event is not None
    return str(envelope.event["type"])


def ends(scene: Scene, token_of: str) -> datetime:
    row = scene.human.connection.execute(
        "SELECT expires_at FROM projection.credential WHERE agent = %s", [token_of]
    ).fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def test_a_holder_s_credential_outlives_its_lease_up_to_a_day(scene: Scene, clock: Clock) -> None:
    workflow = WORKFLOW.replace('lease = "30s"', 'lease = "3h"')
    scene.ok(scene.human, c.AdoptWorkflow(text=workflow, source="w"))
    task = scene.task()
    clock.set(start := clock.now())
    agent = scene.session(scene.token(DESIGNER, "ada"))
    claimed = scene.ok(agent, c.Next())
    assert event_type(claimed) == "TaskClaimed"
    assert ends(scene, "ada") == start + timedelta(hours=3, minutes=10)
    scene.ok(agent, c.Progress(task=task, note="at once"))
    assert len(events(scene.human.connection, "CredentialExtended")) == 1
    for hours in range(2, 24, 2):
        clock.set(start + timedelta(hours=hours))
        assert event_type(scene.ok(agent, c.Heartbeat(task=task))) == "LeaseRenewed"
    assert ends(scene, "ada") == start + timedelta(hours=24)
    told = [event.body["expires_at"] for event in events(scene.human.connection, "CredentialExtended")]
    assert len(told) == len(set(told)) == 12
    clock.set(start + timedelta(hours=24))
    late = agent.execute(c.Heartbeat(task=task))
    assert (late.code, late.exit_status) == ("expired", 5)


def test_done_with_the_next_task_shows_the_claim_beside_an_extension(scene: Scene) -> None:
    workflow = WORKFLOW.replace('lease = "30s"', 'lease = "3h"')
    scene.ok(scene.human, c.AdoptWorkflow(text=workflow, source="w"))
    scene.task()
    scene.task()
    agent = scene.session(scene.token(DESIGNER, life="1h"))
    scene.ok(agent, c.Claim())
    assert event_type(scene.ok(agent, c.Done(claim_next=True))) == "TaskClaimed"


def test_a_poll_does_not_make_a_credential_live_longer(scene: Scene, clock: Clock) -> None:
    agent = scene.session(scene.token(CHEAP, "ada", life="1m"))
    before = ends(scene, "ada")
    clock.advance(30)
    agent.execute(c.Claim())
    assert ends(scene, "ada") == before


def test_no_token_is_kept_in_the_ledger_or_in_its_tables(scene: Scene) -> None:
    tokens = [scene.token(DESIGNER, "ada"), scene.token(None, "bob", scope="human")]
    task = scene.task()
    for token in tokens:
        session = scene.session(token)
        session.execute(c.Claim(task=task))
        session.execute(c.Stop(reason="rest"))
        session.execute(c.IssueToken(family=CHEAP, agent="eve"))
    for table in ("ledger.event", "projection.credential", "projection.agent", "projection.board"):
        for row in scene.human.connection.execute(f"SELECT t::text FROM {table} AS t").fetchall():
            assert not any(token in row[0] or token[4:47] in row[0] for token in tokens)


def test_no_token_is_told_in_a_fault(scene: Scene) -> None:
    token = scene.token(DESIGNER, "ada")
    session = scene.session(token)
    session.connection.close()
    with pytest.raises(LedgerUnavailable) as caught:
        session.execute(c.Claim())
    assert token not in "".join(traceback.format_exception(caught.value))
    assert token not in repr(session)


def test_a_token_lives_a_day_at_most_and_for_a_known_family(scene: Scene) -> None:
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"family": CHEAP, "life": "25h"}, "invalid", "life"),
        ({"family": "no+body"}, "not_found", "family"),
        ({}, "invalid", "family"),
        ({"family": CHEAP, "agent": "human:local"}, "invalid", "agent"),
        ({"family": CHEAP, "narrowing": ("role:king",)}, "not_found", "narrowing"),
    ]
    for more, code, field in wrong:
        refused = scene.human.execute(c.IssueToken(**more))
        assert (refused.code, refused.extra["field"]) == (code, field)


def test_a_revoked_holder_loses_the_verb_but_the_lease_runs_out_by_itself(scene: Scene, clock: Clock) -> None:
    issued = scene.ok(scene.human, c.IssueToken(family=DESIGNER, agent="ada"))
    task, agent = scene.task(), scene.session(issued.extra["token"])
    scene.ok(agent, c.Claim())
    scene.ok(scene.human, c.RevokeToken(credential=issued.extra["credential"], reason="lost"))
    assert agent.execute(c.Advance(task=task)).code == "unauthenticated"
    clock.advance(31)
    assert scene.id(scene.ok(scene.agent(DESIGNER), c.Claim())) == task


def test_an_unknown_credential_is_not_found(scene: Scene) -> None:
    for verb in (c.RevokeToken(credential="x", reason="n"), c.NarrowToken(credential="x", narrowing=())):
        assert scene.human.execute(verb).code == "not_found"


def test_times_are_the_ledger_s_not_the_client_s(scene: Scene, clock: Clock) -> None:
    clock.set(datetime(2031, 5, 1, tzinfo=UTC))
    issued = scene.ok(scene.human, c.IssueToken(family=DESIGNER, life="1h"))
    assert issued.to_json()["expires_at"] == "2031-05-01T01:00:00.000000Z"
    with connect(scene.url) as other:
        other.execute("SET TIME ZONE 'Asia/Tokyo'")
        assert ends(scene, issued.extra["agent"]) == datetime(2031, 5, 1, 1, tzinfo=UTC)


def test_an_agents_name_belongs_to_one_family(scene: Scene) -> None:
    scene.token(CHEAP, "ann")
    scene.token(CHEAP, "ann")
    refused = scene.human.execute(c.IssueToken(family=DESIGNER, agent="ann"))
    assert (refused.code, refused.extra["field"]) == ("invalid", "agent")


@pytest.mark.parametrize("scope", ["meter", "monitor", "operator", "human"])
def test_only_what_goes_by_features_is_narrowed(scene: Scene, scope: Scope) -> None:
    refused = scene.human.execute(c.IssueToken(scope=scope, narrowing=("role:designer",)))
    assert (refused.code, refused.extra["field"]) == ("invalid", "narrowing")
    assert "scope agent" in (refused.reason or "")
    issued = scene.ok(scene.human, c.IssueToken(scope=scope))
    owner = scene.session(issued.extra["token"])
    narrow = c.NarrowToken(credential=issued.extra["credential"], narrowing=())
    assert [one.execute(narrow).code for one in (scene.human, owner)] == ["invalid", "invalid"]
    assert not events(scene.human.connection, "CredentialNarrowed")


def test_who_may_not_narrow_is_told_that_first(scene: Scene) -> None:
    issued = scene.ok(scene.human, c.IssueToken(scope="human"))
    narrow = c.NarrowToken(credential=issued.extra["credential"], narrowing=())
    assert scene.agent(CHEAP).execute(narrow).code == "not_eligible"
