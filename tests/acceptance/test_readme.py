"""The README's sessions, typed as it stands there by somebody in an empty folder with a home of their own."""

from __future__ import annotations

import os
import re
import shutil
import socket
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


def test_what_the_readme_says_can_be_typed(home: Path) -> None:
    sessions = [
        found[1]
        for title in ("A session to type", "Agents through a server")
        if (found := re.search(rf"## {title}\n\n[^`]*```sh\n(.*?)```", README, re.DOTALL))
    ]
    assert len(sessions) == 2
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = [line for line in "\n".join(sessions).splitlines() if not line.startswith(". .venv")]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AINARRES_")}
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines).replace("8700", str(port))],
        cwd=home,
        env=environment | {"PATH": programs, "AINARRES_HOME": str(home / "home"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "empty — 1 needs role:implementer" in done.stdout
    assert "stopped the server" in done.stdout
    assert "You are " in done.stdout
    assert '{"systemMessage": "ainarres: you still hold task' in done.stdout
    assert "implementing → reviewing" in done.stdout or "[reviewing]" in done.stdout
    left = {path.relative_to(home / "try") for path in (home / "try").rglob("*") if path.is_file()}
    assert left == {Path("serve.log")}


def test_every_link_of_the_readme_leads_somewhere() -> None:
    root = Path(__file__).parents[2]
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (root / target).exists()] == []
