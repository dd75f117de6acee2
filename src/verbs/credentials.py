"""Credentials: issue, narrow, revoke. The token is shown once and never kept; the ledger knows its hash."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from typing import TYPE_CHECKING

from ainarres.domain import duration
from ainarres.domain import events as e
from ainarres.domain.refusal import Refusal
from ainarres.verbs.answer import Answer
from ainarres.verbs.definitions import SQL, begin, fact, known, require
from ainarres.verbs.identity import make_token
from ainarres.verbs.ids import new_id
from ainarres.verbs.tasks import LIFE_CAP
from ainarres.verbs.unit import Halt

if TYPE_CHECKING:
    from datetime import timedelta

    from ainarres.domain.commands import IssueToken, NarrowToken, RevokeToken
    from ainarres.verbs.unit import Row, Unit


def issue(unit: Unit, command: IssueToken) -> Answer:
    """Issue a credential. An operator issues scope ``agent``; every other scope takes a person."""
    unit.start()
    require(unit, "operator" if command.scope == "agent" else "human", f"issuing a token of scope {command.scope}")
    life = duration.parse(command.life)
    _check(unit, command, life)
    if command.narrowing is not None:
        _narrowable(command.scope, "issue one of scope agent, or leave the narrowing out")
        known(unit, None, *command.narrowing, field="narrowing")
    credential = str(new_id(unit.now))
    token = make_token(secrets.token_bytes(32))
    agent = command.agent or f"{command.family or command.scope}-{credential[-8:]}"
    issued = e.CredentialIssued(
        id=credential,
        agent=agent,
        family=command.family,
        scope=command.scope,
        narrowing=command.narrowing,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        expires_at=unit.now + life,
    )
    unit.add(fact(unit, f"credential-{credential}", issued, subject_agent=agent, subject_family=command.family))
    extra = {"token": token, "credential": credential, "agent": agent, "expires_at": issued.expires_at}
    return Answer(reason="keep the token: it is shown this once", extra=extra)


def _check(unit: Unit, command: IssueToken, life: timedelta) -> None:
    """End the verb with the first field that is wrong."""
    if life > LIFE_CAP:
        raise Halt(Refusal("invalid", f"life: a token lives {duration.show(LIFE_CAP)} at most", {"field": "life"}))
    if command.scope == "agent" and command.family is None:
        raise Halt(Refusal("invalid", "family: an agent belongs to one; name it (--family)", {"field": "family"}))
    if command.agent is not None and _like_a_person(command.agent):
        text = "agent: names with `human:` stand for who holds the database's address; choose another name"
        raise Halt(Refusal("invalid", text, {"field": "agent"}))
    known(unit, command.family)
    if command.agent is not None:
        scope = None if unit.caller.may("human") else command.scope
        asked = {"agent": command.agent, "family": command.family, "scope": scope}
        other = unit.row(SQL["other_use"], asked)
        if other is not None:  # a hold and a track record belong to one family; what a person did, to a person
            text = (
                f"agent: {command.agent} is of {other['family']} already, scope {other['scope']}; choose another name"
            )
            raise Halt(Refusal("invalid", text, {"field": "agent"}))


def _like_a_person(name: str) -> bool:
    seen = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf"))
    return seen.strip().casefold().startswith("human:")


def narrow(unit: Unit, command: NarrowToken) -> Answer:
    """Take features away from an agent's credential; its owner may do so too, nobody can widen it."""
    begin(unit)
    row = _credential(unit, command.credential)
    if not _own(unit, row):
        require(unit, "operator" if row["scope"] == "agent" else "human", "narrowing another's credential")
    _narrowable(row["scope"], "revoke it instead")
    known(unit, None, *command.narrowing, field="narrowing")
    standing = command.narrowing if row["narrowing"] is None else row["narrowing"]
    kept = tuple(sorted(set(command.narrowing) & set(standing)))
    if row["narrowing"] is None or set(kept) != set(row["narrowing"]):
        stream = f"credential-{row['id']}"
        narrowed = e.CredentialNarrowed(narrowing=kept)
        unit.add(fact(unit, stream, narrowed, subject_agent=row["agent"], subject_family=row["family"]))
    return Answer(extra={"credential": row["id"], "narrowing": list(kept)})


def revoke(unit: Unit, command: RevokeToken) -> Answer:
    """Void a credential from the next call on; void already is no news."""
    begin(unit)
    row = _credential(unit, command.credential)
    if not _own(unit, row):
        require(unit, "operator" if row["scope"] == "agent" else "human", "revoking another's credential")
    if row["revoked_at"] is None:
        revoked = e.CredentialRevoked(reason=command.reason)
        stream = f"credential-{row['id']}"
        unit.add(fact(unit, stream, revoked, subject_agent=row["agent"], subject_family=row["family"]))
    return Answer(extra={"credential": row["id"]})


def _own(unit: Unit, row: Row) -> bool:
    return bool(row["agent"] == unit.caller.actor and row["scope"] == unit.caller.scope)


def _credential(unit: Unit, credential: str) -> Row:
    row = unit.row(SQL["credential"], {"id": credential})
    if row is None:
        text = f"no credential {credential!r}; `ainarres token list` lists them"
        raise Halt(Refusal("not_found", text, {"field": "credential"}))
    return row


def _narrowable(scope: str, cure: str) -> None:
    """End the verb where a narrowing would take nothing away: who does not work as an agent goes by scope alone."""
    if scope != "agent":
        text = f"narrowing: features bound what scope agent may do, not what scope {scope} may; {cure}"
        raise Halt(Refusal("invalid", text, {"field": "narrowing"}))
