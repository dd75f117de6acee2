"""What the demo's agents run instead of a model: designer, implementer and reviewer, on the standard library alone.

python worker.py designer|implementer|reviewer [--answers cheap|frontier] [--accident MODULE]

Reads its task as JSON on standard input, works in the current directory with git and the task's own tests, and prints
a verdict as its last line. What a model would write is in ``answers.toml``; whether that is any good is found out by
running it. ``--accident``: whoever is the first to implement that module is killed halfway, together with the agent
that runs it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

SUITE = "python3 -m unittest"
SEED, CASES = 1971, 400
SIXTY = 60
Said = dict[str, Any]


def main() -> int:
    """Work on one task; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("designer", "implementer", "reviewer"))
    parser.add_argument("--answers", default="cheap", choices=("cheap", "frontier"))
    parser.add_argument("--accident", help="module whose first implementer is killed")
    chosen = parser.parse_args()
    assignment = json.load(sys.stdin)
    if chosen.role == "designer":
        said = design(assignment)
    elif chosen.role == "implementer":
        said = implement(assignment, chosen.answers, chosen.accident)
    else:
        said = review(assignment)
    say(json.dumps(said))
    return 0


# -- the roles --------------------------------------------------------------------------------------------------------


def design(assignment: Said) -> Said:
    """Take a task up, then see that its tests fail while the work is undone: such tests can tell right from wrong."""
    task, payload = assignment["task"], assignment["task"]["payload"]
    if task["stage"] == "proposed":
        return {"verb": "advance", "note": "one module, one test file, nothing else needed"}
    write(payload["test"], payload["acceptance"])
    red = failure(payload["validate"])
    Path(payload["test"]).unlink()
    if red is None:
        return {"verb": "release", "reason": "validate passes before the work is done", "cause": "card"}
    return {"verb": "advance", "note": f"add {payload['module']} and {payload['test']}; validate fails on the base"}


