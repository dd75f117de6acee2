"""Sealing: what is signed, how it goes on, who may, and what becomes of the note."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from tests.scene import CHEAP

from ainarres.database.connect import connect
from ainarres.domain import commands as c
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput
from ainarres.ledger import audit, leaf, merkle, note, notefile, store
from ainarres.ledger.event import NewEvent
from ainarres.verbs import identity, sealing, verifying

if TYPE_CHECKING:
    from tests.integration.audit.conftest import Audited

ROWS = """
SELECT to_jsonb(e) - 'body' - 'raw', coalesce(raw, convert_to(body::text, 'UTF8')), body IS NOT NULL,
       to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  FROM ledger.event e WHERE position <= %s ORDER BY position
"""


def test_the_root_is_that_of_the_stored_rows_computed_in_another_way(audited: Audited) -> None:
    """Rows from SQL's own JSON, spelt by the rfc8785 library, hashed by the recursive definition of the RFC."""
    import json  # noqa: PLC0415 - the point is that nothing of ours takes part

    import rfc8785  # noqa: PLC0415 - as above

    def root(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return sha256(b"\0" + leaves[0]).digest()
        split = 1 << (len(leaves) - 1).bit_length() - 1
        return sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()

    sealed = audited.seal()
    with connect(audited.url) as connection:
        rows = connection.execute(ROWS, [sealed.position]).fetchall()
    leaves = []
    for members, content, is_body, moment in rows:
        plain: dict[str, Any] = {name: value for name, value in members.items() if value is not None}
        digest = sha256(rfc8785.dumps(json.loads(bytes(content))) if is_body else bytes(content)).hexdigest()
        leaves.append(rfc8785.dumps({**plain, "body_sha256": digest, "recorded_at": moment}))
    assert len(leaves) == sealed.note.checkpoint.size
    assert root(leaves) == sealed.note.checkpoint.root


def test_a_seal_goes_on_from_the_last_one(audited: Audited) -> None:
    first = audited.seal()
    audited.work()
    second = audited.seal()
    with connect(audited.url) as connection:
        upto = store.horizon(connection)
        hashes = [leaf.digest(leaf.data(row)) for row in audit.rows_of(connection, upto)]
    old, new = first.note.checkpoint, second.note.checkpoint
    assert merkle.root_of(hashes[: new.size]) == new.root
    proof = merkle.consistency(hashes[: new.size], old.size)
    assert merkle.consistent(old.size, new.size, old.root, new.root, proof)
    assert verifying.verify(audited.url).sound


def test_nothing_new_is_not_sealed_again(audited: Audited) -> None:
    first, before = audited.seal(), audited.positions()
    again = audited.seal()
    assert (again.fresh, again.note) == (False, first.note)
    assert audited.positions() == before


def test_an_event_above_the_horizon_is_left_for_the_next_seal(audited: Audited) -> None:
    with connect(audited.url, autocommit=False) as late:
        event = NewEvent(stream="x-late", version=1, type="NoteAdded", body={"text": "late"})
        position = store.append(late, [event])
        audited.task("while the other is under way")
        sealed = audited.seal()
        assert sealed.position < position
        late.rollback()
    assert verifying.verify(audited.url).audited.differences == ()


def test_a_seal_that_comes_second_starts_again(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(audited.url) as connection:
        stale = audit.chain_of(connection, store.horizon(connection))
    first = audited.seal()
    audited.task()
    read, told = audit.chain_of, [stale]
    monkeypatch.setattr(audit, "chain_of", lambda *given: told.pop() if told else read(*given))
    second = audited.seal()
    assert second.note.checkpoint.size > first.note.checkpoint.size
    assert verifying.verify(audited.url).audited.checkpoints == 2
    assert verifying.verify(audited.url).sound


def test_only_an_operator_seals(audited: Audited) -> None:
    token = identity.token_hash(audited.token(CHEAP))
    assert isinstance(token, str)
    with connect(audited.url) as connection:
        refused = sealing.seal(connection, audited.key, token_sha256=token)
    assert isinstance(refused, Refusal)
    assert refused.code == "not_eligible"


def test_the_key_changes_when_the_old_one_hands_over(audited: Audited) -> None:
    audited.seal()
    new = note.make_key(audited.folder / "new")
    audited.work()
    with connect(audited.url) as connection:
        refused = sealing.seal(connection, new)
    assert isinstance(refused, Refusal)
    assert "--old-key" in refused.reason
    sealed = audited.seal(key=new, old=audited.key)
    assert sealed.key == new.public(sealed.note.checkpoint.origin)
    assert verifying.verify(audited.url, [sealed.note]).sound
    audited.work()
    with connect(audited.url) as connection:
        assert isinstance(sealing.seal(connection, audited.key), Refusal)


def test_a_note_replaces_an_older_one_of_its_own_history(audited: Audited) -> None:
    place = audited.folder / "note"
    first = audited.seal(to=place)
    assert notefile.read(place) == first.note
    audited.work()
    second = audited.seal(to=place)
    assert place.read_text() == second.note.text()
    assert [path.name for path in audited.folder.iterdir() if path.name.startswith(".")] == []


def test_a_directory_keeps_every_note(audited: Audited) -> None:
    directory = audited.folder / "notes"
    directory.mkdir()
    audited.seal(to=directory)
    audited.work()
    sealed = audited.seal(to=directory)
    assert len(list(directory.iterdir())) == 2
    assert notefile.read(directory) == sealed.note


def test_a_note_of_another_history_is_not_replaced(audited: Audited) -> None:
    place = audited.folder / "note"
    sealed = audited.seal(to=place)
    other = note.Checkpoint(sealed.note.checkpoint.origin, 10**6, bytes(32))
    longer = note.Note(other, sealed.note.signatures).text()
    place.write_text(longer)
    audited.work()
    before = audited.positions()
    with pytest.raises(InvalidInput, match="does not know"):
        audited.seal(to=place)
    place.write_text(longer.replace("ainarres/", "elsewhere/"))
    with pytest.raises(InvalidInput, match="elsewhere"):
        audited.seal(to=place)
    assert audited.positions() == before
    assert place.read_text().startswith("elsewhere/")


def test_a_lost_note_is_written_again_from_the_ledger(audited: Audited) -> None:
    sealed = audited.seal()
    place = audited.folder / "again"
    assert audited.seal(to=place).note == sealed.note
    assert notefile.read(place) == sealed.note


def test_a_ledger_that_was_never_opened_is_not_sealed(audited: Audited, empty_database: Any) -> None:
    from ainarres.database.migrate import migrate  # noqa: PLC0415 - one test needs it

    migrate(empty_database.admin_url)
    with connect(empty_database.admin_url) as connection:
        refused = sealing.seal(connection, audited.key)
    assert isinstance(refused, Refusal)
    assert refused.code == "not_found"


def test_tasks_are_worked_on_as_before(audited: Audited) -> None:
    audited.seal()
    agent = audited.agent(CHEAP)
    task = audited.implementable()
    audited.ok(agent, c.Claim(task=task))
    audited.check()
