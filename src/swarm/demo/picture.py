"""The board while the demo runs: a live table on a terminal, a line for every event elsewhere."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ainarres.domain.events import LeaseRenewed
from ainarres.projections.timeline import gist
from ainarres.projections.wording import printable, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from rich.console import Console

    from ainarres.projections.timeline import Entry

QUIET = (LeaseRenewed,)
RECENT = 8
"""Events below the table."""
STYLES = {"done": "green", "blocked": "red"}


class Picture:
    """Draws rows of ``ainarres.projections.outlook`` and the newest events, for as long as its ``with`` lasts."""

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, title
        self._told: deque[str] = deque(maxlen=RECENT)
        self._position = 0
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def draw(self, rows: Sequence[Mapping[str, Any]], entries: Sequence[Entry]) -> None:
        """Show the board as it stands, and of ``entries`` (oldest first) what was not told yet."""
        for entry in entries:
            if entry.position > self._position and not isinstance(entry.fact.event, QUIET):
                self._tell(line(entry))
        self._position = max((entry.position for entry in entries), default=self._position)
        if self._live is not None:
            shown = Group(self._table(rows), *(Text(told, style="dim", overflow="ellipsis") for told in self._told))
            self._live.update(shown, refresh=True)

    def _tell(self, said: str) -> None:
        self._told.append(said)
        if self._live is None:
            self._console.print(said, markup=False, highlight=False, soft_wrap=True)

    def _table(self, rows: Sequence[Mapping[str, Any]]) -> Table:
        table = Table(title=self._title, title_justify="left", expand=False)
        for name in ("task", "stage", "held by", "for", "lease", "notes", "title"):
            table.add_column(name, no_wrap=True)
        for row in rows:
            held = row["holder"] is not None
            table.add_row(
                short(row["task"]),
                Text(stage(row), style=STYLES.get(stage(row), "cyan" if held else "")),
                f"{row['holder']} ({row['holder_family']})" if held else "",
                f"{row['age'].total_seconds():.0f}s" if held else "",
                "" if not held else "live" if row["live"] else Text("ran out", style="red"),
                notes(row),
                printable(row["title"]),
            )
        return table


def line(entry: Entry) -> str:
    """Write one event on one line."""
    fact = entry.fact
    what, task = type(fact.event).__name__, short(fact.task) if fact.task else ""
    return f"{fact.recorded_at.astimezone():%H:%M:%S} {task} {what:16} {entry.who:18}{gist(fact)}"


def stage(row: Mapping[str, Any]) -> str:
    """Name where a task stands."""
    return "blocked" if row["blocked"] else str(row["stage"])


def notes(row: Mapping[str, Any]) -> str:
    """Tell what befell a task."""
    said = [f"asks for tier:{tier}" for name, tier in row["tiers"].items() if name == row["stage"]]
    if row["rework"]:
        said.append(f"{row['rework']} rejected")
    return ", ".join(said)
