"""Words for people: ids that stay unique, text that stays text."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from ainarres.projections.wording import clock, count, distinct, printable, printable_block, short

ONE = UUID("00000000-0000-7000-8000-0000000ad25d")
TWIN = UUID("00000000-0000-7000-8000-0000000bd25d")


def test_an_id_is_as_short_as_it_can_be() -> None:
    assert short(ONE) == "…d25d"
    assert short(ONE, [ONE]) == "…d25d"
    assert short(ONE, [ONE, TWIN]) == "…ad25d"
    assert short(str(ONE), [str(TWIN)]) == "…ad25d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain → ünïcode", "plain → ünïcode"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b2J", "\\x9b2J"),
        ("tab\there", "tab\\there"),
    ],
)
def test_nothing_unseen_is_printed(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_long_text_is_cut_and_blocks_keep_their_lines() -> None:
    assert printable("abcdef", 4) == "abc…"
    assert printable_block("a\tb\n\x1bc") == "a\tb\n\\x1bc"


def test_a_span_counts_hours() -> None:
    assert clock(timedelta(days=2, seconds=61)) == "48:01:01"
    assert clock(timedelta(seconds=-5)) == "00:00:00"


def test_families_of_one_label_are_told_apart() -> None:
    labels = {"claude-code+opus": "claude", "claude-code+sonnet": "claude", "grok+grok-build": "grok"}
    assert distinct(labels) == {
        "claude-code+opus": "claude+opus",
        "claude-code+sonnet": "claude+sonnet",
        "grok+grok-build": "grok",
    }


def test_families_of_one_label_and_one_model_go_by_their_keys() -> None:
    labels = {"claude-code+opus": "claude", "claude-next+opus": "claude", "grok+grok-build": "grok"}
    found = distinct(labels)
    assert found == {**{key: key for key in labels}, "grok+grok-build": "grok"}


def test_one_thing_is_no_things() -> None:
    assert [count(number, "task") for number in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
