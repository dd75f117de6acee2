"""Canonical JSON: the vectors of RFC 8785, the quick way against the library, the spelling the ledger insists on."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ainarres.ledger import body, canonical

NUMBERS = {  # RFC 8785, appendix B
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}
KEYS = '{"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "\\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",\
 "\\ud83d\\ude00": "Emoji: Grinning Face", "\\u0080": "Control", "\\u00f6": "Latin Small Letter O With Diaeresis"}'
ORDER = ["Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis", "Euro Sign"]
LAST = ["Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"]

_texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_characters="\0", codec="utf-8"))
)
_numbers = _scalars | st.floats(allow_nan=False, allow_infinity=False)
documents = st.dictionaries(
    _texts,
    st.recursive(_numbers, lambda inner: st.lists(inner, max_size=4), max_leaves=8),
    max_size=6,
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_spelt_as_in_the_standard(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical.encode(number) == text.encode()


def test_keys_stand_in_the_order_of_utf_16() -> None:
    document = canonical.encode(json.loads(KEYS))
    assert list(json.loads(document).values()) == ORDER + LAST


def test_the_standard_s_example_of_everything() -> None:
    given_text = (
        '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}'
    )
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical.encode(json.loads(given_text)).decode() == expected


@given(documents)
def test_the_quick_way_is_the_library_s(document: dict[str, Any]) -> None:
    kept = body.normalise(document)
    expected = rfc8785.dumps(kept)
    assert canonical.of(kept) == expected
    assert canonical.from_jsonb(_as_jsonb(kept)) == expected
    assert canonical.from_line(expected) == kept


@pytest.mark.parametrize(
    "number",
    ["1.0", "0.1000000000000000055", "1.50", "9007199254740993", "1e400", "10.0", "0.0", "-0.0", "1" + "0" * 400],
)
def test_another_spelling_of_a_number_was_not_written_by_the_ledger(number: str) -> None:
    with pytest.raises(canonical.Misspelt, match="number"):
        canonical.from_jsonb(f'{{"n": [{number}]}}')


@pytest.mark.parametrize("number", ["1", "-1", "0.1", "9007199254740991", "9007199254740992.0", "0.0000001", "123.25"])
def test_the_ledger_s_own_spelling_is_taken(number: str) -> None:
    assert json.loads(canonical.from_jsonb(f'{{"n": {number}}}')) == {"n": json.loads(number)}


@pytest.mark.parametrize(
    "line", ['{"a": 1}', '{"b":1,"a":2}', '{"a":1.0}', "[1]", "{", '{"a":1,"a":1}', '{"a":"\\u0041"}']
)
def test_a_line_has_one_spelling(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is json's own
        canonical.from_line(line.encode())


def _as_jsonb(document: object) -> str:
    """Spell a document as PostgreSQL shows its jsonb: numbers without exponents."""
    if isinstance(document, dict):
        return (
            "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_as_jsonb(v)}" for k, v in document.items()) + "}"
        )
    if isinstance(document, list):
        return "[" + ", ".join(map(_as_jsonb, document)) + "]"
    if isinstance(document, bool) or not isinstance(document, int | float):
        return json.dumps(document, ensure_ascii=False)
    return body.spelling(document)
