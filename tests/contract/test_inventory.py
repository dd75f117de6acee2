"""Which of the library's cases run, and how many: a case that vanishes, here or in the library, is noticed."""

from __future__ import annotations

import unittest
from unittest import TestCase

import pytest
from eventsourcing.dcb import tests as dcb
from eventsourcing.tests import application, persistence, projection
from tests.contract import test_library as ours

CASES: dict[type[TestCase], int] = {
    ours.TestApplicationRecorder: 5,
    ours.TestNonInterleaving: 1,
    ours.TestTrackingRecorder: 2,
    ours.TestProcessRecorder: 4,
    ours.TestFactory: 9,
    ours.TestTranscoder: 14,
    ours.TestCountersView: 1,
    ours.TestProjection: 2,
    ours.TestEventSourcedProjection: 1,
    ours.TestExampleApplication: 1,
}
NOT_OURS: dict[type[TestCase], str] = {
    persistence.RecorderTestCase: "assertions for the others, no case",
    persistence.AggregateRecorderTestCase: "snapshots, which the library's own recorder keeps",
    application.ApplicationTestCase: "the library's application in memory; takes no persistence from its subclass",
    projection.TaggedDecisionCountersProjectionTestCase: "dynamic consistency boundaries, which we do not offer",
    dcb.DCBRecorderTestCase: "dynamic consistency boundaries, which we do not offer",
}


def shipped() -> set[type[TestCase]]:
    """Every case class that the library's wheel brings for its interfaces."""
    return {
        member
        for module in (application, persistence, projection, dcb)
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, TestCase) and member.__module__ == module.__name__
    }


def test_every_shipped_case_is_run_or_has_a_reason_not_to() -> None:
    run = {base for case in CASES for base in case.__bases__} & shipped()
    assert len(run) == len(CASES)
    assert shipped() == run | set(NOT_OURS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_each_case_has_its_tests(case: type[TestCase]) -> None:
    names = unittest.TestLoader().getTestCaseNames(case)
    assert len(names) == CASES[case], names
    assert not [name for name in names if getattr(getattr(case, name), "__unittest_skip__", False)]


def test_no_case_runs_unlisted() -> None:
    found = {each for each in vars(ours).values() if isinstance(each, type) and issubclass(each, TestCase)}
    assert found == set(CASES)
