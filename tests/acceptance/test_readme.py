"""The README's session, typed as it stands there by somebody in an empty folder with a home of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ainarres-readme-"))
    folder.chmod(0o755)  # the embedded server's own user must get to its data when root runs the tests
    yield folder
    shutil.rmtree(folder)


def test_the_session_of_the_readme_can_be_typed(home: Path) -> None:
    session = re.search(r"## A session to type\n\n```sh\n(.*?)```", README, re.DOTALL)
    assert session is not None
    lines = [line for line in session[1].splitlines() if not line.startswith(". .venv")]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AINARRES_")}
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)],
        cwd=home,
        env=environment | {"PATH": programs, "AINARRES_HOME": str(home / "home"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "empty — 1 need role:implementer" in done.stdout
    assert "stopped the server" in done.stdout


def test_every_link_of_the_readme_leads_somewhere() -> None:
    root = Path(__file__).parents[2]
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (root / target).exists()] == []
