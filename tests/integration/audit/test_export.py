"""Export and import: the same positions, checkpoints and tables; read-only until promoted, then a ledger apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.scene import CHEAP

from ainarres.database.connect import connect
from ainarres.database.migrate import migrate
from ainarres.domain import commands as c
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput
from ainarres.ledger import audit, export, store
from ainarres.ledger.event import NewEvent
from ainarres.projections import rebuild
from ainarres.verbs import importing, sealing, verifying
from ainarres.verbs.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.database import Database
    from tests.integration.audit.conftest import Audited

EVENTS = """
SELECT position, stream, version, type, schema, body::text, raw, actor, family, capability, credential, subject_agent,
       subject_family, project, task, command, request, causation, correlation, recorded_at
  FROM ledger.event ORDER BY position
"""
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'projection'::regnamespace ORDER BY 1"


def exported(audited: Audited, name: str = "export.jsonl") -> Path:
    """Write the whole ledger to a file."""
    path = audited.folder / name
    with connect(audited.url) as connection, path.open("wb") as file:
        upto = store.horizon(connection)
        file.writelines(export.lines(connection, upto))
    return path


def everything(url: str) -> dict[str, Any]:
    """Return all rows of the ledger and of every projection."""
    with connect(url) as connection:
        found: dict[str, Any] = {"ledger": connection.execute(EVENTS).fetchall()}
        for (name,) in connection.execute(TABLES).fetchall():
            found[name] = sorted(repr(row) for row in connection.execute(f"TABLE projection.{name}").fetchall())
        return found


@pytest.fixture
def copy(empty_database: Database) -> Iterator[Any]:
    """The owner's connection to another, empty ledger."""
    migrate(empty_database.admin_url)
    with connect(empty_database.admin_url, idle_seconds=0, statement_seconds=0) as owner:
        yield owner


def test_a_line_is_a_cloud_event(audited: Audited) -> None:
    path = exported(audited)
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(events) == len(audited.positions())
    for event in events:
        assert event["specversion"] == "1.0"
        assert all(event[name] for name in ("id", "source", "type", "subject", "time"))
        assert all(name.isalnum() and name.islower() for name in event if name != "data_base64")
        assert all(isinstance(value, str) for name, value in event.items() if name != "data")
    claimed = next(event for event in events if event["type"] == "org.ainarres.TaskClaimed.v1")
    assert (claimed["subject"], claimed["data"]["stage"]) == (f"task-{claimed['task']}", "proposed")


def test_an_import_is_the_same_ledger(audited: Audited, copy: Any, empty_database: Database) -> None:
    with connect(audited.url) as connection:  # a gap, and what is no JSON
        connection.execute("BEGIN")
        store.append(connection, [NewEvent(stream="gap", version=1, type="Gap", body={})])
        connection.execute("ROLLBACK")
    audited.seal()
    audited.work()
    sealed = audited.seal()
    path = exported(audited)
    assert importing.load(copy, path).differences == ()
    assert everything(empty_database.url) == everything(audited.url)
    verified = verifying.verify(empty_database.url, [sealed.note])
    assert verified.sound
    assert verified.audited.witnessed == sealed.note.checkpoint.size
    again = audited.folder / "again.jsonl"
    with connect(empty_database.url) as connection:
        again.write_bytes(b"".join(export.lines(connection, store.horizon(connection))))
    assert again.read_bytes() == path.read_bytes()


def test_a_copy_takes_nothing_until_it_is_promoted(audited: Audited, copy: Any, empty_database: Database) -> None:
    token = audited.token(CHEAP, "worker")
    audited.implementable()
    last = audited.positions()[-1]
    importing.load(copy, exported(audited))
    with connect(empty_database.url) as connection:
        for session in (Session(connection, token), Session(connection)):
            for command in (c.Claim(), c.Create(lane="web/dev", title="x"), c.Stop(reason="x")):
                envelope = session.execute(command)
                assert (envelope.code, envelope.ok, envelope.exit_status) == ("read_only", False, 6), envelope
                assert "promote" in str(envelope.reason)
        assert store.horizon(connection) == last
        assert isinstance(sealing.seal(connection, audited.key), Refusal)
    promoted = importing.promote(copy)
    assert isinstance(promoted, importing.Promoted)
    assert promoted.position == last + 1
    with connect(empty_database.url) as connection:
        assert Session(connection, token).execute(c.Claim()).code == "unauthenticated"
        assert Session(connection).execute(c.Create(lane="web/dev", title="x")).ok
        assert rebuild.check(connection).difference is None
        (ledger,) = connection.execute("SELECT id FROM projection.ledger").fetchone() or (None,)
    assert ledger == promoted.id
    assert ledger != promoted.of
    assert isinstance(importing.promote(copy), Refusal)


