"""What every test may ask for; the database fixtures tell their own story in ``tests/database.py``."""

from __future__ import annotations

pytest_plugins = ["tests.database"]
