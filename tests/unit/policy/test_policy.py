"""Policy files: the stock is sound, and what is wrong with a file is told with line and cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ainarres import stock
from ainarres.domain.policy import Policy, diff_policies, read_policy

FOLDER = Path(__file__).parents[3] / "governance"
SUSPEND = '[action.suspend]\nbase = "1h"\n'


@pytest.mark.parametrize("name", stock.names("policy"))
def test_the_stock_is_sound_and_survives_its_json(name: str) -> None:
    text = stock.read("policy", name)
    policy = read_policy(text, f"{name}.toml")
    assert isinstance(policy, Policy), policy
    assert policy.key == name
    assert Policy.from_json(policy.to_json()) == policy
    assert (FOLDER / text.splitlines()[0].removeprefix("#:schema ")).is_file()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f'key = "x"\n[rule.sequential]\np0 = 0.5\np1 = 0.4\n{SUSPEND}', 2, "tolerable"),
        (f'key = "x"\n[rule.sequential]\np9 = 0.5\n{SUSPEND}', 3, "known here: p0"),
        (f'key = "x"\n[rule.spend]\n{SUSPEND}', 1, "never suspends"),
        ('key = "x"\n[rule.strikes]\n[action.flag]\nkind = "quality"\n', 1, "its verdict is a suspension"),
        (f'key = "x"\n[rule.strikes]\n[rule.sequential]\n{SUSPEND}', 2, "one rule"),
        ('key = "x"\n[rule.strikes]\n', 1, "write a table [action]"),
        (f'key = "x"\n[scope]\ncapability = "lane:web/dev"\n[rule.strikes]\n{SUSPEND}', 3, "capabilities are roles"),
    ],
)
def test_what_is_wrong_is_told(text: str, line: int, said: str) -> None:
    problems = read_policy(text, "x.toml")
    assert isinstance(problems, tuple)
    assert problems[0].line == line, problems[0]
    assert said in str(problems[0])


@pytest.mark.parametrize("word", ["grant", "revoke", "lift"])
def test_a_policy_has_no_word_for_what_only_a_person_may_do(word: str) -> None:
    problems = read_policy(f'key = "x"\n[rule.strikes]\n[action.{word}]\nfeature = "role:reviewer"\n', "x.toml")
    assert isinstance(problems, tuple)
    assert any("unknown key" in str(problem) for problem in problems)


def test_the_difference_is_told_setting_by_setting() -> None:
    old = Policy.from_json({"key": "x", "rule": {"strikes": {}}, "action": {"suspend": {}}})
    new = Policy.from_json({"key": "x", "rule": {"strikes": {"threshold": 5}}, "action": {"suspend": {"cap": "2h"}}})
    assert diff_policies(old, new) == ["~ rule.strikes.threshold 3 → 5", "~ action.suspend.cap 1d → 2h"]
