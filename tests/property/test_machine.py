"""Random verbs by random callers on random workflows: whatever is tried, the ledger stays sound and the tables follow.

CI runs the same examples every time; ``AINARRES_HYPOTHESIS=soak`` draws new ones, many more; ``first`` reports the
first failure as it is, unshrunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import note
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.property.audit import Audit
from tests.property.profile import SOAK, trying
from tests.property.world import PLANS, SEEDS, Plan, World, action_of, wipe

from ainarres.database.connect import connect
from ainarres.projections import rebuild
from ainarres.verbs.envelope import CODES

if TYPE_CHECKING:
    from tests.database import Clock, Database

CI = trying(2000, steps=60) if SOAK else trying(80)
ENOUGH = 2000


def test_whatever_is_tried_the_ledger_stays_sound(database: Database, clock: Clock) -> None:
    counted = {"steps": 0, "events": 0}
    with connect(database.url) as connection:

        class Machine(RuleBasedStateMachine):
            world: World
            audit: Audit
            path: int
            """Of all that was drawn so far: the library likes to draw the same steps again, and they shall differ."""

            @initialize(plan=PLANS)
            def begin(self, plan: Plan) -> None:
                wipe(database)
                self.world = World(connection, clock, plan)
                self.audit = Audit(connection)
                self.path = 0

            @rule(seed=SEEDS)
            def act(self, seed: int) -> None:
                self.path = hash((self.path, seed))
                action = action_of(self.path)
                note(f"{self.world.steps}: {action}")
                envelope = self.world.act(action)
                assert envelope is None or envelope.code in CODES
                assert envelope is None or envelope.code != "fault"

            @invariant()
            def sound(self) -> None:
                if hasattr(self, "audit"):
                    self.audit.look()

            def teardown(self) -> None:
                if hasattr(self, "audit"):
                    checked = rebuild.check(connection)
                    assert checked.difference is None, checked.difference
                    counted["steps"] += self.world.steps
                    counted["events"] += self.audit.events

        run: Any = run_state_machine_as_test
        run(Machine, settings=CI)
    assert counted["steps"] >= ENOUGH, counted
