"""The entry point: find the command in the table, then load only what that one needs.

A verb called in a loop pays for every import, so this module and the table know words, and nothing of what they do.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ainarres.cli.table import Entry, Table

HELP = ("-h", "--help")
LEADING = ("--url", "--home")
"""Options with a value that may stand before the command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``ainarres`` with ``argv`` (the process's own if left out) and return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _run(words)
        if sys.stdout is not None:  # closed by who started us
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where everything is told to a person
        from ainarres.cli import trouble  # noqa: PLC0415 - a run that went well needs no words for failure

        return trouble.tell(error, as_json="--json" in _before_dashes(words))
    return status


def _run(words: list[str]) -> int:
    if words in (["--version"], ["version"]):
        from importlib.metadata import version  # noqa: PLC0415 - asked for here alone

        print(f"ainarres {version('ainarres')}")
        return 0
    from ainarres.cli import table as tables  # noqa: PLC0415 - not for the version

    table = tables.load()
    leading, words = _leading(words)
    if not words or words[0] in HELP or words == ["help"]:
        return _bare(table, leading, words)
    if words[0] == "help":
        words = [*words[1:], "--help"]
    found = table.find(words)
    if found is None:
        return _no_command(table, words)
    entry, rest = table.entry(found[0]), [*leading, *words[found[1] :]]
    if any(word in HELP for word in _before_dashes(rest)):
        from ainarres.cli import manual  # noqa: PLC0415 - as above

        print(manual.page(entry))
        return 0
    return _start(entry, rest)


def _start(entry: Entry, rest: list[str]) -> int:
    if entry.model:
        from ainarres.cli import verb  # noqa: PLC0415 - as above

        return verb.run(entry, rest)
    if entry.question:
        from ainarres.cli import question  # noqa: PLC0415 - as above

        return question.run(entry, rest)
    from ainarres.cli import people  # noqa: PLC0415 - as above

    return people.run(entry, rest)


def _leading(words: list[str]) -> tuple[list[str], list[str]]:
    """Split off the options that stand before the command; they mean the same after it."""
    leading: list[str] = []
    while words and words[0].startswith("--") and words[0] not in HELP:
        taken = 2 if words[0] in LEADING else 1
        leading, words = leading + words[:taken], words[taken:]
    return leading, words


def _bare(table: Table, leading: list[str], words: list[str]) -> int:
    if words:
        from ainarres.cli import manual  # noqa: PLC0415 - as above

        print(manual.overview(table))
        return 0
    from ainarres.cli import question  # noqa: PLC0415 - as above

    return question.run(table.entry(""), leading)


def _no_command(table: Table, words: list[str]) -> int:
    from ainarres.cli import manual  # noqa: PLC0415 - as above
    from ainarres.faults import InvalidInput  # noqa: PLC0415 - as above

    if table.under(words[0]) and any(word in HELP for word in words[1:]):
        print(manual.subcommands(table, words[0]))
        return 0
    typed = " ".join(word for word in words[:2] if not word.startswith("-"))
    problem = "needs another word" if table.under(words[0]) and len(typed.split()) == 1 else "no such command"
    raise InvalidInput(f"ainarres {typed}", problem, f"{manual.nearest(table, words)} — all commands: ainarres --help")


def _before_dashes(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words


if __name__ == "__main__":
    sys.exit(main())
