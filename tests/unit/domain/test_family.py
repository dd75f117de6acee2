"""Families and their grants."""

import pytest

from ainarres.domain.family import Family, read_families, short
from ainarres.domain.source import Problem

FILE = """\
[[family]]
key = "claude-code+sonnet"
maker = "anthropic"
cost_class = 3
grants = ["lane:web/dev", "role:reviewer"]
skills = ["python"]

[[family]]
key = "opencode+qwen3.6"
label = "qwen"
maker = "alibaba"
cost_class = 0
grants = ["role:implementer", "tier:2"]
"""
KNOWN = frozenset({"lane:web/dev", "role:reviewer", "role:implementer"})


def families(text: str = FILE) -> tuple[Family, ...]:
    found = read_families(text, "families.toml", KNOWN)
    assert all(isinstance(item, Family) for item in found), found
    return tuple(item for item in found if isinstance(item, Family))


def problem(text: str) -> Problem:
    first = read_families(text, "families.toml", KNOWN)[0]
    assert isinstance(first, Problem)
    return first


def test_families_are_read_in_order_with_labels() -> None:
    assert [(family.key, family.label) for family in families()] == [
        ("claude-code+sonnet", "claude"),
        ("opencode+qwen3.6", "qwen"),
    ]


@pytest.mark.parametrize(
    ("key", "label"), [("claude-code+opus", "claude"), ("opencode+x", "opencode"), ("grok+grok-4.6", "grok")]
)
def test_the_label_is_the_short_form_of_the_harness(key: str, label: str) -> None:
    assert short(key) == label


def test_skills_are_features_too() -> None:
    assert families()[0].features == {"lane:web/dev", "role:reviewer", "skill:python"}


@pytest.mark.parametrize(
    ("edit", "line", "field", "message", "cure"),
    [
        (("role:reviewer", "role:reviwer"), 5, "grants", "no workflow or lane knows", "did you mean role:reviewer?"),
        (("role:reviewer", "capability:x"), 5, "grants", "no workflow or lane knows", "adopt"),
        (("role:reviewer", "rolle:x"), 5, "grants", "unknown kind", "role:x"),
        (("role:reviewer", "lane:web/dev"), 5, "grants", "granted twice", "remove"),
        (("claude-code+sonnet", "claude-code"), 2, "key", "not a family", "harness+model"),
        (("opencode+qwen3.6", "claude-code+sonnet"), 9, "key", "declared twice", "remove"),
        (('maker = "anthropic"\n', ""), 1, "maker", "is missing", "write maker"),
        (("cost_class = 3", "cost_class = -1"), 4, "cost_class", "out of bounds", "greater"),
        (("cost_class", "cost_clas"), 1, "cost_class", "is missing", "write cost_class"),
        (('"python"', '"Python 3"'), 6, "skills", "not a well-formed skill", "skill:python"),
    ],
)
def test_a_flaw_is_named(edit: tuple[str, str], line: int, field: str, message: str, cure: str) -> None:
    found = problem(FILE.replace(*edit, 1))
    assert (found.line, found.field.rpartition(": ")[2].partition(".")[0]) == (line, field)
    assert message in found.message
    assert cure in found.cure


def test_without_knowledge_of_workflows_only_spelling_is_checked() -> None:
    found = read_families(FILE.replace("role:reviewer", "role:reviwer"), "families.toml")
    assert all(isinstance(item, Family) for item in found)


def test_a_file_without_a_family_is_refused() -> None:
    found = read_families("", "families.toml")[0]
    assert isinstance(found, Problem)
    assert (found.message, found.cure) == ("is missing", "write a table [[family]]")


def test_a_flaw_in_the_only_family_is_told_once() -> None:
    found = read_families('[[family]]\nkey = "a+b"\nmaker = "m"\ncost_class = 1\ngrants = ["magic:yes"]\n', "f.toml")
    assert [str(one).partition(" (")[0] for one in found] == [
        "f.toml:5: family a+b: grants: unknown kind 'magic' in feature 'magic:yes'"
    ]
