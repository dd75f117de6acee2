"""What the demo is set up with: a git repository, a ledger of its own, the definitions, the tasks, the credentials."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ainarres import stock
from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.faults import Fault
from ainarres.swarm.repository import git
from ainarres.swarm.workspace import Workspaces
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from ainarres.verbs.envelope import Envelope

PROJECT, LANE = "demo", "demo/spans"
LEASES = {"30m": "15s", "1h": "15s", "2h": "4s"}
"""What the leases of the stock workflow become, so that a recovery is seen, not waited for."""
TIER = "tier:1"
"""What every task of the brief asks for."""


@dataclass(frozen=True, slots=True)
class Scenery:
    """A demo's folder, ready to be played in."""

    folder: Path
    url: str

    @property
    def repository(self) -> Path:
        """The checkout of the library."""
        return self.folder / "repository"

    @property
    def workspaces(self) -> Path:
        """Where attempts work."""
        return self.folder / "workspaces"

    @property
    def attempts(self) -> Workspaces:
        """The workspaces of all members."""
        return Workspaces(repository=self.repository, root=self.workspaces)

    @property
    def logs(self) -> Path:
        """One file an agent."""
        return self.folder / "logs"

    @property
    def home(self) -> Path:
        """The embedded server's home."""
        return self.folder / "home"


def build(folder: Path, correlation: UUID) -> Scenery:
    """Set a new folder up; ``correlation`` is the id of the brief that its tasks descend from.

    Raises InvalidInput for a folder that cannot be used, faults when git or the server break.
    """
    scenery = Scenery(folder, embedded.ensure(folder / "home"))
    scenery.logs.mkdir()
    (folder / "ainarres.toml").write_text(f'home = "home"\nlane = "{LANE}"\n', "utf-8")
    _plant(scenery.repository)
    migrate(embedded.owner_url(scenery.home))
    with connect(scenery.url) as connection:
        session = Session(connection)
        _adopt(session, scenery)
        for task in sample()["task"]:
            _post(session, task, correlation)
    return scenery


def sample() -> dict[str, Any]:
    """Return the library and the brief: ``files`` by path, and ``task`` tables."""
    return tomllib.loads(_text("sample.toml"))


def workflow() -> str:
    """Return the stock ``dev`` workflow with leases of seconds."""
    text = stock.read("workflow", "dev")
    return re.sub(r'^lease = "(\w+)"', lambda found: f'lease = "{LEASES[found[1]]}"', text, flags=re.MULTILINE)


def issue(session: Session, *, family: str, agent: str) -> str:
    """Issue a token for an agent and return it."""
    return str(_done(session.execute(c.IssueToken(family=family, agent=agent))).extra["token"])


def _plant(repository: Path) -> None:
    repository.mkdir()
    git(repository, "init", "--quiet", "--initial-branch=main")
    for name, text in sample()["files"].items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Begin the library", name="person")


def _adopt(session: Session, scenery: Scenery) -> None:
    project = (
        f'key = "{PROJECT}"\ntitle = "The demo"\nrepository = {json.dumps(str(scenery.repository))}\n\n'
        '[[lane]]\nkey = "spans"\nworkflow = "dev"\n'
    )
    _done(session.execute(c.OpenLedger()))
    for role in ("designer", "implementer", "reviewer", "integrator"):
        _done(session.execute(c.AdoptCard(role=role, text=stock.read("role", role))))
    _done(session.execute(c.AdoptWorkflow(text=workflow(), source="dev.toml")))
    _done(session.execute(c.AdoptProject(text=project, source="project.toml")))
    _done(session.execute(c.AdoptFamilies(text=_text("families.toml"), source="families.toml")))


def _post(session: Session, task: dict[str, Any], correlation: UUID) -> None:
    payload = {key: task[key] for key in ("goal", "module", "test", "validate", "acceptance")}
    _done(
        session.execute(
            c.Create(
                lane=LANE,
                title=task["title"],
                priority=task["priority"],
                payload=payload,
                requires=(TIER,),
                correlation=correlation,
            )
        )
    )


def _done(envelope: Envelope) -> Envelope:
    if not envelope.ok:
        raise Fault(f"the demo's set-up was refused: {envelope.code}: {envelope.reason}")
    return envelope


def _text(name: str) -> str:
    return (files("ainarres.swarm.demo") / name).read_text("utf-8")
