"""What a look back shows is what the tables showed then, whatever was tried before and since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from tests.property.profile import trying
from tests.property.world import PLANS, SEEDS, Plan, World, action_of, wipe

from ainarres.database.connect import connect
from ainarres.ledger import store
from ainarres.projections import moments

if TYPE_CHECKING:
    import psycopg
    from tests.database import Clock, Database

CI = trying(12)
OF_VERBS = ("agent",)
"""What verbs under way ask for; nobody looks back at it."""
ENOUGH = 60


def shown(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Return every row of every table, as text."""
    return {
        name: sorted(row[0] for row in connection.execute(f"SELECT t::text FROM projection.{name} AS t"))
        for name in names(connection)
    }


def names(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the tables."""
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'projection' ORDER BY 1")
    return [name for (name,) in found if name not in OF_VERBS]


def test_the_past_is_what_was_shown(database: Database, clock: Clock) -> None:
    counted = {"moments": 0}
    with connect(database.url) as connection:

        @CI
        @given(plan=PLANS, seeds=st.lists(SEEDS, min_size=20, max_size=45))
        def agree(plan: Plan, seeds: list[int]) -> None:
            wipe(database)
            world, path, then = World(connection, clock, plan), 0, dict[int, dict[str, list[str]]]()
            for step, seed in enumerate(seeds):
                path = hash((path, seed))
                world.act(action_of(path))
                if step % 4 == 0:
                    then[store.horizon(connection)] = shown(connection)
            for position, tables in then.items():
                tables.pop("route", None)  # a route says nothing of when; that none is missing follows from the board's
                with moments.at(connection, moments.resolve(connection, str(position))):
                    lost = connection.execute(
                        "SELECT count(*) FROM projection.board b"
                        " WHERE NOT EXISTS (SELECT FROM projection.route r WHERE r.id = b.route)"
                    )
                    assert lost.fetchone() == (0,)
                    for name, rows in tables.items():
                        found = connection.execute(f"SELECT t::text FROM projection.{name} AS t")
                        assert sorted(row[0] for row in found) == rows, (position, name)
                counted["moments"] += 1

        agree()
    assert counted["moments"] >= ENOUGH, counted
