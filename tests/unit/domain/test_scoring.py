"""The order in which a scoring lane offers its tasks: the sum of its parts, whoever sorted the candidates before."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ainarres.domain.events import Score
from ainarres.domain.scoring import Asker, Candidate, ranked, score

SKILLS = ("python", "sql", "css")
CAPABILITIES = ("role:implementer", "role:reviewer")


def candidate(number: int = 1, **more: object) -> Candidate:
    said = {"project": "web", "priority": 3, "skills": (), "capability": "role:implementer", **more}
    return Candidate(task=UUID(int=number), position=number, **said)  # type: ignore[arg-type]


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    numbers = draw(st.lists(st.integers(1, 500), unique=True, max_size=20))
    return [
        candidate(
            number,
            project=draw(st.sampled_from(("web", "app"))),
            priority=draw(st.integers(1, 5)),
            skills=tuple(draw(st.lists(st.sampled_from(SKILLS), max_size=4))),
            capability=draw(st.sampled_from(CAPABILITIES)),
        )
        for number in numbers
    ]


ASKERS = st.builds(
    Asker,
    features=st.frozensets(st.sampled_from([f"skill:{s}" for s in SKILLS] + ["lane:web/dev", "tier:2"])),
    last_project=st.sampled_from((None, "web", "app")),
    reputation=st.dictionaries(st.sampled_from(CAPABILITIES), st.floats(0, 1)),
)


def test_a_score_is_the_sum_of_its_parts() -> None:
    asker = Asker(
        features=frozenset({"skill:python", "skill:sql", "role:implementer"}),
        last_project="web",
        reputation={"role:implementer": 0.43851},
    )
    one = candidate(priority=4, skills=("sql", "python", "css", "sql"))
    assert score(one, asker) == Score(skills=6.0, priority=4.0, project=2.0, reputation=0.4385, total=12.4385)
    stranger = Asker(features=frozenset())
    assert score(one, stranger) == Score(skills=0.0, priority=4.0, project=0.0, reputation=0.0, total=4.0)


def test_a_skill_in_common_outweighs_two_steps_of_priority() -> None:
    asker = Asker(features=frozenset({"skill:css"}))
    fits, urgent = candidate(2, priority=2, skills=("css",)), candidate(1, priority=4)
    assert [one for one, _ in ranked([urgent, fits], asker)] == [fits, urgent]


@given(candidates(), ASKERS, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_before(found: list[Candidate], asker: Asker, chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert ranked(shuffled, asker) == ranked(found, asker)


@given(candidates(), ASKERS)
def test_better_comes_first_and_ties_go_by_priority_then_age(found: list[Candidate], asker: Asker) -> None:
    order = ranked(found, asker)
    assert sorted(one.position for one, _ in order) == sorted(one.position for one in found)
    for (first, mine), (second, theirs) in pairwise(order):
        assert mine.total >= theirs.total
        if mine.total == theirs.total:
            assert (-first.priority, first.position) < (-second.priority, second.position)


@given(candidates(), ASKERS)
def test_a_total_is_its_parts_and_a_reputation_alone_never_outweighs_a_step(
    found: list[Candidate], asker: Asker
) -> None:
    for _, points in ranked(found, asker):
        assert abs(points.total - (points.skills + points.priority + points.project + points.reputation)) < 1e-6
        assert 0 <= points.reputation <= 1