def implement(assignment: Said, family: str, accident: str | None) -> Said:
    """Write the module and its tests, run them, commit; give up with the reason when they stay red."""
    task, payload = assignment["task"], assignment["task"]["payload"]
    module, earlier = payload["module"], task["attempts"] + task["rework"]
    tries = answers(family, module)
    text = tries[min(earlier, len(tries) - 1)]
    write(payload["test"], payload["acceptance"])
    if module == accident and earlier == 0:
        write(module, text[: len(text) // 2])
        say(f"killed in the middle of {module}")
        os.kill(os.getppid(), signal.SIGKILL)
        os.killpg(os.getpgrp(), signal.SIGKILL)
    write(module, text)
    if red := failure(payload["validate"]) or failure(SUITE):
        git("reset", "--hard", "--quiet")
        git("clean", "-fdq")
        return {"verb": "release", "reason": red, "cause": "task"}
    git("add", "--all")
    git("commit", "--quiet", "--message", task["title"] + (", as reviewed" if task["rework"] else ""))
    commit = git("rev-parse", "HEAD")
    artifacts = [
        {"type": "branch", "ref": assignment["branch"]},
        {"type": "commit", "ref": commit, "digest": commit, "base": assignment["base"]},
    ]
    return {"verb": "advance", "note": f"{payload['validate']} and the whole suite pass", "artifacts": artifacts}


def review(assignment: Said) -> Said:
    """Judge a commit by what it changes, by its tests and by trying to break it; or the merged branch by its suite."""
    task, payload = assignment["task"], assignment["task"]["payload"]
    if red := failure(payload["validate"]) or failure(SUITE):
        return {"verb": "reject", "reason": red}
    if task["stage"] == "validating":
        return {"verb": "advance", "note": "the whole suite passes on the merged branch"}
    changed = set(git("diff", "--name-only", assignment["base"], "HEAD").split())
    if changed != {payload["module"], payload["test"]}:
        return {"verb": "reject", "reason": f"changes {', '.join(sorted(changed)) or 'nothing'}; asked for were others"}
    if Path(payload["test"]).read_text("utf-8").strip() != payload["acceptance"].strip():
        return {"verb": "reject", "reason": f"{payload['test']} is not the acceptance test of the task"}
    if bug := counterexample(payload["module"]):
        return {"verb": "reject", "reason": bug}
    return {"verb": "advance", "note": f"tests pass, and {CASES} cases against a slow and simple model agree"}


# -- trying to break it -----------------------------------------------------------------------------------------------


def counterexample(module: str) -> str | None:
    """Compare the module under review with a slow and simple model of it; return the first difference."""
    sys.path.insert(0, str(Path.cwd()))
    sys.dont_write_bytecode = True
    loaded = importlib.import_module(module.removesuffix(".py").replace("/", "."))
    probes = {"spans/duration.py": durations, "spans/merge.py": merges, "spans/gaps.py": between}
    for call, wanted in probes[module](loaded):
        try:
            got = call[1]()
        except ValueError as error:
            got = type(error)
        if got != wanted:
            return f"{call[0]} gives {plain(got)}, not {plain(wanted)}"
    return None


def durations(loaded: Any) -> Any:
    """Every writing of some times of day, and writings that are wrong."""
    for hours, minutes, rest in product((None, 0, 1, 30), (None, 0, 59, SIXTY), (None, 0, 59, SIXTY)):
        parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
        text = "".join(f"{number}{unit}" for number, unit in parts if number is not None)
        over = (hours is not None and minutes == SIXTY) or ((hours, minutes) != (None, None) and rest == SIXTY)
        wanted: Any = (hours or 0) * 3600 + (minutes or 0) * 60 + (rest or 0)
        if over or not text:
            wanted = ValueError
        yield (f"seconds({text!r})", lambda text=text: loaded.seconds(text)), wanted
    for text in ("1s1m", "1h\n", "\u0661s", "+1h", "1 h", "1H"):
        yield (f"seconds({text!r})", lambda text=text: loaded.seconds(text)), ValueError


def merges(loaded: Any) -> Any:
    """Random spans, told as the set of numbers that they hold."""
    for spans, covered in cases(loaded.Span):
        wanted = runs(covered, loaded.Span)
        yield (f"merged({plain(spans)})", lambda spans=spans: loaded.merged(spans)), wanted


def between(loaded: Any) -> Any:
    """Random spans, and the numbers that they leave over."""
    within = loaded.Span(3, 15)
    for spans, covered in cases(loaded.Span):
        wanted = runs(set(range(3, 15)) - covered, loaded.Span)
        yield (f"gaps({plain(spans)}, (3, 15))", lambda spans=spans: loaded.gaps(spans, within)), wanted


def cases(span: Any) -> Any:
    """Random lists of spans, and the numbers each holds; short ones first, so that a difference is easy to read."""
    chance = random.Random(SEED)  # noqa: S311 - the same cases each time are wanted
    for number in range(CASES):
        spans = [
            span(start, start + chance.randint(1, 8)) for start in chance.choices(range(12), k=number * 5 // CASES)
        ]
        yield spans, {n for one in spans for n in range(*one)}


def runs(numbers: set[int], span: Any) -> list[Any]:
    """Return the spans of neighbours among ``numbers``."""
    starts = sorted(n for n in numbers if n - 1 not in numbers)
    ends = sorted(n + 1 for n in numbers if n + 1 not in numbers)
    return [span(*ends_of) for ends_of in zip(starts, ends, strict=True)]


def plain(value: Any) -> str:
    """Show spans as pairs."""
    if isinstance(value, list):
        return f"[{', '.join(str(tuple(one)) for one in value)}]"
    return value.__name__ if isinstance(value, type) else repr(value)


# -- hands ------------------------------------------------------------------------------------------------------------


def answers(family: str, module: str) -> list[str]:
    """Return what a family writes for a module, try after try."""
    tries = tomllib.loads((Path(__file__).parent / "answers.toml").read_text("utf-8"))[family][module]
    return [str(text).lstrip("\n") for text in tries]


def write(name: str, text: str) -> None:
    """Write a file of the worktree."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text.lstrip("\n"), "utf-8")


def failure(command: str) -> str | None:
    """Run a command of the task; return its last lines if it fails."""
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)  # noqa: S603 - the task's
    if done.returncode == 0:
        return None
    told = [line for line in done.stderr.splitlines() if line.strip("-=")]
    return f"`{command}` fails: " + " / ".join(line.strip() for line in told[-3:])


def git(*arguments: str) -> str:
    """Run git in the worktree."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)  # noqa: S603, S607 - fixed
    return done.stdout.strip()


def say(line: str) -> None:
    """Print a line at once: it may be the last."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
