"""Governance for people: policies, who is suspended and why, what a policy would do, and what awaits a decision."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access, documents
from ainarres.cli.definitions import _told
from ainarres.cli.people import At, Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import as_of
from ainarres.cli.watch import show as show_json
from ainarres.faults import InvalidInput
from ainarres.projections.wording import instant, printable

if TYPE_CHECKING:
    from ainarres.domain.policy import Policy
    from ainarres.domain.source import Problem

File = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="A stock policy, a file that ends in .toml, or - for standard input")
]
Named = Annotated[str, typer.Option("--policy", metavar="FILE|NAME", help="Policy file, or a stock policy by its name")]
FamilyName = Annotated[str, typer.Argument(metavar="FAMILY", help="Family as harness+model")]
Capability = Annotated[str, typer.Argument(metavar="CAPABILITY", help="The role, as role:implementer")]


def check(file: File, json: Json = False) -> int:
    """Examine a policy file without adopting it; every problem with line, field and cure."""
    found = _read(file)
    if isinstance(found, tuple):
        return _told(found, as_json=json)
    if json:
        return show_json({"ok": True, "policy": found.key, "digest": found.digest(), "problems": []})
    print(f"{file}: sound: {found.key}, rule {found.rule.kind}")
    return 0


def diff(file: File, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show what adopting a policy file would change."""
    from ainarres.domain.policy import Policy, diff_policies  # noqa: PLC0415 - the table of commands needs no driver
    from ainarres.projections import governed  # noqa: PLC0415 - as above

    new = _read(file)
    if isinstance(new, tuple):
        return _told(new, as_json=json)
    with access.opened(url, home) as connection:
        standing = next((row for row in governed.rows(connection, "standing") if row["slot"] == new.slot), None)
    lines = [f"+ policy {new.key} ({new.slot})"]
    if standing is not None:
        old = Policy.from_json(standing["definition"])
        lines = diff_policies(old, new)
    if json:
        return show_json({"policy": new.key, "replaces": standing["key"] if standing else None, "changes": lines})
    print("\n".join(map(printable, lines)) or f"{file} is what is in force already")
    return 0


def policies(json: Json = False, url: Url = None, home: Home = None) -> int:
    """List the policies in force."""
    from ainarres.projections import governed  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection:
        rows = governed.rows(connection, "standing")
    if json:
        return show_json({"policies": rows})
    print(f"policies in force ({len(rows)}):")
    print("\n".join(map(_policy_line, rows)) or "  (none) — ainarres policy adopt sequential")
    return 0


