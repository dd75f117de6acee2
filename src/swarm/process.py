"""An agent's process, from its settings to its exit status: what ``ainarres agent run`` starts.

    python -m ainarres.swarm.process --lane demo/spans --repository R --workspaces W -- PROGRAM…

The token comes from the environment or its file, like all settings, and is handed to the harness in its environment; so
is the address of the ledger, so that the ``ainarres`` command works in there.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg.rows import dict_row

from ainarres.database import embedded
from ainarres.database import settings as settings_
from ainarres.database.connect import connect
from ainarres.domain.commands import IssueToken
from ainarres.faults import AinarresError, InvalidInput, LedgerUnavailable
from ainarres.projections.outlook import remaining
from ainarres.swarm import agent
from ainarres.swarm.halt import Halt
from ainarres.swarm.meter import Meter
from ainarres.swarm.script import Script
from ainarres.swarm.workspace import Workspaces
from ainarres.verbs.definitions import SQL
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ainarres.database.settings import Settings
    from ainarres.projections.outlook import Outlook
    from ainarres.swarm.adapter import Adapter
    from ainarres.swarm.line import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How an agent reaches the ledger."""

    speaker: Callable[[], AbstractContextManager[Speaker]]
    outlook: Callable[[], Outlook]
    environment: Mapping[str, str]
    """What the program that works is told: a token, and an address."""
    meter: Meter | None = None


def start(
    settings: Settings,
    *,
    adapter: Adapter,
    workspaces: Workspaces,
    lanes: Sequence[str] = (),
    family: str | None = None,
    roles: Sequence[str] = (),
    until: Literal["drained", "standing"] = "drained",
    limits: agent.Limits = agent.Limits(),  # noqa: B008 - frozen
    poll: float = 1.0,
    tell: Callable[[str], None] | None = None,
    reach: Reach | None = None,
) -> int:
    """Be an agent until the work is drained, or for ever; return the exit status (see ``ainarres.swarm.agent``).

    ``reach`` leads to the ledger; without one the settings' database does. There, without a token in ``settings``, one
    is issued for ``family``, narrowed to ``roles`` if any are named, which only who holds the database's address can.
    Takes INT and TERM over; call it in the main thread. Raises InvalidInput and faults.
    """
    tell = tell or _tell
    with Halt() as halt, ExitStack() as stack:
        found = reach or stack.enter_context(_straight(settings, lanes, family, roles))
        halt.on_signals()
        ending = agent.run(
            found.speaker,
            adapter=adapter,
            workspaces=workspaces,
            lanes=lanes,
            until=until,
            outlook=found.outlook,
            limits=limits,
            poll=poll,
            environment=found.environment,
            tell=tell,
            halt=halt,
            meter=found.meter,
        )
    tell(ending.name.lower())
    return ending.value


@contextmanager
def _straight(settings: Settings, lanes: Sequence[str], family: str | None, roles: Sequence[str]) -> Iterator[Reach]:
    """Reach the database itself, until the block ends."""
    url = settings.url or embedded.ensure(settings.home)
    token = settings.token or _issue(url, family, roles)

    @contextmanager
    def speaker() -> Iterator[Speaker]:
        with connect(url, application_name="ainarres agent") as connection:
            yield Session(connection, token)

    environment = {"AINARRES_TOKEN": token, "AINARRES_URL": url}
    with _watch(url, lanes) as outlook:
        yield Reach(speaker=speaker, outlook=outlook, environment=environment, meter=_meter(url, settings))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program; return the exit status."""
    parser = argparse.ArgumentParser(description="Run one agent with the script adapter.")
    parser.add_argument("--lane", action="append", default=[], metavar="PROJECT/LANE")
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--workspaces", type=Path, required=True, help="folder for worktrees, outside the repository")
    parser.add_argument("--poll", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--limit", type=float, default=3600.0, metavar="SECONDS", help="for one run of the program")
    parser.add_argument("program", nargs="+")
    chosen = parser.parse_args(arguments)
    try:
        return start(
            settings_.load({}, os.environ, Path.cwd()),
            adapter=Script(chosen.program),
            workspaces=Workspaces(repository=chosen.repository.absolute(), root=chosen.workspaces.absolute()),
            lanes=chosen.lane,
            limits=agent.Limits(attempt=chosen.limit),
            poll=chosen.poll,
        )
    except AinarresError as error:
        _tell(f"error: {error}")
        return error.exit_status


def _issue(url: str, family: str | None, roles: Sequence[str]) -> str:
    if family is None:
        raise InvalidInput("family", "an agent needs a token or a family", "set AINARRES_TOKEN, or name it: --family F")
    with connect(url) as connection:
        narrowing = _narrowing(connection, family, roles) if roles else None
        issued = Session(connection).execute(IssueToken(family=family, narrowing=narrowing))
    if not issued.ok:
        raise InvalidInput("family", str(issued.reason))
    return str(issued.extra["token"])


def _meter(url: str, settings: Settings) -> Meter | None:
    """Return a meter with the token given for it, or with one issued where the agent's own was issued here as well."""
    if token := os.environ.get("AINARRES_METER_TOKEN"):
        return Meter(url, token)
    if settings.token is not None:
        return None
    with connect(url) as connection:
        issued = Session(connection).execute(IssueToken(scope="meter", life="24h"))
    return Meter(url, str(issued.extra["token"])) if issued.ok else None


def _narrowing(connection: psycopg.Connection[Any], family: str, roles: Sequence[str]) -> tuple[str, ...]:
    """Return all that the family is granted, but of roles only those named."""
    row = connection.cursor(row_factory=dict_row).execute(SQL["family"], {"key": family}).fetchone()
    grants = set(row["grants"]) if row is not None else set()
    wanted = {f"role:{role.removeprefix('role:')}" for role in roles}
    if row is not None and (lacking := wanted - grants):
        named = ", ".join(sorted(lacking))
        raise InvalidInput("roles", f"{family} is not granted {named}", "name roles that it is granted")
    return tuple(sorted(grants - {grant for grant in grants if grant.startswith("role:")} | wanted))


@contextmanager
def _watch(url: str, lanes: Sequence[str]) -> Iterator[Callable[[], Outlook]]:
    """Offer a question about what is left, over one connection that is opened again when it breaks."""
    held: list[psycopg.Connection[tuple[object, ...]]] = []

    def outlook() -> Outlook:
        try:
            if not held:
                held.append(connect(url, application_name="ainarres agent"))
            return remaining(held[0], lanes)
        except psycopg.Error as error:
            if held:
                held.pop().close()
            raise LedgerUnavailable(f"the ledger went away: {error}") from error

    try:
        yield outlook
    finally:
        for connection in held:
            connection.close()


def _tell(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S.%f}"[:-3], line, file=sys.stderr, flush=True)  # noqa: T201 - the process's log


if __name__ == "__main__":
    sys.exit(main())
