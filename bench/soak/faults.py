"""The faults, and the seeded plan of when which one comes.

Each fault has dice of its own, thrown from the run's seed and its number, so that a part of a plan can be played again.
A plan begins with every kind once, in any order; after that kinds come by their weights.
"""

from __future__ import annotations

import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.soak import upheaval
from bench.soak.crew import HOUR
from bench.soak.proxy import POINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.soak.field import Field

LONG = (3.3, 4.5)
"""Seconds of a freeze: past the lease."""
MEET = 5.0
"""Seconds in which some connection gets to the point that is to be cut."""
Dice = random.Random


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a plan."""

    number: int
    at: float
    """Seconds after the beginning."""
    kind: str
    seed: str


def plan(seed: int, count: int, seconds: float, kinds: Sequence[str]) -> list[Fault]:
    """Return ``count`` faults spread over ``seconds``; the same arguments give the same plan."""
    dice = Dice(seed)
    first = sorted(kinds)
    dice.shuffle(first)
    weights = [KINDS[kind][0] for kind in kinds]
    drawn = (first + dice.choices(list(kinds), weights, k=max(0, count - len(first))))[:count]
    step = seconds / max(1, count)
    return [Fault(n, (n + dice.random()) * step, kind, f"{seed}/{n}") for n, kind in enumerate(drawn)]


def inflict(field: Field, fault: Fault) -> str:
    """Inflict a fault, and end it where it has an end of its own; returns what was done, in a word or two."""
    return KINDS[fault.kind][1](field, Dice(fault.seed)) or ""


# -- of the clients ---------------------------------------------------------------------------------------------------


def agent_kill(field: Field, dice: Dice) -> str:
    """Kill agents: some come back as themselves, with what they last asked; others are replaced."""
    for victim in dice.sample(field.crew.agents(), dice.randint(1, 3)):
        if dice.random() < 0.6:  # noqa: PLR2004 - some of each
            victim.restart(signal.SIGKILL)
        else:
            field.crew.dismiss(victim)
    return ""


def agent_freeze(field: Field, dice: Dice) -> str:
    """Stop agents past their leases; they go on as if nothing had been."""
    for victim in dice.sample(field.crew.agents(), dice.randint(1, 2)):
        field.crew.freeze(victim, dice.uniform(*LONG))
    return ""


def clock_skew(field: Field, dice: Dice) -> str:
    """Start an agent or a server again with a clock that is an hour off."""
    victim = dice.choice([*field.crew.agents(), *field.crew.some("web")])
    ahead = dice.choice((-HOUR, HOUR))
    victim.restart(signal.SIGTERM if victim.kind == "web" else signal.SIGKILL, ahead)
    return f"{ahead:+.0f} s"


def follower_kill(field: Field, _: Dice) -> None:
    """Kill the follower; its successor reads on from its diary."""
    field.crew.some("follower")[0].restart(signal.SIGKILL)


# -- of the servers ---------------------------------------------------------------------------------------------------


def web_kill(field: Field, dice: Dice) -> None:
    """Kill a server and start it again."""
    dice.choice(field.crew.some("web")).restart(signal.SIGKILL)


def web_end(field: Field, dice: Dice) -> None:
    """End a server in peace and start it again."""
    dice.choice(field.crew.some("web")).restart(signal.SIGTERM)


def web_freeze(field: Field, dice: Dice) -> None:
    """Stop a server past the leases of those it serves."""
    field.crew.freeze(dice.choice(field.crew.some("web")), dice.uniform(*LONG))


# -- of the connections -----------------------------------------------------------------------------------------------


def cut(point: str) -> Callable[[Field, Dice], str]:
    """Make the fault that cuts connections at one point of the protocol."""

    def inflict_cut(field: Field, dice: Dice) -> str:
        wanted = dice.randint(1, 3)
        for _ in range(wanted):
            field.crew.orders.send(point)
        met, until = 0, time.monotonic() + MEET
        while met < wanted and time.monotonic() < until:
            if field.crew.orders.poll(0.05):
                field.crew.orders.recv()
                met += 1
        field.met[point] = field.met.get(point, 0) + met
        return f"{met} of {wanted}"

    return inflict_cut


def terminate_storm(field: Field, dice: Dice) -> str:
    """End every backend, again and again."""
    return f"{field.ground.terminate(dice.uniform(0.3, 1.2), dice)} backends"


# -- of PostgreSQL ----------------------------------------------------------------------------------------------------


def postgres_immediate(field: Field, _: Dice) -> None:
    """Shut PostgreSQL down at once, without a checkpoint."""
    field.ground.restart(signal.SIGQUIT)


def postgres_kill(field: Field, _: Dice) -> None:
    """Kill the postmaster."""
    field.ground.restart(signal.SIGKILL)


def postgres_fast(field: Field, _: Dice) -> None:
    """Restart PostgreSQL in the ordinary way."""
    field.ground.restart(signal.SIGINT)


def backend_kill(field: Field, dice: Dice) -> None:
    """Kill one backend: the server drops everybody and recovers."""
    field.ground.kill_backend(dice)


def postgres_freeze(field: Field, dice: Dice) -> None:
    """Stop all of PostgreSQL past every lease."""
    field.ground.freeze(dice.uniform(*LONG))


def disk_full(field: Field, dice: Dice) -> None:
    """Let the disk be full for a moment."""
    field.ground.fill(dice.uniform(0.5, 1.5), switch=dice.random() < 0.5)  # noqa: PLR2004 - some of each


KINDS: dict[str, tuple[float, Callable[[Field, Dice], Any]]] = {
    "agent_kill": (14, agent_kill),
    "agent_freeze": (12, agent_freeze),
    "clock_skew": (4, clock_skew),
    "follower_kill": (2, follower_kill),
    "web_kill": (6, web_kill),
    "web_end": (3, web_end),
    "web_freeze": (3, web_freeze),
    **{f"cut_{point}": (5, cut(point)) for point in POINTS},
    "terminate_storm": (6, terminate_storm),
    "postgres_immediate": (4, postgres_immediate),
    "postgres_kill": (3, postgres_kill),
    "postgres_fast": (2, postgres_fast),
    "backend_kill": (3, backend_kill),
    "postgres_freeze": (1, postgres_freeze),
    "disk_full": (2, disk_full),
    "migration_crash": (1.5, upheaval.migration_crash),
    "backup_aside": (0.6, upheaval.backup_aside),
    "backup_in_place": (0.6, upheaval.backup_in_place),
}
"""Every kind: its weight and what it does."""
