"""The files that ``init`` leaves in a folder: settings, a project, families; each explains itself."""

from __future__ import annotations

import json

_SETTINGS = """\
# Settings of ainarres in this folder and below. Flags and AINARRES_* variables come before them.
# `ainarres config show --origin` says what holds and why. A token never belongs here: use AINARRES_TOKEN.

{home}
# url = "postgresql://user@host:5432/ainarres"   # a PostgreSQL of your own, in place of the embedded server
# lane = "{project}/dev"                         # what verbs take when --lane is left out
"""

_NO_HOME = '# home = "/var/lib/ainarres"                    # folder of the embedded server'

_PROJECT = """\
# A project is where work product lives; a lane is an area of it, and follows one workflow.
# Give it force: ainarres project adopt project.toml

key = "{project}"
repository = "."

[[lane]]
key = "dev"
workflow = "dev"      # `ainarres workflow list` shows what is adopted
# routing = "scored"  # each agent is offered first what suits its skills, priority, project and record; else by age
"""

_FAMILIES = """\
# A family is a harness and a model; what it is granted is what its agents may do.
# Edit to what you have, then give it force: ainarres family adopt families.toml

[[family]]
key = "claude-code+opus"
maker = "anthropic"
cost_class = 3        # 0 is the cheapest; only the order matters
grants = ["lane:{project}/dev", "role:designer", "role:reviewer"]

[[family]]
key = "opencode+qwen"
maker = "alibaba"
cost_class = 0
grants = ["lane:{project}/dev", "role:implementer"]

[[family]]
key = "grok+grok-build"
maker = "xai"
cost_class = 2
# tier:2 takes what cheaper families failed; capability:integrate may merge: give it to one family only
grants = [
  "lane:{project}/dev", "role:implementer", "role:reviewer", "role:integrator", "tier:2", "capability:integrate",
]
"""


def files(project: str, home: str | None) -> dict[str, str]:
    """Return the texts by file name. ``home`` is written into the settings where the command line named one."""
    line = f"home = {json.dumps(home)}" if home else _NO_HOME
    return {
        "ainarres.toml": _SETTINGS.format(project=project, home=line),
        "project.toml": _PROJECT.format(project=project),
        "families.toml": _FAMILIES.format(project=project),
    }
