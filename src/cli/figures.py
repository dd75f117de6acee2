"""The report in its forms, printed or written to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ainarres.cli import question
from ainarres.domain.refusal import Refusal
from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from ainarres.cli.table import Entry
    from ainarres.database.settings import Settings

FORMS = ("text", "json", "md", "html")


def report(entry: Entry, fields: dict[str, Any], given: Settings, *, as_json: bool) -> int:
    """Write the report."""
    out = fields.pop("out", None)
    form = "json" if as_json else fields.get("format", "text")
    if form not in FORMS:
        raise InvalidInput("--format", f"there is no format {form!r}", f"one of {', '.join(FORMS)}")
    found = question.ask(entry, fields | {"format": form}, given, form)
    if out is None or isinstance(found, Refusal):
        return question.tell(found, as_json=form == "json")
    try:
        Path(out).write_text(found + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput("--out", f"{out} cannot be written: {error.strerror}", "name a file you may write") from None
    return 0
