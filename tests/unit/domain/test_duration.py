"""Durations: exact to the millisecond as stored, rounded down as shown."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainarres.domain import duration
from ainarres.domain.malformed import MalformedError

DURATIONS = st.integers(1, 3650 * 86_400_000).map(lambda ms: timedelta(milliseconds=ms))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("10s", timedelta(seconds=10)),
        ("250ms", timedelta(milliseconds=250)),
        ("1h30m", timedelta(minutes=90)),
        ("3h 20m", timedelta(minutes=200)),
        ("1d 1ms", timedelta(days=1, milliseconds=1)),
        ("90m", timedelta(minutes=90)),
    ],
)
def test_a_duration_is_read(text: str, expected: timedelta) -> None:
    assert duration.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "30",
        "m",
        "0m",
        "0h0m",
        "-5m",
        "30 m",
        "1m1h",
        "1h1h",
        "1.5h",
        " 1h",
        "1h ",
        "1h  5m",
        "1h\n",
        "٣m",
        "9" * 40 + "d",
    ],
)
def test_anything_else_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(MalformedError, match=r"such as|between") as refused:
        duration.parse(text)
    assert refused.value.cure


@given(DURATIONS)
def test_text_is_read_back_exactly(span: timedelta) -> None:
    assert duration.parse(duration.text(span)) == span


@given(DURATIONS)
def test_what_is_shown_is_a_duration_no_longer_than_the_truth(span: timedelta) -> None:
    shown = duration.parse(duration.show(span))
    assert timedelta(0) <= span - shown < max(shown / 10, timedelta(minutes=1))


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (22, "22s"),
        (22.9, "22s"),
        (0, "0s"),
        (0.25, "250ms"),
        (2700, "45m"),
        (2712, "45m"),
        (12_000, "3h 20m"),
        (7200, "2h"),
        (187_200, "2d 4h"),
        (-300, "-5m"),
        (timedelta(days=3), "3d"),
    ],
)
def test_people_read_two_units_at_most(span: timedelta | float, shown: str) -> None:
    assert duration.show(span) == shown
