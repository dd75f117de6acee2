"""Switch each guard off and see that the one test which must notice does: ``make mutants``.

A mutant is a replacement in one file of the package, made in a copy of the tree, and the test that must kill it. Every
test first runs on an unchanged copy, where it must pass. A mutant is killed by a failed assertion (or by an exception
that was expected and did not come); an import error, a missing test or a broken fixture kills nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[1]
AT_ONCE = 2
LIMIT = 300
"""Seconds that one run may take."""
LEDGER, TABLES = "database/migrations/0001_ledger.sql", "database/migrations/0002_projections.sql"
WAYS = "database/migrations/0005_verbs.sql"
UNIT, VERBS, PROPERTY = "tests/unit/domain", "tests/integration/verbs", "tests/property"
PROJECTIONS = "tests/integration/projections"
_REASONS = re.compile(r"AssertionError|assert |Failed: ")

GOVERNANCE = "tests/integration/governance"


@dataclass(frozen=True)
class Mutant:
    """One guard switched off."""

    name: str
    file: str
    """Below ``src``."""
    old: str
    """Stands there exactly once."""
    new: str
    test: str
    """The one test that must kill it."""


MUTANTS = (
    Mutant(
        "an agent reads its own lanes",
        "reads/asking.py",
        """        if self.caller.may("monitor"):
            return None
""",
        """        if True:
            return None
