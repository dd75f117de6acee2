"""The board, drawn: a column a stage, a card a task. Text of agents is data and never read as markup."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from ainarres.cli import question
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console, RenderableType
    from rich.text import Text

    from ainarres.cli.table import Entry
    from ainarres.database.settings import Settings
    from ainarres.projections.columns import Card
    from ainarres.projections.columns import Lane as Columns

INTERVAL = 1.0
"""Seconds between two looks of a watched board."""
_STYLES = {"held": "green", "abandoned": "yellow", "blocked": "red", "waiting": "dim", "done": "dim", "open": ""}


def board(entry: Entry, fields: dict[str, Any], given: Settings, *, as_json: bool) -> int:
    """Draw the board once, or again and again."""
    watch, past = fields.pop("watch", False), fields.get("at") is not None
    if watch and past:
        raise InvalidInput("--watch", "the past does not change", "leave out --watch or --at")

    def look() -> str | Refusal:
        return question.ask(entry, fields, given, "json")

    found = look()
    if as_json or isinstance(found, Refusal):
        return question.tell(found, as_json=as_json)
    if watch:
        return _watch(look)
    if past:  # the line that says which
        moment = question.ask(entry, {**fields, "limit": 1}, given, "text")
        print(str(moment).partition("\n")[0])
    _console().print(draw(*_parts(found)))
    return 0


def draw(lanes: Iterable[Columns], told: Iterable[str] = ()) -> RenderableType:
    """Return the lanes as something rich can print, and lines under them."""
    from rich.console import Group  # noqa: PLC0415 - the table of commands needs none of it
    from rich.text import Text  # noqa: PLC0415 - as above

    drawn: list[RenderableType] = [_lane(one) for one in lanes]
    return Group(*(drawn or [Text("no lanes yet: ainarres project adopt FILE")]), *map(Text, told))


def _parts(found: str) -> tuple[list[Columns], list[str]]:
    from ainarres.projections.columns import parse  # noqa: PLC0415 - as above

    document = json.loads(found)
    return [parse(one) for one in document["lanes"]], document["told"]


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


def _watch(look: Callable[[], str | Refusal]) -> int:
    from rich.live import Live  # noqa: PLC0415 - as above

    def drawn() -> RenderableType:
        found = look()
        if isinstance(found, Refusal):
            raise InvalidInput("--watch", found.reason)
        return draw(*_parts(found))

    console = _console()
    try:
        if not console.is_terminal:  # a pipe gets one board after another
            while True:
                console.print(drawn())
                console.file.flush()
                time.sleep(INTERVAL)
        with Live(console=console, auto_refresh=False) as live:
            while True:
                live.update(drawn(), refresh=True)
                time.sleep(INTERVAL)
    except KeyboardInterrupt:
        return 0


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415 - as above

    # NO_COLOR is rich's own; emoji codes and markup in titles are words, not instructions
    wide = None if os.isatty(1) or os.environ.get("COLUMNS") else 160
    return Console(markup=False, emoji=False, highlight=False, width=wide)
