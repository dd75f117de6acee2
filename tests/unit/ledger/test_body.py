"""Bodies: what is kept, what is refused and by which path."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainarres.faults import InvalidInput
from ainarres.ledger import body

NUMBERS = st.integers(-body.GREATEST, body.GREATEST) | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_body_comes_back_and_stays(given_body: dict[str, Any]) -> None:
    kept = body.normalise(given_body)
    assert kept == given_body
    assert body.decode(body.encode(kept)) == kept
    assert body.normalise(kept) == kept


@given(NUMBERS)
def test_a_number_is_spelled_so_that_it_comes_back(number: float) -> None:
    kept = body.normalise({"n": number})["n"]
    text = body.spelling(kept)
    assert "e" not in text.lower()
    assert body.decode(f'{{"n": {text}}}')["n"] == kept


@pytest.mark.parametrize(
    ("number", "kept"), [(2.0, 2), (-0.0, 0), (float(2**53 - 1), 2**53 - 1), (1e16, 1e16), (True, True)]
)
def test_whole_doubles_become_integers(number: float, kept: float) -> None:
    found = body.normalise({"n": number})["n"]
    assert (type(found), found) == (type(kept), kept)
    assert math.copysign(1, found) == 1


@pytest.mark.parametrize(
    ("value", "path", "problem"),
    [
        ({"a": 2**53}, "$.a", "beyond 2^53"),
        ({"a": -(2**53)}, "$.a", "beyond 2^53"),
        ({"a": 10**5000}, "$.a", "beyond 2^53"),
        ({"a": [1, {"b": math.nan}]}, "$.a[1].b", "finite"),
        ({"a": -math.inf}, "$.a", "finite"),
        ({"a": {"b": "x\0y"}}, "$.a.b", "NUL"),
        ({"a\0": 1}, "$", "NUL"),
        ({"a": "\ud800"}, "$.a", "surrogate"),
        ({"\udfff": 1}, "$", "surrogate"),
        ({"a": {1: 2}}, "$.a", "not text: 1"),
        ({"a": {1, 2}}, "$.a", "no JSON value: set"),
        ({"a": b"x"}, "$.a", "no JSON value: bytes"),
    ],
)
def test_what_cannot_be_kept_is_named(value: dict[str, Any], path: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(problem)) as caught:
        body.normalise(value)
    assert caught.value.field == path
    assert caught.value.cure
    json.dumps(str(caught.value)).encode()


def test_depth_has_a_limit() -> None:
    body.normalise(nested(body.DEEPEST))
    with pytest.raises(InvalidInput, match="nested deeper than 64"):
        body.normalise(nested(body.DEEPEST + 1))
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidInput, match="nested deeper"):
        body.normalise({"a": deep})


def test_tuples_become_lists() -> None:
    assert body.normalise({"a": (1, (2,))}) == {"a": [1, [2]]}


def test_only_objects_are_bodies() -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        body.decode("[]")
