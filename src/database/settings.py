"""Settings and where each came from: flags, then ``AINARRES_*``, then ``ainarres.toml``, then the user's file.

``ainarres.toml`` is the nearest one from the working directory upwards. Only the standard library is imported, and the
TOML parser only when there is a file: a verb in a loop reads its settings at every start. The token is a secret, so it
comes from ``AINARRES_TOKEN`` or a private file and from nowhere that is committed, listed or logged.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = "ainarres.toml"
IN_FILES = ("home", "url", "server", "project", "lane")
NAMES = (*IN_FILES, "fence")  # a fence belongs to one hold: no file remembers it


@dataclass(frozen=True)
class Settings:
    """What a command was told; ``origin`` names the source of each value that is set.

    ``home``: directory of the embedded server. ``url``: an address of PostgreSQL, in place of the embedded server.
    ``server``: base URL of an ``ainarres serve``, in place of either. ``token``: the credential. ``project``, ``lane``,
    ``fence``: defaults for the verbs. None means that nobody said anything.
    """

    home: Path
    url: str | None = field(default=None, repr=False)  # may carry a password
    server: str | None = None
    token: str | None = field(default=None, repr=False)
    project: str | None = None
    lane: str | None = None
    fence: str | None = None
    origin: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Said:
    """A value, who said it, and the directory a relative path in it starts from."""

    value: str
    origin: str
    base: Path


def load(flags: Mapping[str, str | None], environ: Mapping[str, str], cwd: Path) -> Settings:
    """Gather the settings. ``flags``: from the command line, by setting's name, None where absent.

    Raises InvalidInput for an unknown or wrongly typed key, a malformed file, or a token file others can read.
    """
    if unknown := set(flags) - set(NAMES):
        raise InvalidInput(min(unknown), "is no setting", f"known are: {', '.join(NAMES)}")
    said: dict[str, _Said] = {}
    for values in (_user_file(environ), _project_file(cwd), _variables(environ, cwd), _flags(flags, cwd)):
        said |= values
    home = _home(said.pop("home", None), environ)
    token = _token(environ, cwd)
    origin = {name: each.origin for name, each in said.items()} | {"home": home.origin}
    if token:
        origin["token"] = token.origin
    words = {name: each.value for name, each in said.items()}
    return Settings(home=Path(home.value), token=token.value if token else None, origin=origin, **words)


def _flags(flags: Mapping[str, str | None], cwd: Path) -> dict[str, _Said]:
    return {name: _Said(value, f"--{name}", cwd) for name, value in flags.items() if value is not None}


def _variables(environ: Mapping[str, str], cwd: Path) -> dict[str, _Said]:
    """An empty variable counts as unset, as in ``AINARRES_URL= ainarres status``."""
    variables = {name: f"AINARRES_{name.upper()}" for name in NAMES}
    return {name: _Said(environ[key], key, cwd) for name, key in variables.items() if environ.get(key)}


def _project_file(cwd: Path) -> dict[str, _Said]:
    for folder in (cwd, *cwd.parents):
        if (file := folder / FILE).is_file():
            return dict(_file(file))
    return {}


def _user_file(environ: Mapping[str, str]) -> dict[str, _Said]:
    folder = _user_folder(environ, "XDG_CONFIG_HOME", ".config")
    file = folder / "ainarres" / "config.toml"
    return dict(_file(file)) if file.is_file() else {}


def _file(file: Path) -> Iterator[tuple[str, _Said]]:
    import tomllib  # noqa: PLC0415 - most starts read no file

    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(str(file), f"is not valid TOML: {error}", "correct it, or move it away") from None
    except OSError as error:
        raise InvalidInput(
            str(file), f"cannot be read: {error.strerror}", "make it readable, or move it away"
        ) from None
    for key, value in content.items():
        if key == "token":
            raise InvalidInput(
                f"{file}: token", "a token does not belong into a file that is shared", "use AINARRES_TOKEN_FILE"
            )
        if key not in IN_FILES:
            raise InvalidInput(f"{file}: {key}", "is no setting", f"known are: {', '.join(IN_FILES)}")
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{file}: {key}", "must be a text that is not empty", f'write: {key} = "…"')
        yield key, _Said(value, str(file), file.parent)


def _home(said: _Said | None, environ: Mapping[str, str]) -> _Said:
    """The home as an absolute path; by default a place that is this user's own."""
    if said is None:
        if os.geteuid() == 0:  # root's server runs as another user, who could not enter root's home
            return _Said("/var/lib/ainarres", "default", Path("/"))
        return _Said(str(_user_folder(environ, "XDG_DATA_HOME", ".local/share") / "ainarres"), "default", Path("/"))
    path = said.value
    if path == "~" or path.startswith("~/"):
        path = str(_person(environ) / path[2:])
    return _Said(os.path.normpath(said.base / path), said.origin, said.base)


def _token(environ: Mapping[str, str], cwd: Path) -> _Said | None:
    if token := environ.get("AINARRES_TOKEN"):
        return _Said(token, "AINARRES_TOKEN", cwd)
    if not (name := environ.get("AINARRES_TOKEN_FILE")):
        return None
    file = cwd / name
    try:
        with file.open(encoding="utf-8") as opened:
            mode = os.fstat(opened.fileno()).st_mode  # of what is read, not of what the name points to a moment later
            text = opened.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not a text file"
        raise InvalidInput("AINARRES_TOKEN_FILE", f"{file}: {reason}", "name a file that holds the token") from None
    if stat.S_IMODE(mode) & 0o177:
        raise InvalidInput(
            "AINARRES_TOKEN_FILE",
            f"{file} has mode {stat.S_IMODE(mode):04o}, others may use it",
            f"run: chmod 600 {file}",
        )
    if not text:
        raise InvalidInput("AINARRES_TOKEN_FILE", f"{file} is empty", "write the token into it")
    return _Said(text, str(file), cwd)


def _person(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _user_folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """A folder by the XDG rules, which say that a relative path in the variable is to be ignored."""
    given = environ.get(variable, "")
    return Path(given) if given.startswith("/") else _person(environ) / default
