"""The golden runs: whole results on the small tree, few and short enough to be read in review. ``python -m tests.golden`` writes them."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.builders import build_minivllm
from tests.cli.harness import Outcome, Project

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "golden"


class Run(NamedTuple):
    """One golden run: the file of its stdout, and the command line without the clone."""

    file: str
    arguments: tuple[str, ...]


RUNS = (
    Run("101-feature.txt", ("classify", "101")),
    Run("102-rocm.zh.md", ("classify", "102", "--format", "markdown", "--lang", "zh")),
    Run("103-docs.json", ("classify", "103", "--format", "json")),
    Run("104-ci.github", ("classify", "104", "--format", "github")),
    Run("105-rename.txt", ("classify", "105", "--lang", "zh")),
    Run("106-default.sarif", ("classify", "106", "--format", "sarif")),
    Run("107-kernel.md", ("classify", "107", "--format", "markdown")),
    Run("108-cosmetic.txt", ("classify", "108")),
    Run("109-bugfix.rdjson", ("classify", "109", "--format", "rdjson")),
    Run("112-dependency.txt", ("classify", "112")),
    Run("all.concise", ("classify", "--range", "main~12..main", "--format", "concise", "--workers", "1")),
)


_HASH = re.compile(r"""((?:rules|规则) |"rules_hash": ")[0-9a-f]{12,}""")


def perform(run: Run, clone: Path, folder: Path) -> Outcome:
    """Return what a golden run does now, without the hash that every edit of any rule changes."""
    outcome = Project(folder, {}).run(*run.arguments, "--repo", str(clone))
    return outcome._replace(out=_HASH.sub(r"\g<1>...", outcome.out))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        tree = build_minivllm(Path(made) / "clone")
        for each in RUNS:
            outcome = perform(each, tree, Path(made) / "run")
            if outcome.exit_code:
                sys.exit(outcome.err)
            (FOLDER / each.file).write_text(outcome.out, encoding="utf-8")
