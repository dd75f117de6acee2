"""The wheel: it holds the whole tree and nothing else, and works from where it is installed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest

from ainarres import stock
from ainarres.faults import InvalidInput

ROOT = Path(__file__).parents[2]
DATA = {".sql", ".toml", ".md", ".json", ".conf", ".hba", ".html", ".css", ".js", ".py", ".typed"}
MOVED = {"workflows": "stock/workflows", "governance": "stock/governance", "src": ""}

PLACES: tuple[tuple[stock.Kind, str, str], ...] = (
    ("workflow", "workflows", ".toml"),
    ("role", "workflows/roles", ".md"),
    ("template", "workflows/templates", ".toml"),
    ("policy", "governance", ".toml"),
    ("schema", "workflows/schemas", ".json"),
)
# A definition of each kind that only the wheel has, so that reading from the checkout by mistake shows.
SAMPLES = [PurePosixPath(folder, f"sample{suffix}") for _, folder, suffix in PLACES]

READ_ALL = """
import ainarres
from ainarres import stock
from ainarres.database import migrate
print(ainarres.__file__)
for kind in ("workflow", "role", "template", "policy", "schema"):
    print(kind, *stock.names(kind), "|", stock.read(kind, "sample"))
print(len(migrate.known()), *migrate.frozen())
"""


def tracked(*folders: str) -> list[PurePosixPath]:
    """The files git keeps, and those it would keep, below ``folders``."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [PurePosixPath(name) for name in listed if (ROOT / name).is_file()]


def installed(path: PurePosixPath) -> str:
    """Where a file of the repository lies in the wheel."""
    return str(PurePosixPath("ainarres", MOVED[path.parts[0]], *path.parts[1:]))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git keeps: a build leaves files beside its sources."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for path in tracked("src", "workflows", "governance", "pyproject.toml", "README.md", "LICENSE"):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes((ROOT / path).read_bytes())
    for sample in SAMPLES:
        (source / sample).parent.mkdir(parents=True, exist_ok=True)
        (source / sample).write_text(f"text of {sample.parent}")
    isolation = ["--no-isolation"] if find_spec("setuptools") else []
    command = [sys.executable, "-m", "build", "--wheel", *isolation, "--outdir", str(target), str(source)]
    built = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = target.glob("*.whl")
    return found


def test_the_listed_packages_are_the_directories_of_the_tree() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    files = tracked("src", "workflows", "governance")
    packages = {str(PurePosixPath(installed(path)).parent).replace("/", ".") for path in files}
    assert sorted(listed) == sorted(packages)


def test_the_wheel_holds_every_file_under_one_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    assert {name.split("/", 1)[0] for name in names} == {"ainarres"}
    expected = {installed(path) for path in tracked("src", "workflows", "governance") if path.suffix in DATA}
    assert set(names) == expected | {installed(sample) for sample in SAMPLES}


def test_every_kind_of_tracked_file_is_shipped() -> None:
    kinds = {path.suffix for path in tracked("src", "workflows", "governance") if path.name != ".keep"}
    assert kinds <= DATA


def test_the_licence_is_shipped(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if re.search(r"\.dist-info/licenses/LICENSE$", name)]
        assert archive.read(licence).decode().split("\n", 2)[1].strip() == "Apache License"


def test_an_installed_wheel_reads_its_definitions(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True, capture_output=True)
    # -S leaves out site-packages, and with them the finder of the editable install; the dependencies are put back.
    packages = [path for path in sys.path if path.endswith("site-packages")]
    script = f"import sys; sys.path[:0] = {[str(site)]!r}; sys.path += {packages!r}\n{READ_ALL}"
    shown = subprocess.run(
        [sys.executable, "-S", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    place, *definitions, _ = shown.stdout.splitlines()
    assert Path(place).is_relative_to(site)
    assert definitions == [
        f"{kind} {' '.join(sorted([*stock.names(kind), 'sample']))} | text of {folder}" for kind, folder, _ in PLACES
    ]


def test_the_checkout_reads_the_same_folders() -> None:
    for kind, folder, suffix in PLACES:
        names = sorted(path.stem for path in (ROOT / folder).glob(f"*{suffix}"))
        assert stock.names(kind) == names
        for name in names:
            assert stock.read(kind, name) == (ROOT / folder / f"{name}{suffix}").read_text("utf-8")


def test_an_unknown_definition_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match=r"workflow: there is no stock workflow named '\.\./LICENSE'"):
        stock.read("workflow", "../LICENSE")


@pytest.mark.parametrize("installer", ["index-url", "find-links", "://"])
def test_the_lock_names_no_index(installer: str) -> None:
    assert installer not in (ROOT / "requirements.lock").read_text("utf-8")
