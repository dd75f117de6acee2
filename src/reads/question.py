"""Questions as models: what each read takes, with the words of its help.

The command line, the server's query strings, its OpenAPI document and docs/cli.md are made of these.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Lane = Annotated[
    str | None, Field(max_length=200, description="Lane as `project/lane`; all that you may see if left out")
]
Task = Annotated[str, Field(max_length=200, description="Task id; a unique prefix or suffix of it will do")]
Epic = Annotated[str | None, Field(max_length=200, description="Of one epic: the id of its brief, or an end of it")]
At = Annotated[
    str | None,
    Field(
        max_length=100,
        description="As of a position of the ledger or a time, as the ledger knew it",
        json_schema_extra={"metavar": "POSITION|TIME"},
    ),
]
From = Annotated[
    str | None,
    Field(
        alias="from",
        max_length=100,
        description="Only what happened after this moment",
        json_schema_extra={"metavar": "POSITION|TIME"},
    ),
]
Events = Annotated[int, Field(ge=1, le=100_000, description="At most so many events")]
Cards = Annotated[int, Field(ge=1, le=1000, description="At most so many a column")]
After = Annotated[int, Field(ge=0, le=2**53 - 1, description="Only what comes after this position")]
All = Annotated[bool, Field(description="Those that are over, too")]


class Question(BaseModel):
    """Base of the questions."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Here(Question):
    """Show what goes on, for whoever the token names, and what to type next."""


class Prime(Question):
    """Say in few words who you are, what you hold and what to do next; for the beginning of an agent's session."""


class WhoAmI(Question):
    """Say who the token stands for, what it may do, and what it holds."""


class Status(Question):
    """Count tasks by stage; show who holds what, what is stuck, what happened last."""

    lane: Lane = None
    limit: Events = 10
    at: At = None


class Board(Question):
    """Draw the board: who holds what, for how long, and how much of the lease is left."""

    lane: Lane = None
    limit: Cards = 8
    at: At = None


class Tasks(Question):
    """List tasks in the order of their creation, a page at a time."""

    lane: Lane = None
    stage: Annotated[str | None, Field(max_length=200, description="In this stage only")] = None
    after: After = 0
    limit: Annotated[int, Field(ge=1, le=1000, description="At most so many tasks")] = 100


class OneTask(Question):
    """Show one task as it stands: stage, hold, prerequisites, artifacts, payload."""

    task: Task
    at: At = None


class History(Question):
    """Tell everything that ever happened to a task."""

    task: Task
    at: At = None


class Replay(Question):
    """Step through a task's life: each event, and the state after it."""

    task: Task
    at: At = None


class Timeline(Question):
    """Show the newest events, oldest first, each with its gist."""

    lane: Lane = None
    task: Annotated[str | None, Field(max_length=200, description="Of this task only")] = None
    family: Annotated[str | None, Field(max_length=200, description="By, for or against this family only")] = None
    type: Annotated[str | None, Field(max_length=200, description="Of this type only, as `TaskRejected`")] = None
    limit: Events = 50


class Diff(Question):
    """Compare the board at two moments, task by task."""

    from_: Annotated[
        str,
        Field(
            alias="from",
            max_length=100,
            description="The earlier moment",
            json_schema_extra={"metavar": "POSITION|TIME"},
        ),
    ]
    to: Annotated[
        str | None,
        Field(
            max_length=100,
            description="The later one; now if left out",
            json_schema_extra={"metavar": "POSITION|TIME"},
        ),
    ] = None
    lane: Lane = None


class Report(Question):
    """Report on a run: what shipped through whose hands, what failed, who did well, what went wrong."""

    lane: Lane = None
    epic: Epic = None
    from_: From = None
    at: At = None
    format: Annotated[
        Literal["text", "json", "md", "html"] | None,
        Field(description="How to write it; html is one file; text on a terminal, json over HTTP if left out"),
    ] = None
    limit: Annotated[int, Field(ge=1, le=100_000, description="At most so many lines a section")] = 1000
    full: Annotated[bool, Field(description="Print families in full, not by label")] = False


class Reviews(Question):
    """Show how well reviewers judge: what they caught, what escaped them, whether strangers catch more."""

    lane: Lane = None
    epic: Epic = None
    from_: From = None
    at: At = None
    by: Annotated[Literal["family", "maker"], Field(description="Split by family or by maker")] = "family"


class Spend(Question):
    """Show what each family spent on deliveries, and what it spent that moved nothing."""

    lane: Lane = None
    from_: From = None
    at: At = None


class Epics(Question):
    """Show how far each epic is."""

    lane: Lane = None
    at: At = None


class Watch(Question):
    """Show what goes wrong right now: work nobody may do, holds that stand still, families that fell silent."""

    lane: Lane = None
    at: At = None


class Demand(Question):
    """Show what work waits, how long, and what it takes to do it."""

    lane: Lane = None
    at: At = None


class Outlook(Question):
    """Count what is left to do, for an agent that goes home when there is nothing."""

    lanes: Annotated[tuple[str, ...], Field(max_length=100, description="These lanes only")] = ()


class Agents(Question):
    """List agents: roles, skills and tier as they stand now, what each holds, and how its family's work was judged."""

    family: Annotated[str | None, Field(max_length=200, description="Only agents of this family")] = None
    all: Annotated[bool, Field(description="Those without a live credential too")] = False


class Families(Question):
    """List families with their grants and what they are denied."""

    at: At = None


class Projects(Question):
    """List projects with their lanes."""


class Workflows(Question):
    """List adopted workflows, newest version of each, and the lanes that follow them."""


class Tokens(Question):
    """List credentials, without the tokens: those are shown once, when issued."""

    all: All = False


class Card(Question):
    """Print the role card: the text from which an agent of that role works."""

    role: Annotated[str, Field(max_length=200, description="Role, as in `reviewer`")]
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="An older version of the card")] = None


class Policies(Question):
    """List the policies in force."""


class Governance(Question):
    """Show policies, suspensions with time to heal, halted capabilities, open flags and the evidence there is."""

    at: At = None


class Explain(Question):
    """Show each suspension of a family at a capability, with the rejections that led to it."""

    family: Annotated[str, Field(max_length=200, description="Family as harness+model")]
    capability: Annotated[str, Field(max_length=200, description="The role, as role:implementer")]


class Flags(Question):
    """List flags, open ones first."""

    all: All = False


class Inbox(Question):
    """List what awaits a person: what it is, the evidence, and the command that acts on it."""


class Hook(Question):
    """Answer a harness's hook in Claude Code's dialect: prime the agent, renew its lease, warn of a claim."""

    event: Annotated[Literal["start", "stop", "compaction"], Field(description="What happened in the harness")]
    insist: Annotated[bool, Field(description="On stop with a claim open, have the agent go on, once")] = False
