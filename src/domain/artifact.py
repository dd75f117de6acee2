"""How references to work product are written on a command line, and what names a commit; the same words everywhere."""

from __future__ import annotations

import re

OPTIONS = {"branch": "NAME", "commit": "SHA,base=SHA", "pr": "URL", "file": "PATH"}
"""Types with an option of their own, and what it takes; ``--commit SHA`` is ``--artifact commit=SHA``."""
_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}", re.ASCII)


def option(kind: str) -> str:
    """Return the option that brings an artifact of a type along."""
    return f"--{kind} {OPTIONS[kind]}" if kind in OPTIONS else f"--artifact {kind}=REF"


def names_commit(sha: str) -> bool:
    """Tell whether a text can name a commit: 7 to 64 hexadecimal digits."""
    return _COMMIT.fullmatch(sha) is not None
