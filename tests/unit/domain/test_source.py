"""The line of everything in a TOML file, and what a path is called."""

import pytest

from ainarres.domain.source import Source, load

TEXT = '''\
a = 1
b.c = """
[not.a.table]
d = 2
"""
"quoted key" = [
  1, # ]
  [2],
]
inline = { x = 1, y = { z = 2 } }

[table.inner]
e = 'text # not a comment'

[[list]]
key = "first"
[list.sub]
f = 1
[[list.deep]]
g = 1
[[list.deep]]
g = 2

[[list]]
key = "second"
[[list.deep]]
g = 3
'''


def source() -> Source:
    loaded = load(TEXT, "any.toml")
    assert isinstance(loaded, Source)
    return loaded


def test_every_path_has_its_line() -> None:
    lines = source().lines
    expected = {
        ("a",): 1,
        ("b", "c"): 2,
        ("quoted key",): 6,
        ("quoted key", 1, 0): 6,
        ("inline", "y", "z"): 10,
        ("table", "inner"): 12,
        ("table", "inner", "e"): 13,
        ("list",): 15,
        ("list", 0): 15,
        ("list", 0, "sub", "f"): 18,
        ("list", 0, "deep", 1, "g"): 22,
        ("list", 1): 24,
        ("list", 1, "key"): 25,
        ("list", 1, "deep", 0, "g"): 27,
    }
    assert {path: lines.get(path) for path in expected} == expected
    assert ("d",) not in lines


def test_what_is_missing_is_placed_at_the_table_that_lacks_it() -> None:
    assert source().problem(("list", 1, "nothing"), "", "").line == 24
    assert source().problem(("nothing",), "", "").line == 1


def test_windows_line_ends_change_no_line() -> None:
    loaded = load(TEXT.replace("\n", "\r\n"), "any.toml")
    assert isinstance(loaded, Source)
    assert loaded.lines == source().lines


def test_items_are_called_by_their_key() -> None:
    assert source().problem(("list", 1, "deep", 0, "g"), "", "").field == "list second: deep number 1: g"
    assert source().problem((), "", "").field == "file"


@pytest.mark.parametrize("text", ["a = " + "1" * 5000, "a = " + "[" * 5000 + "]" * 5000])
def test_what_python_cannot_read_is_a_problem_too(text: str) -> None:
    assert isinstance(load(text, "any.toml"), tuple)


def test_a_syntax_error_at_the_end_is_on_the_last_line() -> None:
    found = load('a = 1\nb = "', "any.toml")
    assert isinstance(found, tuple)
    (problem,) = found
    assert (problem.line, problem.field) == (2, "syntax")
