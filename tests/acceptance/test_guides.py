"""The guides' sessions, each typed as it stands by somebody who has run `ainarres init` in a folder."""

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

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```(sh|toml)\n(.*?)```", re.DOTALL)
BEFORE = {
    "files": "ainarres init",
    "governance": "ainarres init && ainarres project adopt project.toml && ainarres family adopt families.toml",
}
SAID = {
    "files": ["lane shop/dev", "skill:sql", "notes.toml: sound", "+ policy careful", "claude-code+opus could take it"],
    "governance": ["policy: silence", "suspended, heals in", "lifted: suspension 1 by human:local", "epics:"],
}


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="ainarres-guide-"))
    made.chmod(0o755)  # the embedded server's own user must get to its data when root runs the tests
    (made / "try").mkdir()
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize("page", BEFORE)
def test_what_a_guide_says_can_be_typed(folder: Path, page: str) -> None:
    lines = [BEFORE[page]]
    for kind, text in BLOCK.findall((DOCS / f"{page}.md").read_text("utf-8")):
        if kind == "toml":
            name = text.partition("\n")[0].removeprefix("# ")
            assert name.endswith(".toml")
            lines.append(f"cat > {name} <<'TOML'\n{text}TOML")
        else:
            lines.append(text)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AINARRES_")}
    around = kept | {"PATH": programs, "AINARRES_HOME": str(folder / "home"), "NO_COLOR": "1"}
    script = "trap 'ainarres down' EXIT\n" + "\n".join(lines)
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder / "try",
        env=around,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in SAID[page]:
        assert words in done.stdout, done.stdout


def test_every_link_of_the_pages_leads_somewhere() -> None:
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (DOCS / target).exists(), (page.name, target)
