"""Reading a workflow file: every check of a definition, each with line, field and cure."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainarres.domain.definition import Problem, read_workflow
from ainarres.domain.workflow import Workflow

SOUND = """\
key = "loop"
title = "Write, review"
max_attempts = 3

[[stage]]
key = "todo"
initial = true
escalate_after = 2

[[stage]]
key = "review"
lease = "1h"

[[stage]]
key = "done"
terminal = true

[[transition]]
from = "todo"
to = "review"
kind = "advance"
requires = ["role:worker"]
artifacts = ["commit"]

[[transition]]
from = "review"
to = "done"
kind = "advance"
requires = [
  "role:reviewer",
  "tier:2",
]
reviews = "todo"

[[transition]]
from = "review"
to = "todo"
kind = "reject"
requires = ["role:reviewer"]
fault = "none"
"""


@dataclass(frozen=True)
class Case:
    """One edit of the sound file and the first problem it must give."""

    old: str
    new: str
    line: int
    field: str
    message: str
    cure: str


def problems(text: str) -> tuple[Problem, ...]:
    found = read_workflow(text, "loop.toml")
    assert isinstance(found, tuple), "the file was accepted"
    return found


def test_a_sound_file_is_read() -> None:
    assert isinstance(read_workflow(SOUND, "loop.toml"), Workflow)


EXTRA = '\n[[transition]]\nfrom = "{}"\nto = "{}"\nrequires = {}\n'
CASES = {
    "syntax": Case('title = "Write', 'title = Write"', 2, "syntax", "Invalid value", "TOML"),
    "no initial": Case("initial = true\n", "", 5, "stage todo", "no stage is initial", "initial = true"),
    "two initial": Case(
        'key = "review"\n',
        'key = "review"\ninitial = true\n',
        12,
        "stage review: initial",
        "'todo' is initial already",
        "one",
    ),
    "no terminal": Case("terminal = true\n", "", 14, "stage done", "no stage is terminal", "terminal = true"),
    "unreachable": Case(
        "[[transition]]",
        '[[stage]]\nkey = "lost"\n\n[[transition]]',
        18,
        "stage lost",
        "no task can reach 'lost'",
        "transition",
    ),
    "dead end": Case(
        '[[transition]]\nfrom = "todo"',
        '[[stage]]\nkey = "pit"\n' + EXTRA.format("todo", "pit", '["role:miner"]') + '\n[[transition]]\nfrom = "todo"',
        18,
        "stage pit",
        "'pit' leads to no terminal stage",
        "add a way to done",
    ),
    "terminal exit": Case(
        "\n[[transition]]",
        EXTRA.format("done", "todo", '["role:worker"]') + "\n[[transition]]",
        19,
        "transition done → todo: from",
        "'done' is terminal and has no exits",
        "remove",
    ),
    "nobody may create": Case(
        'to = "review"\nkind = "advance"',
        'to = "review"\nkind = "reject"',
        5,
        "stage todo",
        "nobody may create",
        "add one",
    ),
    "feature kind": Case(
        '"role:worker"', '"rule:worker"', 22, "transition todo → review: requires", "unknown kind 'rule'", "role:worker"
    ),
    "feature form": Case('"tier:2"', '"tier:x"', 29, "transition review → done: requires", "'tier:x' is not", "tier:2"),
    "no role": Case(
        '["role:worker"]', '["skill:c"]', 22, "transition todo → review: requires", "exactly one role:", "role:reviewer"
    ),
    "two roles": Case(
        '["role:worker"]',
        '["role:a", "role:b"]',
        22,
        "transition todo → review: requires",
        "role:a, role:b",
        "name one",
    ),
    "feature twice": Case(
        '["role:worker"]',
        '["role:a", "role:a"]',
        22,
        "transition todo → review: requires",
        "exactly one role:",
        "name one",
    ),
    "lease zero": Case('"1h"', '"0h"', 12, "stage review: lease", "'0h' is not between", "30m"),
    "lease number": Case('"1h"', "60", 12, "stage review: lease", "60 is not a duration", "30m"),
    "attempts": Case(
        "max_attempts = 3", "max_attempts = 0", 3, "max_attempts", "0 is out of bounds", "greater than or equal to 1"
    ),
    "escalation": Case(
        "escalate_after = 2",
        "escalate_after = 3",
        8,
        "stage todo: escalate_after",
        "not below max_attempts = 3",
        "lower",
    ),
    "reviews later": Case(
        'reviews = "todo"', 'reviews = "done"', 33, "transition review → done: reviews", "does not precede", "todo"
    ),
    "reviews itself": Case(
        'reviews = "todo"', 'reviews = "review"', 33, "transition review → done: reviews", "does not precede", "todo"
    ),
    "reviews differ": Case(
        'fault = "none"',
        'reviews = "todo"\nrule = "require"\nfault = "none"',
        40,
        "transition review → todo: reviews",
        "another review rule",
        "alike",
    ),
    "fault later": Case(
        'fault = "none"', 'fault = "done"', 40, "transition review → todo: fault", "does not precede", 'fault = "none"'
    ),
    "fault advance": Case(
        'reviews = "todo"',
        'reviews = "todo"\nfault = "todo"',
        34,
        "transition review → done: fault",
        "nobody at fault",
        "remove",
    ),
    "rule alone": Case(
        'reviews = "todo"',
        'rule = "require"',
        33,
        "transition review → done: rule",
        "nobody to differ from",
        "name the stage",
    ),
    "prefer_for alone": Case(
        'reviews = "todo"',
        'reviews = "todo"\nrule = "require"\nprefer_for = "5m"',
        35,
        "transition review → done: prefer_for",
        "means nothing",
        'rule = "prefer"',
    ),
    "unknown key": Case(
        'lease = "1h"', 'leese = "1h"', 12, "stage review: leese", "unknown key 'leese'", "did you mean lease?"
    ),
    "strange key": Case(
        'lease = "1h"', 'zzz = "1h"', 12, "stage review: zzz", "unknown key 'zzz'", "known here: key, title"
    ),
    "model name": Case(
        'from = "todo"', 'from_stage = "todo"', 18, "transition number 1: from", "is missing", "write from = … here"
    ),
    "unknown table": Case("[[stage]]", "[[stages]]", 5, "stages", "unknown key 'stages'", "did you mean stage?"),
    "missing key": Case('title = "Write, review"\n', "", 1, "title", "is missing", "write title"),
    "missing in table": Case('to = "review"\n', "", 18, "transition number 1: to", "is missing", "write to"),
    "choice": Case(
        'kind = "reject"', 'kind = "rejct"', 38, "transition review → todo: kind", "'rejct' is not a choice", "'reject'"
    ),
    "type": Case("initial = true", 'initial = "yes"', 7, "stage todo: initial", "wrong type", "true or false"),
    "lone text": Case(
        '["role:worker"]', '"role:worker"', 22, "transition todo → review: requires", "wrong type", "square brackets"
    ),
    "stage twice": Case('key = "done"', 'key = "todo"', 15, "stage todo: key", "declared twice", "a key of its own"),
    "stage unknown": Case(
        'to = "done"', 'to = "dome"', 27, "transition review → dome: to", "no stage 'dome'", "todo, review, done"
    ),
    "self": Case(
        'to = "todo"', 'to = "review"', 37, "transition review → review: to", "ends elsewhere", "another stage"
    ),
    "transition twice": Case(
        "[[transition]]",
        '[[transition]]\nfrom = "todo"\nto = "review"\nrequires = ["role:worker"]\n\n[[transition]]',
        23,
        "transition todo → review",
        "declared twice",
        "remove one",
    ),
    "done cannot choose": Case(
        "\n[[transition]]",
        EXTRA.format("todo", "done", '["role:worker", "capability:skip"]') + "\n[[transition]]",
        27,
        "transition todo → review: requires",
        "done could not choose",
        "a feature on each",
    ),
    "approves alone": Case(
        'requires = ["role:worker"]',
        'requires = ["role:worker"]\napproves = true',
        23,
        "transition todo → review: approves",
        "reviews",
        "name",
    ),
    "nothing approved": Case(
        'artifacts = ["commit"]',
        'artifacts = ["commit"]\nrequires_approval = true',
        24,
        "transition todo → review: requires_approval",
        "no transition before 'todo' approves",
        "approves = true",
    ),
    "nothing to differ": Case(
        'artifacts = ["commit"]',
        "differs = true",
        23,
        "transition todo → review: differs",
        "need not be presented",
        '["commit"]',
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_flaw_is_named_with_line_field_and_cure(case: Case) -> None:
    assert case.old in SOUND
    problem = problems(SOUND.replace(case.old, case.new, 1))[0]
    assert (problem.source, problem.line, problem.field) == ("loop.toml", case.line, case.field)
    assert case.message in problem.message
    assert case.cure in problem.cure


def test_all_flaws_of_fields_come_at_once_in_the_order_of_lines() -> None:
    text = SOUND.replace('"1h"', '"1x"').replace('"role:worker"', '"worker"').replace("max_attempts = 3", "max = 3")
    assert [problem.line for problem in problems(text)] == [3, 12, 22]


def test_a_problem_is_one_line_for_a_terminal() -> None:
    (problem,) = problems(SOUND.replace("= true\nescalate", "= true\nescalade"))
    assert str(problem) == (
        "loop.toml:8: stage todo: escalade_after: unknown key 'escalade_after' (did you mean escalate_after?)"
    )


@given(st.data())
def test_no_edit_of_a_line_breaks_the_reader(data: st.DataObject) -> None:
    lines = SOUND.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    other = data.draw(
        st.sampled_from([*lines, 'a = "', "[[stage.key]]", "[transition]", "x = nan", "lease = 1e400", "stage = 1"])
    )
    edited = [*lines[:place], *data.draw(st.sampled_from([[], [other], [lines[place], other]])), *lines[place + 1 :]]
    read = read_workflow("\n".join(edited), "loop.toml")
    if isinstance(read, tuple):
        assert read
        assert all(1 <= problem.line <= len(edited) and problem.cure for problem in read)
    else:
        assert Workflow.from_json(read.to_json()) == read


def test_two_roles_may_share_a_move_and_two_keys_may_part_ways() -> None:
    text = SOUND + EXTRA.format("todo", "review", '["role:apprentice"]') + EXTRA.format("todo", "done", '["role:boss"]')
    workflow = read_workflow(text, "loop.toml")
    assert isinstance(workflow, Workflow)
    assert [move.role for move in workflow.find("todo", "review", "advance")] == ["worker", "apprentice"]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "key = ", "[[stage]", 'key = """\n', "stage = 5", "stage = [1]", "\ufeffkey = 1"]
)
def test_no_text_is_accepted_or_breaks_the_reader(text: str) -> None:
    assert problems(text)


def test_a_card_that_nobody_published_is_named_where_cards_are_known() -> None:
    text = SOUND.replace('lease = "1h"', 'lease = "1h"\nrole_card = "reviwer"')
    assert isinstance(read_workflow(text, "loop.toml"), Workflow)
    assert isinstance(read_workflow(text, "loop.toml", {"reviwer"}), Workflow)
    assert read_workflow(text, "loop.toml", {"worker", "reviewer"}) == (
        Problem(
            "loop.toml",
            13,
            "stage review: role_card",
            "no role card 'reviwer'",
            "publish it first: ainarres card adopt reviwer.md; published are reviewer, worker",
        ),
    )
