"""Guards over what is shown: to whom, of which lanes, and that it stays words."""

from __future__ import annotations

from tests.mutants.mutant import GOVERNANCE, PROJECTIONS, VERBS, Mutant

SHOWN = (
    Mutant(
        "an agent reads its own lanes",
        "domain/context.py",
        'return None if self.may("monitor") else self.lanes',
        "return None",
        "tests/api/test_remote.py::test_an_agent_of_two_lanes_names_one",
    ),
    Mutant(
        "what is of all lanes needs scope monitor",
        "reads/ask.py",
        "caller.may(read.scope) if read.scope else",
        "True if read.scope else",
        "tests/api/test_remote.py::test_an_agent_may_not_read_what_is_of_all_lanes",
    ),
    Mutant(
        "a form acts only with the mark of its token",
        "web/pages.py",
        'if not hmac.compare_digest(form.pop("csrf", ""), mark(token)) or',
        'if form.pop("csrf", "") is None or',
        "tests/api/test_pages.py::test_an_act_of_the_inbox",
    ),
    Mutant(
        "what an agent wrote is no markup",
        "web/markup.py",
        "    return escape(printable(str(part)))",
        "    return printable(str(part))",
        "tests/api/test_pages.py::test_every_text_is_escaped",
    ),
    Mutant(
        "a repeat shows lanes that were taken away",
        "verbs/replaying.py",
        "if task is not None and not unit.caller.sees(task.lane):",
        "if False:",
        f"{VERBS}/test_not_yours.py::test_a_repeat_tells_nothing_of_a_lane_that_was_taken_away",
    ),
    Mutant(
        "a neighbour elsewhere keeps its words",
        "projections/declared.py",
        'shown = sees(row["lane"])',
        "shown = True",
        f"{PROJECTIONS}/test_other_lanes.py::test_a_neighbour_elsewhere_is_an_id_and_whether_it_is_done",
    ),
    Mutant(
        "an account tells of acts on every lane",
        "projections/seat.py",
        '"lane": span.lane}',
        '"lane": None}',
        f"{PROJECTIONS}/test_other_lanes.py::test_nothing_said_on_another_lane_is_read",
    ),
    Mutant(
        "what cannot be read is not empty",
        "projections/governed.py",
        """        return [f"  could not be read: {printable(self.reason, 200)}"]""",
        "        return [NONE]",
        f"{GOVERNANCE}/test_first_governance.py::test_all_clear_is_not_claimed_on_views_that_cannot_be_read",
    ),
)
