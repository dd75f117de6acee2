"""``ainarres demo``: six families ship three changes to a small library, with everything real but the models."""

from __future__ import annotations

from ainarres.swarm.demo.show import run

__all__ = ["run"]
