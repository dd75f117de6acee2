"""The board while the demo runs: a live table on a terminal, a line for every change elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from rich.console import Console

STYLES = {"done": "green", "blocked": "red"}


class Picture:
    """Draws rows of ``ainarres.projections.outlook`` on a console, for as long as its ``with`` lasts."""

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, title
        self._seen: dict[Any, str] = {}
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def draw(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show the board as it stands."""
        if self._live is not None:
            self._live.update(self._table(rows), refresh=True)
            return
        for row in rows:
            said = f"[{stage(row)}] {holder(row)}"
            if self._seen.get(row["task"]) != said:
                self._seen[row["task"]] = said
                self._console.print(f"…{str(row['task'])[-4:]} {said:60} {row['title']}", markup=False, highlight=False)

    def _table(self, rows: Sequence[Mapping[str, Any]]) -> Table:
        table = Table(title=self._title, title_justify="left", expand=False)
        for name in ("task", "stage", "held by", "for", "lease", "notes", "title"):
            table.add_column(name)
        for row in rows:
            held = row["holder"] is not None
            table.add_row(
                f"…{str(row['task'])[-4:]}",
                Text(stage(row), style=STYLES.get(stage(row), "cyan" if held else "")),
                holder(row),
                f"{row['age'].total_seconds():.0f}s" if held else "",
                "" if not held else "live" if row["live"] else Text("ran out", style="red"),
                notes(row),
                row["title"],
            )
        return table


def stage(row: Mapping[str, Any]) -> str:
    """Name where a task stands."""
    return "blocked" if row["blocked"] else str(row["stage"])


def holder(row: Mapping[str, Any]) -> str:
    """Name who holds a task, and whether the lease still stands."""
    if row["holder"] is None:
        return ""
    return f"{row['holder']} ({row['holder_family']})" + ("" if row["live"] else ", lease ran out")


def notes(row: Mapping[str, Any]) -> str:
    """Tell what befell a task."""
    said = [f"asks for tier:{tier}" for name, tier in row["tiers"].items() if name == row["stage"]]
    if row["rework"]:
        said.append(f"rejected {row['rework']}×")
    return ", ".join(said)
