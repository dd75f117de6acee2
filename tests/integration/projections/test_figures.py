"""Every figure of the story, worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.projections.story import GROK, OPUS, QWEN, SONNET

from ainarres.database.connect import connect
from ainarres.projections import catchup, epics, reviews, track_record
from ainarres.projections.following import PROJECTIONS
from ainarres.projections.intervals import newcombe, wilson
from ainarres.projections.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from tests.database import Database
    from tests.integration.projections.story import Story

    from ainarres.projections.reviews import Figures
    from ainarres.projections.track_record import Record


@pytest.fixture
def connection(story: Story, database: Database) -> Iterator[psycopg.Connection[Any]]:
    with connect(database.url) as opened:
        yield opened


def span(connection: psycopg.Connection[Any], **more: Any) -> Span:
    standing = catchup.ready(connection, tuple(PROJECTIONS.values()))
    assert {one.lag for one in standing} == {0}
    return Span(**{"upto": standing[0].position, **more})


def records(connection: psycopg.Connection[Any], **more: Any) -> dict[tuple[str, str], Record]:
    found = track_record.read(connection, span(connection, **more)).records
    assert {one.workflow for one in found} <= {"dev", "intake"}
    return {(one.family, one.stage): one for one in found if one.workflow == "dev"}


def counts(one: Record) -> tuple[int, ...]:
    return one.delivered, one.submissions, one.first_pass, one.rejected, one.released, one.expired


def times(one: Record) -> tuple[float | None, ...]:
    return tuple(None if t is None else round(t, 6) for t in (one.hold_p50, one.hold_p95, one.cycle_p50))


def test_the_track_record(connection: psycopg.Connection[Any]) -> None:
    found = records(connection)
    assert {key: counts(one) for key, one in found.items()} == {
        # delivered, submissions, first pass, rejected, released, expired
        (OPUS, "proposed"): (4, 4, 4, 0, 0, 0),
        (OPUS, "implementing"): (1, 1, 0, 1, 0, 0),  # T4 came back
        (QWEN, "implementing"): (2, 4, 1, 2, 1, 1),  # T1 three times, T3 once
        (GROK, "implementing"): (1, 2, 0, 1, 0, 0),  # T2 twice
        (GROK, "reviewing"): (3, 4, 3, 0, 0, 0),  # T1 twice, T2, T3
        (SONNET, "reviewing"): (0, 0, 0, 0, 0, 0),  # only ever rejected
        (SONNET, "validating"): (2, 2, 2, 0, 0, 0),  # T1, T2
    }
    assert {key: times(one) for key, one in found.items()} == {
        # holds in order: 5 10 10 10; cycles 10 10 15 20
        (OPUS, "proposed"): (10, 10, 12.5),
        (OPUS, "implementing"): (30, 30, 40),
        # 30 40 60 60 100 120, the last one ran out; cycles 70 100 140 250
        (QWEN, "implementing"): (60, 115, 120),
        (GROK, "implementing"): (55, 95.5, 62.5),
        (GROK, "reviewing"): (35, 57, 55),
        # 20 20 60, no exit
        (SONNET, "reviewing"): (20, 56, None),
        (SONNET, "validating"): (50, 59, 45),
    }
    assert {one.capability for key, one in found.items() if key[1] == "implementing"} == {"role:implementer"}
    assert {one.capability for key, one in found.items() if key[1] == "validating"} == {"role:reviewer"}


def test_rates_have_their_intervals_and_samples(connection: psycopg.Connection[Any]) -> None:
    qwen = records(connection)[QWEN, "implementing"]
    assert (qwen.first_pass_rate.value, qwen.first_pass_rate.of) == (0.5, 2)
    assert qwen.first_pass_rate.interval == wilson(1, 2)
    assert (qwen.reject_rate.value, qwen.reject_rate.of) == (0.5, 4)
    sonnet = records(connection)[SONNET, "reviewing"]
    assert (sonnet.reject_rate.value, sonnet.reject_rate.interval) == (None, None)


def test_spend_stands_beside_and_unknown_is_not_zero(connection: psycopg.Connection[Any]) -> None:
    found = records(connection)
    qwen, sonnet, grok = found[QWEN, "implementing"], found[SONNET, "reviewing"], found[GROK, "reviewing"]
    assert (
        qwen.to_json()
        | {
            "tokens_input": 100,
            "tokens_output": 50,
            "tokens_cache_read": None,
            "tokens_cache_write": None,
            "tokens_per_delivery": 75,  # 150 over T1 and T3
            "measured_share": 0.25,  # one of four advances
        }
        == qwen.to_json()
    )
    assert sonnet.to_json()["tokens_input"] == 200
    assert sonnet.tokens_per_delivery is None
    assert sonnet.measured_share == pytest.approx(1 / 3)
    assert (grok.tokens, grok.tokens_per_delivery, grok.measured_share) == (None, None, 0)
    said_nothing = found[SONNET, "validating"]
    assert said_nothing.tokens is not None
    assert (said_nothing.tokens.total, said_nothing.measured_share) == (None, 0)
    idle = track_record.read(connection, span(connection)).idle
    assert {(one.family, one.empty_claims, one.tokens_moved_nothing) for one in idle} == {
        (GROK, 1, None),
        (QWEN, 0, 500),
        (SONNET, 0, None),
    }


def sums(one: Figures) -> tuple[Any, ...]:
    return (
        one.reviews,
        one.approved,
        one.rejected,
        one.escaped,
        one.overturned,
        one.median_review_seconds,
        one.hasty_approvals,
    )


def test_the_reviews(connection: psycopg.Connection[Any]) -> None:
    found = reviews.read(connection, span(connection))
    assert {(one.reviewer, one.author, one.stage): sums(one) for one in found.by_family.pairs} == {
        # reviews, approved, rejected, escaped, overturned, median, hasty
        (SONNET, QWEN, "reviewing"): (1, 0, 1, 0, 0, 60, 0),
        (GROK, QWEN, "reviewing"): (3, 3, 0, 1, 0, 30, 1),  # 20 30 60; the one of 20 escaped
        (SONNET, QWEN, "validating"): (2, 1, 1, 0, 0, 40, 0),  # 60 20
        (SONNET, GROK, "reviewing"): (1, 0, 1, 0, 1, 20, 0),  # another agent approved the same commit
        (GROK, GROK, "reviewing"): (1, 1, 0, 0, 0, 40, 0),
        (SONNET, GROK, "validating"): (1, 1, 0, 0, 0, 50, 0),
        (SONNET, OPUS, "reviewing"): (1, 0, 1, 0, 0, 20, 0),
    }
    # in order: 20 20 20 20 30 40 50 60 60 60
    assert sums(found.total) == (10, 6, 4, 1, 1, 35, 1)
    assert {one.reviewer: sums(one) for one in found.by_family.reviewers} == {
        SONNET: (6, 2, 4, 0, 1, 35, 0),  # 20 20 20 50 60 60
        GROK: (4, 4, 0, 1, 0, 35, 1),  # 20 30 40 60
    }
    matrix = {(one.reviewer, one.author): one.reviews for one in found.by_family.matrix}
    assert matrix == {(SONNET, QWEN): 3, (SONNET, GROK): 2, (SONNET, OPUS): 1, (GROK, QWEN): 3, (GROK, GROK): 1}
    makers = {(one.reviewer, one.author): one.reviews for one in found.by_maker.matrix}
    assert makers == {
        ("anthropic", "alibaba"): 3,
        ("anthropic", "xai"): 2,
        ("anthropic", "anthropic"): 1,
        ("xai", "alibaba"): 3,
        ("xai", "xai"): 1,
    }


def test_whether_a_strangers_eye_catches_more(connection: psycopg.Connection[Any]) -> None:
    found = reviews.read(connection, span(connection))
    family, maker = found.by_family.kinship, found.by_maker.kinship
    assert (sums(family.same)[:4], sums(family.cross)[:4]) == ((1, 1, 0, 0), (9, 5, 4, 1))
    assert (family.same.catch_rate.value, family.cross.catch_rate.value) == (None, 0.8)
    assert (family.advantage.value, family.advantage.interval) == (None, None)
    assert (sums(maker.same)[:4], sums(maker.cross)[:4]) == ((2, 1, 1, 0), (8, 5, 3, 1))
    assert maker.advantage.value == pytest.approx(-0.25)  # 3 of 4 against 1 of 1
    assert maker.advantage.interval == newcombe(3, 4, 1, 1)


def test_figures_as_of_an_earlier_position_know_nothing_of_later(
    story: Story, connection: psycopg.Connection[Any]
) -> None:
    span(connection)
    before = reviews.read(connection, Span(upto=story.escape - 1))
    assert [sums(one) for one in before.by_family.pairs if one.reviewer == GROK] == [(1, 1, 0, 0, 0, 20, 0)]
    then = track_record.read(connection, Span(upto=story.first_reject - 1)).records
    assert [counts(one) for one in then if one.family == QWEN] == [(1, 1, 1, 0, 0, 0)]
    since = track_record.read(connection, Span(upto=story.overturn, after=story.shipped_one)).records
    assert {one.family for one in since} == {OPUS, GROK, SONNET}


def test_epics(story: Story, connection: psycopg.Connection[Any]) -> None:
    whole = span(connection)
    told = {"epic": story.shop, "title": "the shop", "status": "open", "tasks": 3, "done": 2, "cancelled": 0}
    assert [one.to_json() for one in epics.read(connection, whole)] == [
        told | dict.fromkeys(("verdict", "code", "reason", "rework"))
    ]
    then = epics.read(connection, Span(upto=story.shipped_two))
    assert [(one.status, one.tasks, one.done) for one in then] == [("delivered", 2, 2)]


def test_one_epic_or_lane(story: Story, connection: psycopg.Connection[Any]) -> None:
    assert counts(records(connection, epic=story.shop)[QWEN, "implementing"]) == (1, 3, 0, 2, 1, 0)
    assert counts(records(connection, lane="web/dev")[QWEN, "implementing"]) == (2, 4, 1, 2, 1, 1)
    assert track_record.read(connection, span(connection, lane="web/none")).records == ()
