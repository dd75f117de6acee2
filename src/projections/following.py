"""The catch-up projections there are, each declared beside its SQL."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from ainarres.faults import InvalidInput
from ainarres.projections import epics, reviews, spend, track_record, watch

if TYPE_CHECKING:
    from ainarres.projections.catchup import Projection

PROJECTIONS: dict[str, Projection] = {
    one.name: one
    for one in (track_record.PROJECTION, reviews.PROJECTION, spend.PROJECTION, epics.PROJECTION, watch.PROJECTION)
}
"""By name, the one that takes longest to build first."""


def named(name: str) -> Projection:
    """Return a projection. Raises ``InvalidInput`` with the nearest name."""
    if name not in PROJECTIONS:
        near = get_close_matches(name, PROJECTIONS, n=1)
        cure = f"did you mean {near[0]}?" if near else f"projections are {', '.join(PROJECTIONS)}"
        raise InvalidInput("NAME", f"there is no catch-up projection {name!r}", cure)
    return PROJECTIONS[name]
