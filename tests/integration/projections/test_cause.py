"""A check names the event that a difference goes back to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ainarres.cli.main import main
from ainarres.database.connect import connect
from ainarres.projections import rebuild

if TYPE_CHECKING:
    from tests.database import Database
    from tests.integration.projections.story import Story


@pytest.mark.parametrize(
    ("meddle", "kind"),
    [
        ("UPDATE projection.board SET blocked = false, blocked_reason = NULL WHERE task = %(t3)s", "TaskBlocked"),
        ("UPDATE projection.board SET title = 'another' WHERE task = %(t1)s", "TaskCreated"),
        ("UPDATE projection.board SET stage = 'implementing', terminal = false WHERE task = %(t1)s", "TaskAdvanced"),
        ("UPDATE projection.board SET rework = 7 WHERE task = %(t1)s", "TaskRejected"),
        ("DELETE FROM projection.board WHERE task = %(t2)s", "TaskCreated"),
        ("DELETE FROM projection.feature WHERE family = 'opencode+qwen'", "FeatureGranted"),
        ("UPDATE projection.credential SET scope = 'operator' WHERE agent IS NOT NULL", "CredentialIssued"),
    ],
)
def test_the_event_behind_a_difference(
    story: Story, database: Database, capsys: pytest.CaptureFixture[str], meddle: str, kind: str
) -> None:
    with connect(database.owner_url) as owner:
        owner.execute(meddle, {name: getattr(story, name) for name in ("t1", "t2", "t3")})
        found = rebuild.check(owner).difference
        assert found is not None
        assert found.cause is not None
        row = owner.execute("SELECT type FROM ledger.event WHERE position = %s", [found.cause.position]).fetchone()
        assert (found.cause.type, row) == (kind, (kind,))
    assert main(["rebuild", "--check", "--json", "--url", database.url]) == 1
    told = json.loads(capsys.readouterr().out)["difference"]
    assert told["event"] == {"position": found.cause.position, "type": kind}
    assert main(["verify", "--url", database.url]) == 1
    assert f"it goes back to {kind} at position {found.cause.position}" in capsys.readouterr().out
    with connect(database.owner_url, idle_seconds=0, statement_seconds=0) as owner:
        rebuild.rebuild(owner)
