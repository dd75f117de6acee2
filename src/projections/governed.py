"""Governance as it stands: policies in force, suspensions and their causes, flags, and what awaits a person.

A thing that cannot be read raises; nothing here ever turns trouble into "all clear".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from ainarres.projections.evidence import SQL

if TYPE_CHECKING:
    import psycopg

Row = dict[str, Any]
SUSPENSIONS, FLAGS = 3, 2
"""Suspensions nobody lifted, or open flags, after which a person should look."""


def rows(connection: psycopg.Connection[Any], statement: str, **parameters: Any) -> list[Row]:
    """Return the rows of one of the statements on evidence and what follows from it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[statement], parameters or None).fetchall()


def status(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Return what is in force: policies, denials (a person's too), halted capabilities, evidence by subject."""
    return {
        "policies": rows(connection, "standing"),
        "denials": rows(connection, "denials"),
        "halted": rows(connection, "halted"),
        "evidence": rows(connection, "subjects"),
        "flags": rows(connection, "flags", all=False),
        "recommended": rows(connection, "recommended", suspensions=SUSPENSIONS, flags=FLAGS),
    }


def inbox(connection: psycopg.Connection[Any]) -> list[Row]:
    """Return what awaits a person: what it is, the evidence, the exact command; empty when there is nothing.

    ``verb`` and ``fields`` are the same act without its reason; null where only a file can act.
    """
    items = [_recommended(one) for one in rows(connection, "recommended", suspensions=SUSPENSIONS, flags=FLAGS)]
    items += [_flag(one) for one in rows(connection, "flags", all=False)]
    items += [_halted(one) for one in rows(connection, "halted")]
    items += [_broken(one) for one in rows(connection, "standing") if one["broken"] is not None]
    items += [_blocked(one) for one in rows(connection, "blocked")]
    return items


def _recommended(one: Row) -> Row:
    what = f"{one['family']} / {one['feature']}: look at revoking for good"
    evidence = f"{one['suspensions']} suspensions nobody lifted, {one['flags']} open flags"
    act = f'ainarres revoke {one["family"]} {one["feature"]} --reason "…"'
    does = {"verb": "revoke", "fields": {"family": one["family"], "feature": one["feature"]}}
    return {"kind": "recommend_revocation", "what": what, "evidence": evidence, "act": act, **does}


def _flag(one: Row) -> Row:
    subject = " / ".join(part for part in (one["family"], one["capability"]) if part)
    who = one["policy"] or one["raised_by"]
    return {
        "kind": "flag",
        "what": f"{one['kind']} flag ({one['severity']}) on {subject}, raised by {who}",
        "evidence": one["gap"] + (f" (task {one['task']})" if one["task"] else ""),
        "act": f'ainarres flag resolve {one["id"]} --reason "…"',
        "verb": "flag-resolve",
        "fields": {"flag": str(one["id"])},
    }


def _halted(one: Row) -> Row:
    family = one["families"][0]
    return {
        "kind": "halted",
        "what": f"{one['capability']} is HALTED: nobody who holds it may exercise it",
        "evidence": f"denied: {', '.join(one['families'])}",
        "act": f'ainarres lift {family} {one["capability"]} --reason "…"',
        "verb": "lift",
        "fields": {"family": family, "feature": one["capability"]},
    }


def _broken(one: Row) -> Row:
    return {
        "kind": "broken_policy",
        "what": f"policy {one['key']} version {one['version']} judges nobody",
        "evidence": one["broken"],
        "act": f"ainarres policy adopt {one['key']}.toml",
        "verb": None,
        "fields": {},
    }


def _blocked(one: Row) -> Row:
    return {
        "kind": "blocked",
        "what": f"{one['lane']} [{one['stage']}] {one['title']}",
        "evidence": one["reason"] or "no reason given",
        "act": f'ainarres unblock {one["task"].hex[-8:]} --reason "…"',
        "verb": "unblock",
        "fields": {"task": str(one["task"])},
    }
