"""A small world for tests: an opened ledger with a project, families and tokens, and sessions that act in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ainarres import stock
from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.projections import rebuild
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from uuid import UUID

    import psycopg

    from ainarres.verbs.envelope import Envelope
    from tests.database import Database

PROJECT = """
key = "web"
[[lane]]
key = "dev"
workflow = "dev"
"""

WORKFLOW = """
key = "dev"
title = "Design, implement, review, integrate"
lease = "30s"
max_attempts = 3
max_rework = 2

[[stage]]
key = "proposed"
initial = true

[[stage]]
key = "implementing"
lease = "60s"
escalate_after = 2

[[stage]]
key = "reviewing"

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
to = "done"
requires = ["role:reviewer"]
reviews = "implementing"
distinct = "maker"
rule = "require"

[[transition]]
from = "reviewing"
to = "implementing"
kind = "reject"
requires = ["role:reviewer"]
fault = "implementing"
"""

FAMILIES = """
[[family]]
key = "claude-code+opus"
maker = "anthropic"
cost_class = 3
grants = ["lane:web/dev", "role:designer"]

[[family]]
key = "opencode+qwen"
maker = "alibaba"
cost_class = 0
grants = ["lane:web/dev", "role:implementer"]

[[family]]
key = "grok+grok-build"
maker = "xai"
cost_class = 2
grants = ["lane:web/dev", "role:implementer", "role:reviewer", "tier:2"]

[[family]]
key = "claude-code+sonnet"
maker = "anthropic"
cost_class = 2
grants = ["lane:web/dev", "role:reviewer"]
"""

INTAKE = """
key = "intake"
title = "Accept a brief"
lease = "30s"
max_attempts = 3
max_rework = 2

[[stage]]
key = "briefed"
initial = true

[[stage]]
key = "accepted"
terminal = true

[[transition]]
from = "briefed"
to = "accepted"
requires = ["role:intaker"]
"""
DESK_LANE = """
key = "web"
[[lane]]
key = "intake"
workflow = "intake"
"""
DESK = """
[[family]]
key = "desk+clerk"
maker = "us"
cost_class = 0
grants = ["lane:web/intake", "role:intaker"]
"""

DESIGNER, CHEAP, FRONTIER, REVIEWER = "claude-code+opus", "opencode+qwen", "grok+grok-build", "claude-code+sonnet"


class Scene:
    """A ledger with people and agents in it."""

    def __init__(self, database: Database, *, workflow: str = WORKFLOW, families: str = FAMILIES) -> None:
        self.url = database.url
        self.owner_url, self.admin_url = database.owner_url, database.admin_url
        self._connections: list[Any] = []
        self._intake = False
        self.human = self.session()
        self.ok(self.human, c.OpenLedger())
        self.ok(self.human, c.AdoptWorkflow(text=workflow, source="dev.toml"))
        self.ok(self.human, c.AdoptProject(text=PROJECT, source="project.toml"))
        self.ok(self.human, c.AdoptFamilies(text=families, source="families.toml"))

    def cards(self) -> None:
        """Publish the stock role cards, which stock workflows name."""
        for role in stock.names("role"):
            self.ok(self.human, c.AdoptCard(role=role, text=stock.read("role", role)))

    def session(self, token: str | None = None) -> Session:
        """Open a session on a connection of its own."""
        connection = connect(self.url)
        self._connections.append(connection)
        return Session(connection, token)

    def owner(self) -> psycopg.Connection[Any]:
        """Open a connection of the tables' owner, without limits of time; who asks closes it."""
        return connect(self.owner_url, idle_seconds=0, statement_seconds=0)

    def token(self, family: str | None, name: str | None = None, **more: Any) -> str:
        """Issue a token."""
        issued = self.ok(self.human, c.IssueToken(family=family, agent=name, **more))
        token = issued.extra["token"]
        assert isinstance(token, str)
        return token

    def agent(self, family: str, name: str | None = None) -> Session:
        """Return a session of a new agent of ``family``."""
        return self.session(self.token(family, name))

    def ok(self, session: Session, command: c.Command, key: UUID | None = None) -> Envelope:
        """Execute and insist that it worked."""
        envelope = session.execute(command, key or uuid4())
        assert envelope.ok, envelope
        return envelope

    def task(self, title: str = "a task", **more: Any) -> str:
        """Create a task as a person and return its id."""
        return self.id(self.ok(self.human, c.Create(lane="web/dev", title=title, **more)))

    def id(self, envelope: Envelope) -> str:
        """Return the id of an envelope's task."""
        assert envelope.task is not None, envelope
        return str(envelope.task["id"])

    def brief(self, title: str = "a brief", **more: Any) -> str:
        """Post a brief, accept it, and return its id: the epic's."""
        brief = self.asked(title, **more)
        clerk = self.agent("desk+clerk")
        self.ok(clerk, c.Claim(task=brief))
        self.ok(clerk, c.Advance(task=brief))
        return brief

    def asked(self, title: str = "a brief", **more: Any) -> str:
        """Post a brief that nobody has accepted and return its id."""
        if not self._intake:
            self.ok(self.human, c.AdoptWorkflow(text=INTAKE, source="intake.toml"))
            self.ok(self.human, c.AdoptProject(text=DESK_LANE, source="project.toml"))
            self.ok(self.human, c.AdoptFamilies(text=DESK, source="desk.toml"))
            self._intake = True
        return self.id(self.ok(self.human, c.Create(lane="web/intake", title=title, **more)))

    def implementable(self, title: str = "a task", **more: Any) -> str:
        """Create a task and bring it to implementing."""
        task = self.task(title, **more)
        designer = self.agent(DESIGNER)
        self.ok(designer, c.Claim(task=task))
        self.ok(designer, c.Advance(task=task))
        return task

    def check(self) -> rebuild.Checked:
        """Insist that the tables are what the ledger gives."""
        with connect(self.url) as connection:
            checked = rebuild.check(connection)
        assert checked.difference is None, checked.difference
        return checked

    def close(self) -> None:
        """Check, then close every connection."""
        try:
            self.check()
        finally:
            for connection in self._connections:
                connection.close()
