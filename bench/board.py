"""The board that races are run on: one lane, one step from open to done, and agents who may take it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.projections import rebuild
from ainarres.verbs.session import Session
from bench.multiply import multiply
from bench.population import Kind, Population

if TYPE_CHECKING:
    from bench.bed import Bed

FAMILY = "script+worker"
WORKFLOW = """
key = "race"
title = "One step"
lease = "1h"
[[stage]]
key = "open"
initial = true
[[stage]]
key = "done"
terminal = true
[[transition]]
from = "open"
to = "done"
requires = ["role:worker"]
"""
PROJECT = 'key = "web"\n[[lane]]\nkey = "dev"\nworkflow = "race"\n'
FAMILIES = f'[[family]]\nkey = "{FAMILY}"\nmaker = "none"\ncost_class = 0\ngrants = ["lane:web/dev", "role:worker"]\n'
FEW = 1000
"""Tasks that are appended one by one; the rest are copies of them."""


def set_up(bed: Bed, database: str, tasks: int, agents: int) -> list[str]:
    """Make a database with at least ``tasks`` open tasks, and return the tokens of ``agents`` agents."""
    bed.create(database)
    migrate(bed.url(database))
    with bed.owner(database) as owner:
        with connect(bed.url(database, "ainarres_app")) as connection:
            human = Session(connection)
            for command in (
                c.OpenLedger(),
                c.AdoptWorkflow(text=WORKFLOW, source="race.toml"),
                c.AdoptProject(text=PROJECT, source="project.toml"),
                c.AdoptFamilies(text=FAMILIES, source="families.toml"),
            ):
                envelope = human.execute(command)
                assert envelope.ok, envelope
            tokens = [human.execute(c.IssueToken(family=FAMILY), uuid4()).extra["token"] for _ in range(agents)]
            Population(connection, "web/dev", "race", "open").add(min(FEW, tasks), Kind(stage="open"))
        rebuild.rebuild(owner)
        if tasks > FEW:
            multiply(owner, -(-tasks // FEW) - 1)
        owner.execute("VACUUM ANALYZE")
    return tokens
