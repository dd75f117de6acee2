"""An agent as a process."""

from __future__ import annotations

import os
import posixpath
import shutil
from pathlib import Path
from typing import Annotated

import typer

from ainarres.cli import access, remote
from ainarres.cli.people import Home, Url  # noqa: TC001 - typer reads them
from ainarres.faults import InvalidInput


def run(
    program: Annotated[list[str], typer.Argument(metavar="-- PROGRAM [ARGUMENT…]", help="What works on each task")],
    *,
    family: Annotated[
        str | None, typer.Option("--family", metavar="FAMILY", help="Issue a token of this family; not beside a token")
    ] = None,
    roles: Annotated[
        str, typer.Option("--roles", metavar="ROLE[,ROLE…]", help="Only these of the family's roles")
    ] = "",
    lanes: Annotated[
        str, typer.Option("--lane", metavar="LANE[,LANE…]", help="Only these lanes, as `project/lane`")
    ] = "",
    repository: Annotated[
        str, typer.Option("--repository", metavar="DIRECTORY", help="Git repository of the work")
    ] = ".",
    workspaces: Annotated[
        str | None,
        typer.Option(
            "--workspaces", metavar="DIRECTORY", help="Folder for worktrees; beside the repository if left out"
        ),
    ] = None,
    main: Annotated[str, typer.Option("--main", metavar="BRANCH", help="Branch that work begins at")] = "main",
    standing: Annotated[bool, typer.Option("--standing", help="Stay when nothing is left")] = False,
    limit: Annotated[
        float, typer.Option("--limit", min=1, metavar="SECONDS", help="For one run of the program")
    ] = 3600,
    url: Url = None,
    home: Home = None,
) -> int:
    """Be one independent agent: claim, run PROGRAM on the task, see what it did, repeat until nothing is left."""
    from ainarres.swarm import agent, process  # noqa: PLC0415 - as above
    from ainarres.swarm.repository import check_repository  # noqa: PLC0415 - as above
    from ainarres.swarm.script import Script  # noqa: PLC0415 - as above
    from ainarres.swarm.workspace import Workspaces  # noqa: PLC0415 - as above

    given, wanted = access.settings(url, home), [one for one in lanes.split(",") if one]
    reach = None
    if remote.chosen(given):
        from ainarres.cli import away  # noqa: PLC0415 - as above

        reach = away.reach(given, wanted)
    place = Path(repository).absolute()
    check_repository(place, main)
    root = Path(workspaces).absolute() if workspaces else place.with_name(f"{place.name}.workspaces")
    return process.start(
        given,
        adapter=Script([found(program[0], place, main), *program[1:]]),
        workspaces=Workspaces(repository=place, root=root, main=main),
        lanes=wanted,
        family=family,
        roles=[one for one in roles.split(",") if one],
        until="standing" if standing else "drained",
        limits=agent.Limits(attempt=limit),
        reach=reach,
    )


def found(program: str, repository: Path, main: str) -> str:
    """Return a program as it will be started in a task's worktree: the whole path of one that is here, else its name.

    Raises InvalidInput, before anything is claimed, for one that could not be started there.
    """
    here = Path(program).absolute()
    if "/" not in program:
        if shutil.which(program) is None:
            raise InvalidInput("PROGRAM", f"{program} is not on PATH", "install it, or write its path, as in ./worker")
        return program
    if here.is_file():
        if not os.access(here, os.X_OK):
            raise InvalidInput("PROGRAM", f"{program} may not be executed", f"chmod +x {program}, or name what runs it")
        return str(here)
    if Path(program).is_absolute() or not _is_in(repository, main, program):
        problem = f"there is no {program}, neither here nor in the repository"
        raise InvalidInput("PROGRAM", problem, "name a program on PATH, or the path of one")
    return program


def _is_in(repository: Path, main: str, program: str) -> bool:
    from ainarres.swarm.repository import GitFailed, git  # noqa: PLC0415 - as above

    try:
        git(repository, "cat-file", "-e", f"{main}:{posixpath.normpath(program)}")
    except GitFailed:
        return False
    return True
