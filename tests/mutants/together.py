"""Guards over work done together: locks, order, one truth in the tables, one answer to a repeated command."""

from __future__ import annotations

from tests.mutants.mutant import LEDGER, PROJECTIONS, PROPERTY, TABLES, VERBS, WAYS, Mutant

TOGETHER = (
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
        "settings are the ledger's own",
        "database/connect.py",
        'filter(None, (limits, given.get("options"), pins))',
        'filter(None, (limits, given.get("options")))',
        "tests/integration/database/test_odd_settings.py::test_neither_the_database_nor_the_url_overrules_a_pin",
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
        "the board follows the ledger: renewals",
        WAYS,
        "SET lease_expires_at = b.lease_expires_at, renewals = b.renewals\n",
        "SET lease_expires_at = b.lease_expires_at\n",
        f"{PROPERTY}/test_machine.py::test_whatever_is_tried_the_ledger_stays_sound",
    ),
    Mutant(
        "scored claims pass by locked rows: SKIP LOCKED",
        "verbs/scoring.sql",
        "FOR UPDATE OF b SKIP LOCKED",
        "FOR UPDATE OF b",
        f"{VERBS}/test_scoring.py::test_a_scored_claim_passes_by_a_locked_row",
    ),
    Mutant(
        "a mark hides nothing from who would go away empty",
        WAYS,
        "ELSIF _marked AND EXISTS",
        "ELSIF false AND EXISTS",
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
)
