"""The definitions that ship: ``workflows/`` and ``governance/``, wherever they are on this machine.

In a wheel they lie inside this package. In a checkout they lie beside ``src``, and an editable install maps only
packages that hold code, so they are looked for there.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def stock(path: str) -> Traversable:
    """Return a stock file or directory, such as ``workflows/dev.toml``.

    Raises ``FileNotFoundError`` if nothing of that name ships.
    """
    checkout = Path(__file__).resolve().parents[2]
    roots = (files(__name__), checkout) if (checkout / "pyproject.toml").is_file() else (files(__name__),)
    for root in roots:
        if (found := root / path).is_file() or found.is_dir():
            return found
    raise FileNotFoundError(f"no stock definition {path!r}")