""",
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
        "one task an agent: the unique index",
        TABLES,
        "CREATE UNIQUE INDEX board_holder_idx",
        "CREATE INDEX board_holder_idx",
        f"{VERBS}/test_races.py::test_an_agent_that_asks_twice_at_once_gets_one_task",
    ),
    Mutant(
        "claims pass by locked rows: SKIP LOCKED",
        WAYS,
        "FOR UPDATE SKIP LOCKED",
        "FOR UPDATE",
        f"{VERBS}/test_races.py::test_a_claimer_passes_by_a_locked_row",
    ),
    Mutant(
        "claims pass by locked rows: not NOWAIT either",
        WAYS,
        "FOR UPDATE SKIP LOCKED",
        "FOR UPDATE NOWAIT",
        f"{VERBS}/test_races.py::test_a_claimer_passes_by_a_locked_row",
    ),
    Mutant(
        "claims look deeper when all heads are locked",
        WAYS,
        "_depth := _depth * 8;",
        "RETURN NULL;",
        f"{VERBS}/test_races.py::test_a_claimer_passes_by_a_locked_row",
    ),
    Mutant(
        "claims pass by leases under recovery",
        "verbs/session.py",
        "recovered, last = True, error",
        "recovered, last = False, error",
        f"{VERBS}/test_races.py::test_a_claimer_passes_by_a_lease_that_ran_out_while_somebody_recovers_it",
    ),
    Mutant(
        "the fence",
        "domain/holding.py",
        "if fence is not None and fence != hold.fence:",
        "if fence is None and fence == hold.fence:",
        f"{UNIT}/test_holding.py::TestEveryHolderVerb::test_needs_the_fence_of_the_hold_where_one_is_given[said_advance]",
    ),
    Mutant(
        "operators hold nothing, whatever they are called",
        "domain/holding.py",
        'if hold.agent != me or context.caller.scope != "agent":',
        "if hold.agent != me:",
        f"{VERBS}/test_permissions.py::test_a_holder_s_other_credentials_do_not_hold",
    ),
    Mutant(
        "the end of a lease",
        "domain/holding.py",
        "if not hold.live(context.now):",
        "if not hold.live(hold.claimed_at):",
        f"{UNIT}/test_holding.py::TestEveryHolderVerb::test_needs_a_lease_that_still_runs[said_advance]",
    ),
    Mutant(
        "the end of a lease, to the moment",
        "domain/task.py",
        "return self.expires_at > now",
        "return self.expires_at >= now",
        f"{UNIT}/test_claiming.py::test_a_lease_that_ends_this_moment_is_over",
    ),
    Mutant(
        "features at a claim",
        "domain/eligibility.py",
        "return (*_feature_obstacles(route, context.caller.features, context.workflow), *family_obstacles(",
        "return tuple(family_obstacles(",
        f"{UNIT}/test_claiming.py::test_features_are_named_lane_first_then_the_tasks_own_then_the_nearest_way_out",
    ),
    Mutant(
        "features in the choice of routes",
        "domain/eligibility.py",
        "    if _feature_obstacles(route, caller.features, workflow):\n        return None\n",
        "",
        f"{UNIT}/test_claiming.py::test_a_route_is_open_exactly_to_those_whom_the_obstacles_let_through[off]",
    ),
    Mutant(
        "features of the task at an advance",
        "domain/moving.py",
        "if lacking := task.needs() - features:",
        "if lacking := task.needs() - features - task.needs():",
        f"{UNIT}/test_moving.py::test_a_withdrawn_grant_bites_at_the_move",
    ),
    Mutant(
        "features of the move at an advance",
        "domain/moving.py",
        "covered = [t for t in named if features.issuperset(t.requires)]",
        "covered = named",
        f"{UNIT}/test_moving.py::test_a_withdrawn_grant_bites_at_the_move",
    ),
    Mutant(
        "a hold keeps only what was suspended after it began",
        "domain/context.py",
        "if claimed_at < since}",
        "if claimed_at <= since}",
        f"{UNIT}/test_moving.py::test_a_suspension_younger_than_the_hold_does_not_bite_it",
    ),
    Mutant(
        "denials",
        "verbs/identity.py",
        "features=granted - denied.keys(),",
        "features=granted,",
        f"{VERBS}/test_races.py::test_a_revoked_feature_bites_at_the_next_call",
    ),
    Mutant(
        "the starter gate",
        "domain/creating.py",
        "if starts and not any(",
        "if not starts and not any(",
        f"{UNIT}/test_creating.py::test_the_preconditions_of_a_create_are_told_in_their_order",
    ),
    Mutant(
        "an agent never reviews its own work",
        "domain/eligibility.py",
        "    if same_agent(task, context.workflow, context.caller.actor):\n",
        "    if same_agent(task, context.workflow, ''):\n",
        f"{UNIT}/test_claiming.py::test_the_same_agent_never_reviews_its_own_work[False-agent-off]",
    ),
    Mutant(
        "the family rule at a claim",
        "domain/eligibility.py",
        "    if mine != route.author:\n",
        "    if route.author:\n",
        f"{UNIT}/test_claiming.py::test_a_requirement_does_not_wear_off_and_a_waiver_lifts_it_for_this_task",
    ),
    Mutant(
        "the family rule at a move",
        "domain/moving.py",
        "if found := family_obstacles(task, context):",
        "if (found := family_obstacles(task, context)) and found[0].cause == 'same_agent':",
        f"{UNIT}/test_moving.py::test_the_family_rule_holds_at_the_move_too",
    ),
    Mutant(
        "a stale approval",
        "domain/moving.py",
        "if move.requires_approval and digest is not None and digest != task.approved:",
        "if move.requires_approval and digest is None:",
        f"{UNIT}/test_moving.py::test_a_reject_voids_the_approval",
    ),
    Mutant(
        "escalation is tried before a block",
        "domain/parking.py",
        "if escalates and current + 1 in context.tiers:",
        "if escalates and not spent and current + 1 in context.tiers:",
        f"{UNIT}/test_attempts.py::test_past_the_cap_the_stage_it_returns_to_climbs_and_rework_starts_anew",
    ),
    Mutant(
        "five free releases, not more",
        "domain/parking.py",
        "task.infra_releases < INFRA_RELEASES",
        "task.infra_releases <= INFRA_RELEASES",
        f"{UNIT}/test_attempts.py::test_five_provider_failures_are_free_and_the_sixth_counts",
    ),
    Mutant(
        "a repeated command is answered, not done again",
        "verbs/unit.py",
        "            raise Repeated\n",
        "            self.command = None\n",
        f"{VERBS}/test_preconditions.py::test_a_repeated_command_answers_the_same_though_the_world_moved_on",
    ),
    Mutant(
        "a command's twin waits for the first",
        WAYS,
        "_lock := pg_advisory_xact_lock(1634299499, hashtext(begin.command::text));",
        "_lock := '';",
        f"{VERBS}/test_repeats.py::test_the_same_key_from_two_connections_at_once_appends_once",
    ),
    Mutant(
        "no wake-up is lost: prerequisites are locked",
        "projections/board.sql",
        "ORDER BY created_position FOR SHARE",
        "ORDER BY created_position",
        f"{VERBS}/test_races.py::test_no_wake_up_is_lost_between_a_creation_and_the_end_of_its_prerequisite",
    ),
    Mutant(
        "no circle of edges: amendments take turns",
        "verbs/tasks.py",
        'unit.start((SQL["lock_edges"], None))',
        "unit.start()",
        f"{VERBS}/test_preconditions.py::test_two_amendments_never_close_a_circle_between_them",
    ),
    Mutant(
        "a paused lane",
        "verbs/claiming.py",
        'if not row["paused"] and lane in (None, row["key"])',
        'if lane in (None, row["key"])',
        f"{VERBS}/test_races.py::test_the_pause_of_a_lane_stops_claims_and_lets_holders_finish",
    ),
    Mutant(
        "the board follows the ledger: renewals",
        WAYS,
        "SET lease_expires_at = b.lease_expires_at, renewals = b.renewals\n",
        "SET lease_expires_at = b.lease_expires_at\n",
        f"{PROPERTY}/test_machine.py::test_whatever_is_tried_the_ledger_stays_sound",
    ),
    Mutant(
        "the limit of work in progress",
        "verbs/claiming.py",
        '["live"]) >= most else None',
        '["live"]) > most else None',
        f"{PROPERTY}/test_claim_agrees.py::test_a_claim_takes_the_first_task_without_an_obstacle",
    ),
    Mutant(
        "a full project closes no lane with a limit of its own",
        "verbs/claiming.py",
        "limit[0] == full[0] and limit[1] <= full[1]",
        "limit[1] <= full[1]",
        f"{VERBS}/test_scoring.py::test_a_full_project_leaves_open_a_lane_with_a_limit_of_its_own",
    ),
    Mutant(
        "scored claims pass by locked rows: SKIP LOCKED",
        "verbs/scoring.sql",
        "FOR UPDATE OF b SKIP LOCKED",
        "FOR UPDATE OF b",
        f"{VERBS}/test_scoring.py::test_a_scored_claim_passes_by_a_locked_row",
    ),
    Mutant(
        "equal scores go by priority",
        "domain/scoring.py",
        "-pair[1].total, -pair[0].priority, pair[0].position",
        "-pair[1].total, pair[0].position",
        f"{UNIT}/test_scoring.py::test_better_comes_first_and_ties_go_by_priority_then_age",
    ),
    Mutant(
        "a mark hides nothing from who would go away empty",
        WAYS,
        "ELSIF _marked THEN",
        "ELSIF false THEN",
        f"{VERBS}/test_low_water.py::test_a_mark_hides_nothing_from_who_would_go_away_empty",
    ),
    Mutant(
        "the order of claims",
        WAYS,
        """                    ORDER BY -b.priority, b.created_position
                    LIMIT _depth""",
        """                    ORDER BY b.created_position
                    LIMIT _depth""",
        f"{PROPERTY}/test_claim_agrees.py::test_a_claim_takes_the_first_task_without_an_obstacle",
    ),
    Mutant(
        "a connection that is stuck is hung up",
        "verbs/session.py",
        "            self._hang_up()\n",
        "",
        f"{VERBS}/test_cut_connections.py::test_a_connection_that_a_broken_pipeline_left_stuck_is_hung_up",
    ),
    Mutant(
        "who folds reads the snapshot of who asks",
        "projections/shares.py",
        """(snapshot,) = connection.execute(SQL["export_snapshot"]).fetchone() or (None,)""",
        "snapshot = None",
        f"{PROJECTIONS}/test_shares.py::test_workers_see_the_snapshot_of_who_asks",
    ),
    Mutant(
        "a rebuild writes again what waits on a task that was finished meanwhile",
        "projections/rebuild.py",
        """touched |= {task for (task,) in self._connection.execute(self._sql["dependents"], asked)}""",
        "touched |= set()",
        f"{PROJECTIONS}/test_shares.py::test_a_rebuild_in_rounds_ends_in_the_same_tables",
    ),
    Mutant(
        "a look back folds anew what moved since",
        "projections/moments.sql",
        "AND (updated_position > %(position)s OR holder IS NOT NULL)",
        "AND holder IS NOT NULL",
        f"{PROPERTY}/test_looking_back.py::test_the_past_is_what_was_shown",
    ),
    Mutant(
        "the horizon waits for open appends",
        LEDGER,
        "    RETURN least(taken, promised);",
        "    RETURN taken;",
        "tests/integration/ledger/test_horizon.py::test_an_open_append_holds_the_horizon",
    ),
    Mutant(
        "an append promises before it takes a position",
        LEDGER,
        "    remembered := pg_advisory_xact_lock_shared((16718::bigint << 48) | promise)::text",
        "    remembered := ''",
        "tests/integration/ledger/test_horizon.py::test_an_open_append_holds_the_horizon",
    ),
    Mutant(
        "the ledger is append-only for its owner too",
        LEDGER,
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE",
        "CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE",
        "tests/integration/ledger/test_append_only.py::test_the_owner_is_stopped_too[DELETE FROM ledger.event]",
    ),
    Mutant(
        "one event a place in a stream",
        LEDGER,
        "CONSTRAINT event_stream_version UNIQUE (stream, version),",
        "",
        "tests/integration/ledger/test_append.py::test_two_writers_one_version",
    ),
    Mutant(
        "a verdict is a person's",
        "verbs/verdicts.py",
        'require(unit, "human", "a verdict")',
        'require(unit, "operator", "a verdict")',
        f"{GOVERNANCE}/test_boundary.py::test_only_a_person_gives_a_verdict",
    ),
    Mutant(
        "a judged epic takes no more tasks",
        "verbs/verdicts.py",
        "    if row is not None:\n        text =",
        "    if False and row is not None:\n        text =",
        f"{GOVERNANCE}/test_epics.py::test_a_judged_epic_takes_no_more_tasks",
    ),
    Mutant(
        "an auditor leaves its own family's flag alone",
        "verbs/governing.py",
        'row["family"] == unit.caller.family',
        'row["family"] == "nobody"',
        f"{GOVERNANCE}/test_boundary.py::test_an_auditor_does_not_resolve_the_flag_on_its_own_family",
    ),
    Mutant(
        "what a policy saw it says once",
        "projections/watch.py",
        '"incident": f"hold {hold.fence}"',
        '"incident": f"hold {world.now}"',
        f"{GOVERNANCE}/test_watching.py::test_a_silent_hold_is_flagged_once_however_often_the_job_runs",
    ),
    Mutant(
        "what cannot be read is not empty",
        "projections/governed.py",
        """        return [f"  could not be read: {printable(self.reason, 200)}"]""",
        "        return [NONE]",
        f"{GOVERNANCE}/test_first_governance.py::test_all_clear_is_not_claimed_on_views_that_cannot_be_read",
    ),
    Mutant(
        "any word names a commit",
        "domain/artifact.py",
        "return _COMMIT.fullmatch(sha) is not None",
        "return True",
        f"{UNIT}/test_moving.py::test_a_commit_that_no_repository_could_hold_passes_no_guard",
    ),
    Mutant(
        "any task is an epic",
        "domain/epic.py",
        "    if brief.workflow != BRIEFS:",
        "    if not brief:",
        f"{GOVERNANCE}/test_epics.py::test_what_is_no_accepted_brief_is_no_epic",
    ),
    Mutant(
        "a misspelt feature is revoked",
        "projections/declared.py",
        'if typed in known or kind_of(typed) == "tier":',
        "if known:",
        f"{GOVERNANCE}/test_names.py::test_a_misspelt_name_is_refused_with_the_nearest",
    ),
)


def main() -> int:
    """Run them all; 0 if every mutant is killed by its own test."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ainarres-mutants-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        sound = copy(Path(folder) / "sound")
        tests = sorted({mutant.test for mutant in MUTANTS})
        if found := run(sound, [*tests, f"-n{AT_ONCE}"]):
            say(f"the unchanged tree fails:\n{found}")
            return 1
        verdicts = list(pool.map(lambda n: judge(MUTANTS[n], sound, Path(folder) / str(n)), range(len(MUTANTS))))
    for mutant, verdict in zip(MUTANTS, verdicts, strict=True):
        say(
            f"{'killed  ' if verdict is None else 'SURVIVED'}  {mutant.name}"
            + (f"\n          {verdict}" if verdict else "")
        )
    survived = sum(verdict is not None for verdict in verdicts)
    say(f"{len(MUTANTS)} mutants, {survived} survived, {time.monotonic() - started:.0f} s")
    return 1 if survived else 0


