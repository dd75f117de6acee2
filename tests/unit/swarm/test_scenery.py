"""The demo plays the stock workflow, only faster."""

from __future__ import annotations

import tomllib

from ainarres import stock
from ainarres.domain import duration
from ainarres.swarm.demo import scenery


def test_only_the_leases_differ_from_the_stock_workflow() -> None:
    ours, theirs = tomllib.loads(scenery.workflow()), tomllib.loads(stock.read("workflow", "dev"))
    for one in (ours, *ours["stage"]):
        if "lease" in one:
            assert duration.parse(one.pop("lease")).total_seconds() < 60
    for one in (theirs, *theirs["stage"]):
        one.pop("lease", None)
    assert ours == theirs


def test_every_task_of_the_brief_stands_for_itself() -> None:
    tasks = scenery.sample()["task"]
    assert len({task["module"] for task in tasks} | {task["test"] for task in tasks}) == 2 * len(tasks)
    assert all(task["module"] not in scenery.sample()["files"] for task in tasks)
