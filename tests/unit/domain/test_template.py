"""Templates: read, checked, filled in."""

import pytest

from ainarres.domain.malformed import MalformedError
from ainarres.domain.template import Template, expand, read_template

FILE = """\
key = "pair"

[parameters.title]
description = "What it is"

[parameters.depth]
default = "deep"

[[task]]
key = "one"
title = "One: {title}"
payload = { goal = "{title}, {depth}, {{literal}}", list = ["{title}", 1], flag = true }

[[task]]
key = "two"
title = "Two"
after = ["one"]
skills = ["coding"]
"""


def template(text: str = FILE) -> Template:
    found = read_template(text, "pair.toml")
    assert isinstance(found, Template), found
    return found


def test_parameters_are_filled_in_everywhere() -> None:
    one, two = expand(template(), {"title": "Fold {braces}"})
    assert one.title == "One: Fold {braces}"
    assert one.payload == {
        "goal": "Fold {braces}, deep, {literal}",
        "list": ["Fold {braces}", 1],
        "flag": True,
    }
    assert (two.after, two.skills) == (("one",), ("coding",))


@pytest.mark.parametrize(
    ("given", "message"), [({}, "needs 'title' .*What it is"), ({"title": "x", "titel": "y"}, "no parameter 'titel'")]
)
def test_a_wrong_parameter_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(MalformedError, match=message):
        expand(template(), given)


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message"),
    [
        ('after = ["one"]', 'after = ["tow"]', 17, "task two: after", "no task 'tow' above"),
        ('after = ["one"]', 'after = ["two"]', 17, "task two: after", "no task 'two' above"),
        ('key = "two"', 'key = "one"', 15, "task one: key", "declared twice"),
        ("One: {title}", "One: {titel}", 11, "task one: title", "no parameter 'titel'"),
        ("{depth}", "{dept}", 12, "task one: payload.goal", "no parameter 'dept'"),
        ("{{literal}}", "{literal", 12, "task one: payload.goal", "a brace is not a parameter"),
        ("{depth}", "{depth.x}", 12, "task one: payload.goal", "a brace is not a parameter"),
        ("flag = true", "flag = 2026-01-01", 12, "task one: payload.flag", "is not JSON"),
        ('["coding"]', '["Co Ding"]', 18, "task two: skills", "not a well-formed skill"),
    ],
)
def test_a_flaw_is_named(old: str, new: str, line: int, field: str, message: str) -> None:
    found = read_template(FILE.replace(old, new, 1), "pair.toml")
    assert isinstance(found, tuple)
    assert (found[0].line, found[0].field) == (line, field)
    assert message in found[0].message
