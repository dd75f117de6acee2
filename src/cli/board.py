"""The board, drawn: a column a stage, a card a task. Text of agents is data and never read as markup."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ainarres.cli import access, trouble
from ainarres.cli.people import At, Home, Json, Lane, Url  # noqa: TC001 - typer reads them
from ainarres.cli.watch import as_of, lane_of, show
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput
from ainarres.projections.wording import NONE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg
    from rich.console import Console, RenderableType
    from rich.text import Text

    from ainarres.projections.columns import Card
    from ainarres.projections.columns import Lane as Columns

INTERVAL = 1.0
"""Seconds between two looks of a watched board."""
_STYLES = {"held": "green", "abandoned": "yellow", "blocked": "red", "waiting": "dim", "done": "dim", "open": ""}


def board(
    *,
    lane: Lane = None,
    watch: Annotated[bool, typer.Option("--watch", help="Draw it again every second until Ctrl-C")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, metavar="N", help="At most so many a column")] = 8,
    at: At = None,
    json: Json = False,
    url: Url = None,
    home: Home = None,
) -> int:
    """Draw the board: who holds what, for how long, and how much of the lease is left."""
    from ainarres.projections import glance, governed  # noqa: PLC0415 - the table of commands needs no driver

    if watch and at is not None:
        raise InvalidInput("--watch", "the past does not change", "leave out --watch or --at")
    with access.opened(url, home) as connection, as_of(connection, at, as_json=json):
        full = lane_of(connection, lane)
        if isinstance(full, Refusal):
            return trouble.refuse(full, as_json=json)
        if json:
            now, lanes = glance.read_columns(connection, full, limit)
            governance = governed.look(connection).to_json()
            return show({"lanes": [one.to_json(now) for one in lanes], "governance": governance})
        if watch:
            return _watch(connection, full, limit)
        _console().print(_look(connection, full, limit))
    return 0


def _look(connection: psycopg.Connection[Any], lane: str | None, limit: int) -> RenderableType:
    from ainarres.projections import glance, governed  # noqa: PLC0415 - as above

    lanes = glance.read_columns(connection, lane, limit)[1]
    governance = governed.look(connection)
    told = [] if governance.lines() == [NONE] else ["governance:", *governance.lines()]
    return draw(lanes, told)


def draw(lanes: Iterable[Columns], told: Iterable[str] = ()) -> RenderableType:
    """Return the lanes as something rich can print, and lines under them."""
    from rich.console import Group  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    drawn: list[RenderableType] = [_lane(one) for one in lanes]
    return Group(*(drawn or [Text("no lanes yet: ainarres project adopt FILE")]), *map(Text, told))


def _lane(lane: Columns) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    title = Text(f"lane {lane.key}" + (" (paused)" if lane.paused else ""))
    table = Table(title=title, title_justify="left", expand=True, show_lines=False)
    among = [card.task for column in lane.columns for card in column.cards]
    for column in lane.columns:
        table.add_column(Text(f"{column.stage} ({column.count})"), overflow="fold", ratio=1)
    table.add_row(*(_column(column.cards, column.count, among) for column in lane.columns))
    return table


def _column(cards: Iterable[Card], count: int, among: list[Any]) -> Text:
    from rich.text import Text  # noqa: PLC0415 - as above

    shown = list(cards)
    text = Text()
    for card in shown:
        first, *rest = card.lines(among)
        text.append(first + "\n", style="bold" if card.state == "held" else "")
        text.append("".join(f"  {line}\n" for line in rest), style=_STYLES[card.state])
    if count > len(shown):
        text.append(f"and {count - len(shown)} more", style="dim")
    text.rstrip()
    return text


def _watch(connection: psycopg.Connection[Any], lane: str | None, limit: int) -> int:
    from rich.live import Live  # noqa: PLC0415 - as above

    console = _console()
    try:
        if not console.is_terminal:  # a pipe gets one board after another
            while True:
                console.print(_look(connection, lane, limit))
                console.file.flush()
                time.sleep(INTERVAL)
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(_look(connection, lane, limit), refresh=True)
                time.sleep(INTERVAL)
    except KeyboardInterrupt:
        return 0


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - as above

    # NO_COLOR is rich's own; emoji codes and markup in titles are words, not instructions
    wide = None if os.isatty(1) or os.environ.get("COLUMNS") else 160
    return Console(markup=False, emoji=False, highlight=False, width=wide)
