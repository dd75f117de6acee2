"""Governance for people: is a policy sound, what would it change, what would it have done."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access, documents
from ainarres.cli.definitions import _told
from ainarres.cli.people import Home, Json, Url  # noqa: TC001 - typer reads them
from ainarres.cli.shown import show as show_json
from ainarres.faults import InvalidInput
from ainarres.projections.wording import printable
from ainarres.reads.governed import span

if TYPE_CHECKING:
    from ainarres.domain.policy import Policy
    from ainarres.domain.source import Problem

File = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="A stock policy, a file that ends in .toml, or - for standard input")
]
Named = Annotated[str, typer.Option("--policy", metavar="FILE|NAME", help="Policy file, or a stock policy by its name")]


def check(file: File, json: Json = False) -> int:
    """Examine a policy file without adopting it, with line, field and cure; a problem is exit status 1."""
    found = _read(file)
    if isinstance(found, tuple):
        _told(found, as_json=json)
        return 1
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
        try:
            Path(svg).write_text(draw(told), encoding="utf-8")
        except OSError as error:
            cure = "name a file you may write"
            raise InvalidInput("--svg", f"{svg} cannot be written: {error.strerror}", cure) from None
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


def _suspension_line(row: dict[str, Any]) -> str:
    cause = ", ".join(f"#{one}" for one in row["cause"])
    return f"- {printable(row['family'])} / {row['capability']} {span(row)} (n {row['n']}): {cause}"
