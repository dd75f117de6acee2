"""Which lanes a caller works on, and of which it sees the tasks."""

from __future__ import annotations

import pytest

from ainarres.domain.context import Caller, Scope

FEATURES = frozenset({"lane:web/dev", "lane:web/docs", "role:designer", "tier:2"})


@pytest.mark.parametrize("scope", ["agent", "meter"])
def test_an_agent_sees_the_lanes_of_its_features(scope: Scope) -> None:
    caller = Caller(actor="a", scope=scope, features=FEATURES)
    assert caller.lanes == frozenset({"web/dev", "web/docs"})
    assert caller.seen == caller.lanes
    assert caller.sees("web/dev")
    assert not caller.sees("web/vault")


@pytest.mark.parametrize("scope", ["monitor", "operator", "human"])
def test_whoever_monitors_sees_every_lane_and_works_on_its_own(scope: Scope) -> None:
    caller = Caller(actor="a", scope=scope, features=FEATURES)
    assert caller.lanes == {"web/dev", "web/docs"}
    assert caller.seen is None
    assert caller.sees("web/vault")