def status(at: At = None, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show policies, suspensions with time to heal, halted capabilities, open flags and the evidence there is."""
    from ainarres.projections import governed  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection, as_of(connection, at, as_json=json):
        found = governed.look(connection)
    unread = isinstance(found, governed.Unread)
    if json:
        show_json(found.to_json())
        return int(unread)
    lines = ["governance:", *found.lines()]
    if not isinstance(found, governed.Unread):
        lines += ["policies in force:", *([_policy_line(row) for row in found.policies] or ["  (none)"])]
        lines.append("evidence:")
        lines += [
            f"- {printable(row['family'])} / {row['capability']}: {row['faults']} faults of {row['submissions']}"
            for row in found.evidence
        ] or ["  (none)"]
    print("\n".join(lines))
    return int(unread)


def explain(family: FamilyName, capability: Capability, json: Json = False, url: Url = None, home: Home = None) -> int:
    """Show each suspension of a family at a capability, with the rejections that led to it."""
    from ainarres.projections import governed  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection:
        history = governed.rows(connection, "history", family=family, feature=capability)
        causes = [governed.rows(connection, "positions", positions=row["cause"]) for row in history]
    if json:
        return show_json({"suspensions": [row | {"events": causes[one]} for one, row in enumerate(history)]})
    if not history:
        print(f"{printable(family)} was never suspended from {printable(capability)}")
    for one, row in enumerate(history):
        by = f"policy {row['policy']} version {row['policy_version']}" if row["policy"] else f"{row['suspended_by']}"
        print(f"{row['state']}: suspension {row['n']} by {printable(by)}, {_span(row)}: {printable(row['reason'])}")
        for event in causes[one]:
            who = printable(event["actor"] or "?")
            said = f"{event['type']} {event['task']} by {who}: {printable(event['reason'] or '')}"
            print(f"    #{event['position']} {said}")
    return 0


def simulate(  # noqa: PLR0917 - typer reads them by name
    policy: Named = "sequential",
    family: Annotated[
        list[float] | None,
        typer.Option("--family", metavar="RATE", help="True fault rate of a family; may be repeated"),
    ] = None,
    tasks: Annotated[int, typer.Option("--tasks", min=1, max=5000, metavar="N", help="Submissions of a life")] = 500,
    runs: Annotated[int, typer.Option("--runs", min=1, max=100_000, metavar="N", help="Lives of each family")] = 1000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Where the random numbers begin")] = 1,
    svg: Annotated[str | None, typer.Option("--svg", metavar="FILE", help="Write the plot there")] = None,
    json: Json = False,
) -> int:
    """Play lives of families of known fault rates: who would be suspended, and after how many submissions."""
    from ainarres.policy.plot import svg as draw  # noqa: PLC0415 - as above
    from ainarres.policy.simulation import simulate as play  # noqa: PLC0415 - as above

    found = _read(policy)
    if isinstance(found, tuple):
        return _told(found, as_json=json)
    rates = family or [0.01, 0.05, 0.4]
    if not all(0 <= rate <= 1 for rate in rates):
        raise InvalidInput("--family", "is no rate", "write a share from 0 to 1, such as 0.05")
    _judging(found)
    told = play(found, rates, submissions=tasks, runs=runs, uniform=Random(seed).random)  # noqa: S311 - no secret
    if svg is not None:
        Path(svg).write_text(draw(told), encoding="utf-8")
    if json:
        return show_json(told.to_json())
    print(told.text())
    if svg is not None:
        print(f"plot: {svg}")
    return 0


def backtest(
    policy: Named = "sequential",
    since: Annotated[
        str | None, typer.Option("--since", metavar="POSITION|TIME", help="Leave out what is older")
    ] = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Try a policy on this ledger's history, beside what happened."""
    from ainarres.policy.backtest import backtest as replay  # noqa: PLC0415 - as above
    from ainarres.projections import governed  # noqa: PLC0415 - as above
    from ainarres.verbs import past  # noqa: PLC0415 - as above

    found = _read(policy)
    if isinstance(found, tuple):
        return _told(found, as_json=json)
    _judging(found)
    with access.opened(url, home) as connection:
        after = past.start(connection, found, _moment(since))
        result = replay(found, past.evidence(connection, after), past.acts(connection), after=after)
        stood = governed.rows(connection, "suspensions", after=after)
    would = [one.to_json() for one in result.suspensions]
    rerouted = [{"family": f, "capability": c, "tasks": n} for (f, c), n in sorted(result.rerouted.items())]
    if json:
        return show_json(
            {"policy": found.key, "after": after, "weighed": result.weighed, "would": would, "stood": stood}
            | {"rerouted": rerouted}
        )
    print(f"policy {found.key} on {result.weighed} judged submissions after position {after}")
    for title, rows in (("would have suspended", would), ("in the ledger", stood)):
        print(f"{title} ({len(rows)}):")
        print("\n".join(map(_suspension_line, rows)) or "  (none)")
    print(f"tasks that would have been routed elsewhere: {sum(result.rerouted.values())}")
    return 0


def flags(
    all_: Annotated[bool, typer.Option("--all", help="Resolved ones too")] = False,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """List flags, open ones first."""
    from ainarres.projections import governed  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection:
        rows = governed.rows(connection, "flags", all=all_)
    if json:
        return show_json({"flags": rows})
    print(f"flags ({len(rows)}):")
    for row in rows:
        subject = " / ".join(part for part in (row["family"], row["capability"]) if part)
        state = f"resolved: {printable(row['resolution'])}" if row["resolved_at"] else "open"
        about = f"{row['kind']} ({row['severity']}) {printable(subject)}: {printable(row['gap'], 120)}"
        print(f"- {row['id']} {about} [{state}]")
    if not rows:
        print("  (none)")
    return 0


def inbox(json: Json = False, url: Url = None, home: Home = None) -> int:
    """List what awaits a person: what it is, the evidence, and the command that acts on it."""
    from ainarres.projections import inbox as waiting  # noqa: PLC0415 - as above

    with access.opened(url, home) as connection:
        items = waiting.gather(connection)
    if json:
        return show_json({"inbox": [item.to_json() for item in items]})
    print(waiting.render(items))
    return 0


def _read(named: str) -> Policy | tuple[Problem, ...]:
    from ainarres.domain.policy import read_policy  # noqa: PLC0415 - as above

    given = documents.policy(named)
    return read_policy(given["text"], Path(given["source"]).name)


def _judging(policy: Policy) -> None:
    from ainarres.domain.policy import JUDGING  # noqa: PLC0415 - as above

    if policy.rule.kind not in JUDGING:
        problem = f"rule {policy.rule.kind} does not judge submissions"
        raise InvalidInput("--policy", problem, f"name one whose rule is {' or '.join(sorted(JUDGING))}")


def _moment(since: str | None) -> int | datetime | None:
    if since is None or since.isdigit():
        return None if since is None else int(since)
    try:
        return datetime.fromisoformat(since).astimezone()
    except ValueError:
        problem = f"{since!r} is neither a position nor a time"
        raise InvalidInput("--since", problem, "write 4711 or 2026-11-21T09:00Z") from None


def _policy_line(row: dict[str, Any]) -> str:
    broken = f" — BROKEN, judges nobody: {printable(row['broken'], 160)}" if row["broken"] else ""
    return f"- {printable(row['key'])} version {row['version']} ({printable(row['slot'])}){broken}"


def _span(row: dict[str, Any]) -> str:
    return f"{instant(row['since'])[:19]}Z to {instant(row['until'])[:19]}Z"


def _suspension_line(row: dict[str, Any]) -> str:
    cause = ", ".join(f"#{one}" for one in row["cause"])
    return f"- {printable(row['family'])} / {row['capability']} {_span(row)} (n {row['n']}): {cause}"