def test_a_fork_has_an_origin_and_a_key_of_its_own(audited: Audited, copy: Any, empty_database: Database) -> None:
    sealed = audited.seal()
    importing.load(copy, exported(audited))
    promoted = importing.promote(copy)
    assert isinstance(promoted, importing.Promoted)
    with connect(empty_database.url) as connection:
        fork = sealing.seal(connection, audited.key)
    assert isinstance(fork, sealing.Sealed)
    assert fork.note.checkpoint.origin == f"ainarres/{promoted.id}" != sealed.note.checkpoint.origin
    assert verifying.verify(empty_database.url, [sealed.note, fork.note]).sound
    assert verifying.verify(audited.url, [fork.note]).differences[0].code in ("truncated", "forked")


def test_an_import_needs_an_empty_ledger_and_a_sound_export(audited: Audited, copy: Any) -> None:
    audited.seal()
    path = exported(audited)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4] + lines[5:]))
    assert importing.load(copy, path).differences[0].code in ("version", "count")
    assert copy.execute("SELECT count(*) FROM ledger.event").fetchone() == (0,)
    path.write_bytes(b"".join(lines[3:]))
    assert importing.load(copy, path).differences
    path.write_bytes(b"")
    with pytest.raises(InvalidInput, match="no events"):
        importing.load(copy, path)
    path.write_bytes(b"".join(lines))
    importing.load(copy, path)
    with pytest.raises(InvalidInput, match="holds events already"):
        importing.load(copy, path)


def test_an_export_is_verified_without_a_database(audited: Audited) -> None:
    sealed = audited.seal()
    path = exported(audited)
    verified = verifying.verify_export(path, [sealed.note])
    assert verified.sound
    assert verified.audited.root == audit.audit(audited.human.connection).root
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines).replace(b"web/dev", b"web/deu", 1))
    assert {one.code for one in verifying.verify_export(path).differences} >= {"root"}
    path.write_bytes(b"".join(lines[:20]))
    assert verifying.verify_export(path, [sealed.note]).differences[0].code == "truncated"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'{"actor"', b'{ "actor"', "canonical"),
        (b'"specversion":"1.0"', b'"specversion":"0.3"', "CloudEvents 0.3"),
        (b'"subject":', b'"surplus":', "lacks 'subject'"),
        (b'"id":"3"', b'"id":"x"', "no whole number"),
        (b'"id":"3"', b'"id":3', "'id' is not text"),
        (b'"id":"3"', b'"id":"03"', "no whole number"),
        (b'Z","type"', b'+00:00","type"', "not spelt as the ledger"),
        (b"\n", b"}\n", "Extra data"),
    ],
)
def test_a_line_that_is_no_event_is_named(audited: Audited, old: bytes, new: bytes, said: str) -> None:
    path = exported(audited)
    lines = path.read_bytes().splitlines(keepends=True)
    assert old in lines[2]
    lines[2] = lines[2].replace(old, new)
    path.write_bytes(b"".join(lines))
    with pytest.raises(InvalidInput, match="line 3") as caught:
        verifying.verify_export(path)
    assert said in str(caught.value)


def test_a_part_is_exported_and_the_parts_are_the_whole(audited: Audited) -> None:
    whole = exported(audited).read_bytes()
    with connect(audited.url) as connection:
        upto = store.horizon(connection)
        first = b"".join(export.lines(connection, 10))
        rest = b"".join(export.lines(connection, upto, after=10))
    assert first + rest == whole
