"""``diffscope backtest`` on a small history: a change, the fix of its lines, and time going by."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from diffscope.cli import backtest_window
from diffscope.rules.model import parse_statistics
from tests.builders import Commit, git_repository
from tests.cli.conftest import MakeProject
from tests.cli.harness import Project

STEP = "vllm/v1/core/sched/scheduler.py"
BEFORE = "class Scheduler:\n    def schedule(self):\n        return []\n"
WRONG = "class Scheduler:\n    def schedule(self):\n        if self.waiting:\n            return self.running\n        return []\n"
COMMITS = [
    Commit("[Core] Schedule what waits (#11)", {STEP: WRONG}, at="2026-02-10T00:00:00Z"),
    Commit("[Doc] Describe it (#12)", {"docs/schedule.md": "It schedules.\n"}, at="2026-02-11T00:00:00Z"),
    Commit("[Bugfix] Schedule what waits, not what runs (#13)", {STEP: WRONG.replace("self.running", "self.waiting")}, at="2026-02-12T00:00:00Z"),
    Commit("[Misc] Much later (#14)", {"docs/schedule.md": "It does.\n"}, at="2026-04-01T00:00:00Z"),
]  # fmt: skip


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return git_repository(
        tmp_path / "clone", {"vllm/__init__.py": "", STEP: BEFORE, "docs/schedule.md": "?\n"}, COMMITS
    )


@pytest.fixture
def work(project: MakeProject) -> Project:
    return project()


def test_a_fixed_change_is_counted(work: Project, clone: Path) -> None:
    """Four changes, two wrote source, one of them was fixed: #11 by #13."""
    done = work.run("backtest", "--repo", str(clone), "--format", "json", "-q")
    assert (done.exit_code, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["schema"], found["changes"]) == ("diffscope.backtest/2", 4)
    assert (found["base"]["count"], found["base"]["of"]) == (1, 2)
    assert found["frame"]["as_of"] == "2026-04-01T00:00:01Z"
    fired = {rule["code"]: rule["any"] for rule in found["rules"]}
    assert fired["CP101"]["fired"] >= 1
    assert fired["CP101"]["lift"] is None
    assert found["gaps"] == []


def test_a_second_run_gives_the_same_bytes(work: Project, clone: Path) -> None:
    """From the store and the cache as from scratch."""
    arguments = ("backtest", "--repo", str(clone), "--format", "json")
    first = work.run(*arguments)
    assert work.run(*arguments).out == first.out
    assert work.run(*arguments, "--no-cache").out == first.out


def test_the_page_says_what_it_cannot_say(work: Project, clone: Path) -> None:
    """Rates, the base rate with its interval, and no lift of two changes."""
    done = work.run("backtest", "--repo", str(clone))
    assert done.exit_code == 0
    assert "history, the newest 1,000: 4 changes" in done.out
    assert "base rate: 1 of 2 (50.0%, 95% 9.4%-90.5%)" in done.out
    assert "AUC for a later fix: too few changes of either kind to say" in done.out
    assert "too few" in done.out
    assert "it does not predict" in " ".join(done.out.split())


def test_windows_limits_and_horizons(work: Project, clone: Path) -> None:
    """A window and --limit choose changes; --as-of hides what came later, and with it all that could be followed."""

    def ask(*arguments: str) -> tuple[int, int, int]:
        done = work.run("backtest", "--repo", str(clone), "--format", "json", *arguments)
        assert done.exit_code == 0, done.err
        found = json.loads(done.out)
        return found["changes"], found["base"]["of"], found["base"]["count"]

    assert ask("--since", "2026-02-10", "--until", "2026-02-11") == (2, 1, 1)
    assert ask("--since", "2026-02-11") == (3, 1, 0)
    assert ask("--until", "2026-02-12", "--limit", "2") == (2, 1, 0)
    assert ask("--sample", "2") == (2, 2, 1)
    assert ask("--range", "HEAD~4..HEAD~2") == (2, 1, 1)
    assert ask("--as-of", "2026-02-20") == (3, 0, 0)
    assert ask("--since", "2026-02-10", "--within", "1") == (4, 2, 0)


def test_an_empty_window_is_a_result(work: Project, clone: Path) -> None:
    """Nothing merged, nothing measured, nothing wrong."""
    done = work.run("backtest", "--repo", str(clone), "--since", "2026-01-10", "--until", "2026-01-11")
    assert (done.exit_code, done.err) == (0, "")
    assert done.out.endswith("0 changes\nNothing was merged in this window.\n")


def test_statistics_are_written_for_rule_pages(work: Project, clone: Path) -> None:
    """With what they are of and the command that makes them anew."""
    file = work.folder / "statistics.json"
    done = work.run("backtest", "--repo", str(clone), "--until", "2026-04-01", "--statistics", str(file))
    assert done.exit_code == 0
    made = parse_statistics(file.read_bytes())
    assert (made.window, made.changes, made.followed, made.within_days) == (
        "4 changes merged 2026-02-10 to 2026-04-01 (UTC)",
        4,
        2,
        30,
    )
    assert made.made_by == (
        "diffscope backtest --repo PATH --until 2026-04-01 --limit 1000 --within 30 --statistics rules/statistics.json"
    )
    assert [path.name for path in work.folder.iterdir()] == ["statistics.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--range", "A..B", "--since", "2026-02-01"), "exclude each other", id="two windows"),
        pytest.param(("--since", "soon"), "'soon' is not a day", id="no day"),
        pytest.param(
            ("--since", "2026-02-02", "--until", "2026-02-01"), "before it starts", id="a window backwards"
        ),
        pytest.param(("--limit", "0"), "0 is not in the range", id="no changes at all"),
        pytest.param(("--statistics", "nowhere/s.json"), "cannot write the statistics", id="no such folder"),
    ],
)
def test_mistakes_are_told(work: Project, clone: Path, arguments: tuple[str, ...], message: str) -> None:
    """In a sentence, with exit code 2."""
    done = work.run("backtest", "--repo", str(clone), *arguments)
    assert done.exit_code == 2
    assert message in done.err


def test_without_a_clone_there_is_no_history(work: Project) -> None:
    """Records and GitHub do not serve here."""
    done = work.run("backtest")
    assert (done.exit_code, done.out) == (2, "")
    assert "there is no clone of vLLM here" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--fit", "c.yml", "--limit", "9"), "takes no --range, --limit, --sample", id="a limit"),
        pytest.param(("--card", "c.md"), "--card needs --fit", id="a card of nothing"),
        pytest.param(("--fit", "c.yml"), "changes of source can be followed", id="a young clone"),
    ],
)
def test_a_fit_that_cannot_be_is_refused(
    work: Project, clone: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    """In a sentence, with exit code 2, and no file."""
    monkeypatch.setattr(backtest_window, "trainer", lambda: None)
    done = work.run("backtest", "--repo", str(clone), *arguments)
    assert (done.exit_code, done.out) == (2, "")
    assert message in done.err
    assert not list(work.folder.iterdir())


def test_a_fit_without_its_library_says_what_to_install(
    work: Project, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is read."""
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    done = work.run("backtest", "--repo", str(clone), "--fit", "c.yml")
    assert done.exit_code == 2
    assert "pip install 'vllm-diffscope[fit]'" in done.err
