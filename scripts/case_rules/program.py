"""The built program: called with a folder of its own, under limits of time and memory."""

from __future__ import annotations

import csv
import json
import re
import resource
import subprocess
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

# Bytes of address space that one call may take.
MEMORY = 8 << 30
# Seconds that one call may take.
SECONDS = 300


class Failed(Exception):
    """The program ended with a mistake, a crash or not at all."""


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Program:
    """A binary and the folder in which inputs are written for it."""

    def __init__(self, binary: str, folder: Path) -> None:
        self.binary = str(Path(binary).resolve())
        self.folder = folder

    def call(self, *args: str) -> str:
        command = [self.binary, *args, "--color", "never"]
        try:
            done = subprocess.run(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=SECONDS, preexec_fn=_limits, check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"no end after {SECONDS} s: {' '.join(args)}") from error
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
            raise Failed(f"{how}: " + " / ".join(said[:3])[:300])
        return done.stdout

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def run(self, name: str, *args: str) -> dict[str, Any]:
        """One recorded run, as the document that `--format json` gives."""
        text = self.call("run", name, "--format", "json", "--records", "--quiet", *args)
        return json.loads(text, parse_float=Decimal)

    def replications(self, name: str, count: int, *args: str) -> list[dict[str, str]]:
        """The rows of all replications, as `--format csv` gives them."""
        text = self.call("run", name, "--format", "csv", "--quiet", "--replications", str(count), *args)
        return list(csv.DictReader(text.splitlines()))

    @cached_property
    def policies(self) -> set[str]:
        """The ids of the catalog."""
        return set(re.findall(r"^  ([a-z0-9][a-z0-9-]*)  ", self.call("policies"), re.MULTILINE))

    def parameters(self, policy: str) -> dict[str, str]:
        """What a policy's parameters are: a name, and the words about it."""
        text = self.call("policies", "show", policy)
        found = re.search(r"^parameters\n(.*?)(?:\n\n|\Z)", text, re.MULTILINE | re.DOTALL)
        entries = re.split(r"^  (?=\w+ = )", found.group(1), flags=re.MULTILINE) if found else []
        return {entry.split(" = ", 1)[0]: " ".join(entry.split()) for entry in entries if " = " in entry}
