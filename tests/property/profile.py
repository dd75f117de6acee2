"""How long hypothesis tries: briefly in CI, only what is generated for a mutant (``first``), for hours in a soak."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("AINARRES_HYPOTHESIS", "ci")
SOAK = PROFILE == "soak"
PHASES = [Phase.generate] if PROFILE == "first" else list(Phase)


def trying(examples: int, *, steps: int = 50) -> settings:
    """Return the settings of ``examples`` runs, the same ones each time but in a soak; ``steps`` of a machine each."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not SOAK,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=PHASES,
        report_multiple_bugs=False,
    )
