"""What an administrator sets on a database or a role for others' sake: every verb and every read work all the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from psycopg import sql
from tests.api.served import Served
from tests.integration.verbs.test_permissions import HOLDERS, MAY, SCOPES
from tests.scene import DESIGNER, FRONTIER, Scene

from ainarres.cli.main import main
from ainarres.database.connect import PINNED, connect, pool
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.domain.refusal import Refusal
from ainarres.reads.ask import READS, ask
from ainarres.verbs.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Database

ODD = {
    "array_nulls": "off",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "<+0530>-5:30",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "extra_float_digits": "-15",
    "search_path": "odd, pg_catalog",
    "transform_null_equals": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "lc_messages": "C",
    "client_min_messages": "error",
    "client_encoding": "LATIN1",
    "quote_all_identifiers": "on",
    "xmlbinary": "hex",
    "statement_timeout": "1",
    "idle_in_transaction_session_timeout": "1",
}
SHADOWS = """
CREATE SCHEMA odd;
GRANT USAGE ON SCHEMA odd TO public;
CREATE FUNCTION odd.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2001-01-01'::timestamptz $$;
CREATE FUNCTION odd.count(anyelement) RETURNS bigint LANGUAGE sql AS $$ SELECT 4711::bigint $$;
CREATE FUNCTION odd.jsonb_array_length(jsonb) RETURNS integer LANGUAGE sql AS $$ SELECT 4711 $$;
CREATE FUNCTION odd.unnest(uuid[]) RETURNS SETOF uuid LANGUAGE sql AS $$ SELECT gen_random_uuid() $$;
CREATE FUNCTION odd.pg_advisory_xact_lock(integer, integer) RETURNS void LANGUAGE sql AS $$ SELECT 1 / 0 $$;
"""


def odd(database: Database, **settings: str) -> None:
    """Set everything on the database, as its administrator."""
    with connect(database.admin_url) as administrator:
        administrator.execute("SET default_transaction_read_only = off")
        for name, value in settings.items():
            statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
            value_of = sql.SQL(value) if name in ("search_path", "DateStyle") else sql.Literal(value)
            administrator.execute(
                statement.format(sql.Identifier(database.name), sql.Identifier(name.lower()), value_of)
            )


@pytest.fixture
def strange(database: Database) -> Iterator[Scene]:
    """The small world in a database whose every setting is unusual."""
    with connect(database.admin_url) as administrator:
        administrator.execute(SHADOWS.encode())
    odd(database, **ODD)
    made = Scene(database)
    yield made
    made.close()


def test_neither_the_database_nor_the_url_overrules_a_pin(database: Database) -> None:
    odd(database, **ODD)
    for url in (database.url, f"{database.url} options='-c search_path=odd -c array_nulls=off'"):
        with connect(url) as connection, pool(url, 1) as lent, lent.connection() as other:
            for name, value in PINNED.items():
                for one in (connection, other):
                    found = one.execute("SELECT current_setting(%s)", [name]).fetchone()
                    assert found is not None
                    assert found[0].replace(", ", ",") == value, name


def test_every_verb_works_whatever_the_database_prefers(strange: Scene) -> None:
    sessions = {scope: strange.session(strange.token(DESIGNER, scope, scope=scope)) for scope in SCOPES}
    for name, may, prepare, verb in MAY:
        if not may:
            continue
        session, key, command = sessions[min(may)], uuid4(), verb(prepare(strange))
        answer, again = (session.execute(command, key) for _ in range(2))
        assert answer.ok, (name, answer)
        assert (again.code, again.position) == (answer.code, answer.position), (name, again)
        if name in ("claim", "next"):
            strange.ok(session, c.Release(task=strange.id(answer), reason="n", cause="infra"))


def test_every_verb_of_a_holder_works(strange: Scene) -> None:
    agent = strange.agent(DESIGNER)
    for command in HOLDERS:
        task = strange.task("Café \\ ' \" {NULL} 大", payload={"odd": "a\\b'c", "number": 0.1234567890123456})
        taken = strange.ok(agent, c.Next(task=task)).to_json()["task"]
        assert (taken["title"], taken["payload"]["number"]) == ("Café \\ ' \" {NULL} 大", 0.1234567890123456)
        said = agent.execute(command(task))
        assert said.code in ("ok", "illegal_transition"), said
        agent.execute(c.Release(task=task, reason="next", cause="infra"))


def test_every_read_works(strange: Scene) -> None:
    strange.cards()
    task, agent = strange.implementable(), strange.agent(FRONTIER)
    strange.ok(agent, c.Claim(task=task))
    connection = strange.human.connection
    given = {"task": task, "from": "1", "role": "designer", "family": DESIGNER, "capability": "role:designer"}
    for name, one in READS.items():
        wanted = one.model.model_fields
        fields = {f.alias or key: given[f.alias or key] for key, f in wanted.items() if f.is_required()}
        for at in ({}, {"at": "10"}) if "at" in wanted and "task" not in wanted else ({},):
            answer = ask(connection, None, name, fields | at)
            assert not isinstance(answer, Refusal), (name, answer)
            assert answer.whole, name
            assert "unreadable" not in answer.written("json"), name
            assert all(answer.written(form) for form in ("text", *answer.forms)), name
    assert verify(strange.url).sound


def test_the_schema_is_made_whatever_the_database_prefers(empty_database: Database) -> None:
    odd(empty_database, **ODD)
    assert migrate(empty_database.admin_url)


@pytest.fixture
def read_only(database: Database, scene: Scene) -> Iterator[Scene]:
    """The small world, whose database was made read-only afterwards."""
    odd(database, default_transaction_read_only="on")
    yield scene
    odd(database, default_transaction_read_only="off")


def test_reads_work_where_nothing_may_be_written(read_only: Scene) -> None:
    task = read_only.task()  # on a connection from before
    with connect(read_only.url) as connection:
        for name, fields in (("Status", {}), ("Board", {}), ("Report", {}), ("OneTask", {"task": task}), ("Inbox", {})):
            answer = ask(connection, None, name, fields)
            assert not isinstance(answer, Refusal)
            assert "unreadable" not in answer.written("json"), name


def test_the_doctor_names_what_keeps_verbs_from_writing(read_only: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--url", read_only.url]) == 1
    assert "BAD writes: the database takes no writes" in capsys.readouterr().out


def test_a_verb_that_may_not_write_says_so(read_only: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    create = ["create", "--lane", "dev", "--title", "t", "--url", read_only.url]
    assert main(create) == 75
    said = capsys.readouterr().err
    assert "default_transaction_read_only" in said
    assert said.count("\n") == 1
    assert main([*create, "--json"]) == 75
    assert json.loads(capsys.readouterr().out)["code"] == "unavailable"
    served, token = Served(read_only.url), read_only.token(DESIGNER)
    try:
        found = served.client(token).say("create", lane="dev", title="t")
    finally:
        served.stop()
    assert (found.status, found.document["code"]) == (503, "unavailable")
    assert "default_transaction_read_only" in found.document["reason"]
