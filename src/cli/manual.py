"""Help as text and the reference as Markdown, both from the table alone."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ainarres.cli.table import Entry, Option, Table

_FOOT = "`ainarres COMMAND --help` says more; `ainarres` alone shows what goes on."
_COLUMN = 26
_ALONE = "(no command)"


def overview(table: Table) -> str:
    """Return the help of the program: every command by group."""
    lines = ["usage: ainarres COMMAND [ARGUMENTS] [--json] [--url URL | --home DIRECTORY]"]
    for group, title in table.groups.items():
        lines += ["", f"{title}:"]
        entries = (table.entry(words) for words in table.words)
        lines += [_pair(e.words or _ALONE, e.summary) for e in entries if e.group == group]
    return "\n".join([*lines, "", _without_marks(_FOOT)])


def page(entry: Entry) -> str:
    """Return one command's help."""
    lines = [f"usage: {usage(entry)}", "", _without_marks(entry.summary)]
    if entry.places:
        lines += ["", "arguments:", *(_pair(one.metavar, _described(one)) for one in entry.places)]
    lines += ["", "options:", *(_pair(_spelt(one), _described(one)) for one in entry.options)]
    lines += [_pair("-h, --help", "Show this help")]
    return "\n".join([*lines, "", "example:", f"  {entry.example}"])


def usage(entry: Entry) -> str:
    """Return one command's usage line: what must be given, then ``[OPTIONS]``."""
    places = [one.metavar if one.required else f"[{one.metavar}]" for one in entry.places]
    needed = [_spelt(one) for one in entry.options if one.required]
    return " ".join(filter(None, ["ainarres", entry.words, *places, *needed, "[OPTIONS]"]))


def subcommands(table: Table, word: str) -> str:
    """Return the help of a word that begins several commands."""
    lines = [f"usage: ainarres {word} COMMAND [ARGUMENTS]", ""]
    return "\n".join(lines + [_pair(words, table.entry(words).summary) for words in table.under(word)])


def nearest(table: Table, argv: Sequence[str]) -> str:
    """Return what to type instead of a command that is none."""
    typed = " ".join(word for word in argv[:2] if not word.startswith("-"))
    first = {words.partition(" ")[0] for words in table.words}
    if argv[0] in first:
        return "; ".join(f"ainarres {words}" for words in table.under(argv[0]))
    near = get_close_matches(typed, table.words, n=1) or get_close_matches(argv[0], sorted(first | {*table.words}), n=1)
    return f"did you mean: ainarres {near[0]}?" if near else "see what there is"


def document(table: Table) -> str:
    """Return the reference."""
    lines = [
        "# The command line",
        "",
        "Made from the commands themselves by `make reference`; not edited by hand.",
        "",
        "`--json` prints exactly one JSON document on stdout; a verb's is its envelope. Everything else that a person",
        "should know goes to stderr. `AINARRES_TOKEN` (or a file named by `AINARRES_TOKEN_FILE`) says who asks,",
        "`AINARRES_FENCE` is the default of `--fence`. No command prompts or starts a pager. `NO_COLOR` is respected.",
        "",
        "| exit status | means |",
        "|---|---|",
        "| 0 | done; also `empty` and `blocked` |",
        "| 1 | a fault, or a check that found something |",
        "| 2 | `invalid`, `key_reused` |",
        "| 3 | `already_holding`, `conflict` |",
        "| 4 | `lease_lost` |",
        "| 5 | `not_eligible`, `needs_other_family`, `unauthenticated`, `expired` |",
        "| 6 | `illegal_transition`, `guard_unmet`, `cancelled` |",
        "| 7 | `not_found` |",
        "| 75 | `rate_limited`, `unavailable`: try again later |",
    ]
    for group, title in table.groups.items():
        lines += ["", f"## {title}"]
        for words in table.words:
            if (entry := table.entry(words)).group == group:
                lines += _chapter(entry)
    return "\n".join(lines) + "\n"


def _chapter(entry: Entry) -> list[str]:
    rows = [(one.metavar, one) for one in entry.places] + [(_spelt(one), one) for one in entry.options]
    cells = (
        f"| `{name.replace('|', chr(92) + '|')}` | {_described(one).replace('|', chr(92) + '|')} |"
        for name, one in rows
    )
    table = ["", "| | |", "|---|---|", *cells] if rows else []
    example = ["", "```sh", entry.example, "```"]
    return [
        "",
        f"### {entry.words or 'ainarres alone'}",
        "",
        entry.summary,
        "",
        f"    {usage(entry)}",
        *table,
        *example,
    ]


def _described(one: Option) -> str:
    return one.help + (f" (default {one.default})" if one.default else "")


def _spelt(one: Option) -> str:
    return f"{one.flag} {one.metavar}" if one.metavar else one.flag


def _pair(left: str, right: str) -> str:
    gap = " " * (_COLUMN - len(left)) if len(left) < _COLUMN - 1 else "\n" + " " * (_COLUMN + 2)
    return f"  {left}{gap}{_without_marks(right)}"


def _without_marks(text: str) -> str:
    return text.replace("`", "")
