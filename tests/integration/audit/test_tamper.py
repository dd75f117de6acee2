"""The database's owner alters the ledger with the guard switched off: verify names what was done, and where."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from ainarres.database.connect import connect
from ainarres.ledger import note
from ainarres.projections import rebuild
from ainarres.verbs import verifying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Database, Server
    from tests.integration.audit.conftest import Audited

    from ainarres.verbs.verifying import Verified


@pytest.fixture(params=["in one process", "in two processes"])
def worth(request: pytest.FixtureRequest) -> int:
    """From how many positions on a second process takes part."""
    return {"in one process": 10**9, "in two processes": 1}[request.param]


def of(verified: Verified) -> tuple[str, int | None]:
    """Return code and position of the first difference."""
    assert not verified.sound
    return verified.differences[0].code, verified.differences[0].position


def test_an_untouched_ledger_is_sound(audited: Audited, worth: int) -> None:
    sealed = audited.seal()
    audited.task("one more")
    verified = verifying.verify(audited.url, worth_a_process=worth)
    assert verified.sound
    assert verified.audited.witnessed == sealed.note.checkpoint.size
    assert verified.audited.unwitnessed == len(audited.positions()) - sealed.note.checkpoint.size
    assert verified.to_json()["code"] == "sound"
    assert verifying.verify(audited.url, [sealed.note]).audited.outside


def test_one_byte_of_one_body(audited: Audited, worth: int) -> None:
    audited.seal()
    audited.work()
    audited.seal()
    with audited.tampering() as owner:
        (position,) = owner.execute(
            "UPDATE ledger.event SET body = jsonb_set(body, '{note}', '\"lime\"') WHERE position ="
            " (SELECT max(position) FROM ledger.event WHERE type = 'ProgressReported') RETURNING position"
        ).fetchone()
    verified = verifying.verify(audited.url, worth_a_process=worth)
    code, first = of(verified)
    assert code == "root"
    assert first is not None
    assert first <= position
    last = int(verified.differences[0].message.split("between ")[1].split(" and ")[1].split()[0])
    assert first <= position <= last
    assert last - first < len(audited.positions()) / 2


@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "'somebody'"), ("recorded_at", "recorded_at + interval '1 microsecond'"), ("command", "NULL")],
)
def test_a_stamp(audited: Audited, column: str, value: str) -> None:
    audited.seal()
    with audited.tampering() as owner:
        owner.execute(f"UPDATE ledger.event SET {column} = {value} WHERE type = 'TaskCreated'")
    assert of(verifying.verify(audited.url))[0] == "root"


def test_the_last_leaf_is_named_exactly(audited: Audited) -> None:
    sealed = audited.seal()
    audited.work()
    sealed = audited.seal()
    odd = sealed.note.checkpoint.size % 2
    if not odd:
        audited.task()
        sealed = audited.seal()
        odd = sealed.note.checkpoint.size % 2
    with audited.tampering() as owner:
        owner.execute("UPDATE ledger.event SET family = 'x' WHERE position = %s", [sealed.position])
    if odd:
        assert of(verifying.verify(audited.url)) == ("root", sealed.position)


def test_an_event_deleted_from_a_stream(audited: Audited, worth: int) -> None:
    audited.seal()
    with audited.tampering() as owner:
        gone, stream, version = owner.execute(
            "DELETE FROM ledger.event WHERE position = (SELECT min(position) FROM ledger.event WHERE"
            " type = 'ProgressReported') RETURNING position, stream, version"
        ).fetchone()
    verified = verifying.verify(audited.url, worth_a_process=worth)
    found = {one.code: one for one in verified.differences}
    assert found["version"].message.startswith(f"version {version + 1} of {stream}")
    assert found["version"].position is not None
    assert found["version"].position > gone
    assert found["count"].message.startswith("1 missing between")


def test_a_whole_stream_deleted(audited: Audited) -> None:
    """No version shows it, only the checkpoint."""
    audited.seal()
    with audited.tampering() as owner:
        owner.execute("DELETE FROM ledger.event WHERE stream LIKE 'task-%'")
    found = {one.code for one in verifying.verify(audited.url).differences}
    assert "count" in found


def test_an_event_put_in(audited: Audited) -> None:
    audited.seal()
    with audited.tampering() as owner:
        owner.execute("UPDATE ledger.event SET position = position + 1000 WHERE position > 10")
        owner.execute(
            "INSERT INTO ledger.event (position, stream, version, type, body, schema, recorded_at)"
            ' VALUES (11, \'agent-x\', 1, \'VerbRefused\', \'{"verb": "v", "code": "c", "reason": "r"}\', 1, now())'
        )
        assert of(verifying.verify(audited.url))[0] == "order"
        owner.execute("SELECT setval('ledger.position', (SELECT max(position) FROM ledger.event))")
    assert of(verifying.verify(audited.url))[0] == "count"


def test_two_swapped(audited: Audited, worth: int) -> None:
    audited.seal()
    with audited.tampering() as owner:
        (first, second) = (
            row[0]
            for row in owner.execute(
                "SELECT position FROM ledger.event WHERE stream LIKE 'task-%' ORDER BY position LIMIT 2"
            ).fetchall()
        )
        for old, new in ((first, -1), (second, first), (-1, second)):
            owner.execute("UPDATE ledger.event SET position = %s WHERE position = %s", [new, old])
    assert of(verifying.verify(audited.url, worth_a_process=worth)) == ("version", first)


def test_two_of_different_streams_swapped(audited: Audited) -> None:
    audited.seal()
    with audited.tampering() as owner:
        for old, new in ((5, -1), (8, 5), (-1, 8)):
            owner.execute("UPDATE ledger.event SET position = %s WHERE position = %s", [new, old])
    assert any(one.code == "root" for one in verifying.verify(audited.url).differences)


def test_a_number_spelt_in_another_way(audited: Audited) -> None:
    """The value is the same, and so would its canonical form be."""
    audited.seal()
    with audited.tampering() as owner:
        (position,) = owner.execute(
            "UPDATE ledger.event SET body = jsonb_set(body, '{payload,budget}', '0.1000000000000000055')"
            " WHERE position = (SELECT min(position) FROM ledger.event WHERE type = 'TaskCreated') RETURNING position"
        ).fetchone()
    assert of(verifying.verify(audited.url)) == ("spelling", position)


def test_a_type_nobody_knows(audited: Audited) -> None:
    with audited.tampering() as owner:
        owner.execute("UPDATE ledger.event SET type = 'TaskPraised' WHERE position = 9")
    assert of(verifying.verify(audited.url)) == ("unreadable", 9)


def test_a_projection_altered(audited: Audited, worth: int) -> None:
    audited.seal()
    with connect(audited.owner_url) as owner:
        owner.execute("UPDATE projection.board SET priority = 5")
    verified = verifying.verify(audited.url, worth_a_process=worth)
    assert of(verified) == ("projection", None)
    assert verified.audited.differences == ()
    assert "table board" in verified.differences[0].message


def test_a_checkpoint_forged_with_another_key(audited: Audited) -> None:
    audited.seal()
    stranger = note.make_key(audited.folder / "stranger")
    with audited.tampering() as owner:
        (ledger,) = owner.execute("SELECT body ->> 'id' FROM ledger.event WHERE type = 'LedgerOpened'").fetchone()
        public = stranger.public(note.origin_of(ledger))
        owner.execute(
            "INSERT INTO ledger.event (position, stream, version, type, schema, body, recorded_at) SELECT 900,"
            " 'ledger', max(version) + 1, 'SealingKeyChanged', 1, jsonb_build_object('key_id', %s::text,"
            " 'public_key', %s::text, 'signed_by', null, 'signature', null), now()"
            " FROM ledger.event WHERE stream = 'ledger'",
            [public.id.hex(), public.text()],
        )
        owner.execute("SELECT setval('ledger.position', 900)")
    assert of(verifying.verify(audited.url)) == ("key", 900)


def test_a_checkpoint_s_own_figures(audited: Audited) -> None:
    audited.seal()
    with audited.tampering() as owner:
        (position,) = owner.execute(
            "UPDATE ledger.event SET body = jsonb_set(body, '{tree_size}', '7') WHERE type = 'CheckpointSealed'"
            " RETURNING position"
        ).fetchone()
    assert ("unreadable", position) in [(d.code, d.position) for d in verifying.verify(audited.url).differences]


def test_a_cut_off_end_is_seen_against_a_note_only(audited: Audited) -> None:
    audited.work()
    sealed = audited.seal()
    with audited.tampering() as owner:
        owner.execute("DELETE FROM ledger.event WHERE position > 30")
        owner.execute("SELECT setval('ledger.position', 30)")
    with connect(audited.owner_url, idle_seconds=0, statement_seconds=0) as owner:
        rebuild.rebuild(owner)
    assert verifying.verify(audited.url).sound
    verified = verifying.verify(audited.url, [sealed.note])
    assert of(verified) == ("truncated", 30)
    assert "30" in verified.differences[0].message


@pytest.fixture
def older(audited: Audited, server: Server, database: Database, administrator: Any) -> Iterator[Audited]:
    """The same ledger with its past in place of its present: a clone made before the work and the seal of the test."""
    name = f"{database.name}_old"
    audited.end()
    audited._connections.clear()
    administrator.execute(f'CREATE DATABASE "{name}" TEMPLATE "{database.name}"')
    audited.human = audited.session()
    yield audited
    audited.end()
    administrator.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_an_old_backup_played_over_the_new_one(older: Audited, server: Server, database: Database, worth: int) -> None:
    """The copy is sound in itself, and stays so while it grows beyond the note."""
    older.work()
    place = older.folder / "note"
    sealed = older.seal(to=place)
    shutil.copy(place, older.folder / "witness")
    present, older.url = older.url, server.role_url("ainarres_app", f"{database.name}_old")
    older.owner_url = server.role_url("ainarres_owner", f"{database.name}_old")
    assert verifying.verify(older.url).sound
    assert of(verifying.verify(older.url, [sealed.note], worth_a_process=worth))[0] == "truncated"
    older._connections, kept = [], older._connections
    older.human = older.session()
    for _ in range(3):
        older.work()
    again = older.seal()
    assert again.note.checkpoint.size > sealed.note.checkpoint.size
    assert verifying.verify(older.url, worth_a_process=worth).sound
    assert of(verifying.verify(older.url, [sealed.note], worth_a_process=worth))[0] == "forked"
    with pytest.raises(Exception, match="does not know"):
        older.seal(to=place)
    older.end()
    older._connections, older.url = kept, present


def test_a_note_of_another_ledger_and_of_another_key(audited: Audited) -> None:
    sealed = audited.seal()
    stranger = note.make_key(audited.folder / "stranger")
    checkpoint = sealed.note.checkpoint
    forged = note.Note(
        checkpoint, (("x", b"1234", b"x" * 64), (checkpoint.origin, sealed.key.id, stranger.sign(b"something else")))
    )
    assert of(verifying.verify(audited.url, [forged])) == ("signature", None)
    elsewhere = note.Note(note.Checkpoint("ainarres/x", checkpoint.size, checkpoint.root), sealed.note.signatures)
    assert of(verifying.verify(audited.url, [elsewhere])) == ("stranger", None)
    trusted = stranger.public(checkpoint.origin)
    assert of(verifying.verify(audited.url, [sealed.note], trusted)) == ("signature", None)
    assert verifying.verify(audited.url, [sealed.note], sealed.key).sound