def judge(mutant: Mutant, sound: Path, tree: Path) -> str | None:
    """Make the mutant from the sound copy, run its test; null when killed, else why not."""
    shutil.copytree(sound, tree)
    path = tree / "ainarres" / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        return f"src/{mutant.file} has {text.count(mutant.old)} places like {mutant.old!r}; adapt the table"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    found = run(tree, [mutant.test])
    shutil.rmtree(tree)
    if found is None:
        return f"{mutant.test} passes"
    return None if _REASONS.match(found) else f"{mutant.test} fails for another reason: {found.splitlines()[0][:200]}"


def copy(tree: Path) -> Path:
    """Lay the package out under its own name, with what its tests need."""
    shutil.copytree(ROOT / "src", tree / "ainarres", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tests", "workflows", "governance"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def run(tree: Path, tests: list[str]) -> str | None:
    """Run tests in a copy; null when they pass, else what the first one failed with."""
    report = tree / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AINARRES_HYPOTHESIS": "first",
    }
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {LIMIT} s"
    if done.returncode == 0:
        return None
    if done.returncode != 1 or not report.exists():
        return f"pytest ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
    cases = ET.parse(report).getroot().iter("testcase")
    outcomes = [(case.find("failure"), case.find("error")) for case in cases]
    failures = [failure.get("message", "") for failure, _ in outcomes if failure is not None]
    errors = [error.get("message", "") for _, error in outcomes if error is not None]
    return failures[0] if failures else f"error: {errors}"


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
