"""The generator in docs/reports.md is complete, short, and runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from diffscope.products.report.dynamics.events import Events
from tests.cli.harness import run_script

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")


def test_the_generator_runs_as_it_stands(minivllm: Path, tmp_path: Path) -> None:
    """Under thirty lines, on a small clone."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert program.count("\n") < 30
    (tmp_path / "note.py").write_text(program, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "DIFFSCOPE_CACHE_DIR": str(tmp_path / "cache")}
    done = run_script(tmp_path / "note.py", "main~11..main~8", str(minivllm), environment=environment)
    first, *rest = done.out.splitlines()
    assert re.fullmatch(r"main~11\.\.main~8: \d+ of 3 merges touch attention", first)
    assert sum(line.startswith("- #") for line in rest) == int(first.split()[1]) > 0


def test_the_events_of_the_page_are_events() -> None:
    """What the page shows can be read."""
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    events = msgspec.json.decode(shown, type=Events)
    assert (len(events.issues), len(events.pulls)) == (1, 1)
