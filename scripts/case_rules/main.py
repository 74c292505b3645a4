"""Arguments, the loop over the cases, and the lines that are printed."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import Any, Sequence

from . import cpu, described, picks, queueing, regions
from .form import BadFile, NotExpressible, cases_of, read_file
from .program import Failed, Program
from .verdict import Findings

WORDS = ("exact", "within", "wrong", "not expressible")


def arguments(args: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/cases",
        description="Runs cases with known answers through the built program.",
        epilog="Exit code 0, 4 where a case is wrong, 2 where a file or an id cannot be read.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer jobs a replication; coarser, never fewer of them")
    parser.add_argument("--time", action="store_true", help="say how many seconds each case took")
    parser.add_argument("binary", help="the built program")
    parser.add_argument("file", help="a file of cases (JSON)")
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these cases")
    return parser.parse_args(args)


def family(document: dict[str, Any], case: dict[str, Any]) -> Any:
    """The rules for a case, told by its keys."""
    if "model" in case and "values" in case:
        return queueing
    if "picks" in case or case.get("product") is not None:
        return picks
    if "expected" in case:
        return cpu
    if case.get("kind", document.get("kind")) in regions.KINDS and "params" in case:
        return regions
    return described


def verdict(program: Program, document: dict[str, Any], case: dict[str, Any], quick: bool) -> tuple[str, str]:
    """A word and what is said about it."""
    try:
        findings = family(document, case).check(program, document, case, quick)
    except NotExpressible as missing:
        return "not expressible", str(missing)
    except Failed as failure:
        return "wrong", f"the program failed: {failure}"
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return "not expressible", f"a form that no rule reads ({type(error).__name__}: {error})"
    return summed_up(findings)


def summed_up(findings: Findings) -> tuple[str, str]:
    if findings.differences:
        more = len(findings.differences) - 1
        said = findings.differences[0] + (f" (and {more} more)" if more else "")
        return "wrong", "; ".join([said, *(remark for remark in findings.remarks if remark.startswith("conventions"))])
    if findings.missing:
        rest = f"; the {findings.compared} other answers are right" if findings.compared else ""
        return "not expressible", ", ".join(findings.missing) + rest
    if not findings.compared:
        return "not expressible", "no output for " + ", ".join(findings.uncompared or ["any answer"])
    said = list(findings.remarks)
    if findings.uncompared:
        said.append("not compared: " + ", ".join(findings.uncompared))
    return ("within" if findings.estimated else "exact"), "; ".join(said)


def line(text: str) -> str:
    """A line a case; people get it at the width of their terminal."""
    if not sys.stdout.isatty():
        return text
    return textwrap.fill(text, min(80, shutil.get_terminal_size().columns), subsequent_indent="    ")


def main(args: Sequence[str]) -> int:
    options = arguments(args)
    try:
        document = read_file(options.file)
        cases = cases_of(options.file, document)
        unknown = [name for name in options.ids if all(case["id"] != name for case in cases)]
        if unknown:
            raise BadFile(f"{options.file}: no case {', '.join(unknown)}")
        if not os.access(options.binary, os.X_OK):
            raise BadFile(f"{options.binary}: no program")
    except BadFile as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    for case in cases:
        if options.ids and case["id"] not in options.ids:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="cases-") as folder:
            program = Program(options.binary, Path(folder))
            word, said = verdict(program, document, case, options.quick)
        counts[word] += 1
        took = f" [{time.monotonic() - began:.1f} s]" if options.time else ""
        print(line(f"{case['id']}: {word}" + (f": {said}" if said else "") + took), flush=True)
    print(", ".join(f"{counts[word]} {word}" for word in WORDS) + f", of {sum(counts.values())}")
    return 4 if counts["wrong"] else 0
