"""What a clone that lacks something makes of a change is told to be incomplete, and never served to one that has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.graphs.history import days_known, history_at
from diffscope.assessment.document import Assessment
from diffscope.batch.run import Batch
from diffscope.batch.windows import find_span
from diffscope.messages.model import message
from diffscope.workspace import Workspace
from tests.builders import Commit, build_minivllm, git, git_repository

STEPS = [
    Commit("One (#1)", {"vllm/a.py": "1\n", "tests/test_a.py": "1\n"}, at="2026-03-24T00:00:00Z"),
    Commit("Two (#2)", {"vllm/a.py": "2\n", "tests/test_a.py": "2\n"}, at="2026-03-25T00:00:00Z"),
    Commit("Three (#3)", {"vllm/a.py": "3\n"}, at="2026-03-27T00:00:00Z"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_minivllm(tmp_path_factory.mktemp("whole") / "vllm")


@pytest.fixture(scope="module")
def partial(whole: Path) -> Path:
    git(whole, "config", "uploadpack.allowFilter", "true")
    git(whole.parent, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{whole}", "partial")
    return whole.parent / "partial"


def judged(clone: Path, cache: Path) -> list[Assessment]:
    with (
        GitRepository(clone) as repository,
        Workspace(repository, cache_directory=cache) as workspace,
        Batch(workspace, workers=1) as batch,
    ):
        found = [each.assessment for each in batch.judge(find_span(workspace, "2026-W13").wanted)]
    assert None not in found
    return [each for each in found if each is not None]


@pytest.fixture(scope="module")
def its_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rich")


@pytest.fixture(scope="module")
def rich(whole: Path, its_cache: Path) -> list[Assessment]:
    """What the complete clone makes of the week, which stays in ``its_cache``."""
    return judged(whole, its_cache)


def what_is_missing(assessments: list[Assessment]) -> set[str]:
    return {gap.what for each in assessments for gap in each.completeness.gaps}


def test_a_complete_clone_never_gets_what_a_partial_one_thought(
    whole: Path, partial: Path, rich: list[Assessment], tmp_path: Path
) -> None:
    """Neither its assessments nor the graphs, declarations and words that it could read in part."""
    poor = judged(partial, tmp_path / "shared")
    assert {"blob", "graph", "declarations"} <= what_is_missing(poor)
    assert not any(each.completeness.complete for each in poor)
    assert judged(whole, tmp_path / "shared") == rich
    assert not {"blob", "graph", "declarations"} & what_is_missing(rich)


def test_a_partial_clone_may_have_what_a_complete_one_thought(
    partial: Path, rich: list[Assessment], its_cache: Path
) -> None:
    """The same commits are the same change."""
    assert judged(partial, its_cache) == rich


def shallow(tmp_path: Path, depth: int) -> Path:
    folder = git_repository(tmp_path / "vllm", {"vllm/a.py": "0\n", "tests/test_b.py": "0\n"}, STEPS)
    git(tmp_path, "clone", "--quiet", f"--depth={depth}", f"file://{folder}", "shallow")
    return tmp_path / "shallow"


def test_a_history_that_is_cut_off_is_told(tmp_path: Path) -> None:
    with (
        GitRepository(shallow(tmp_path, 3)) as repository,
        Workspace(repository, cache_directory=tmp_path / "cache") as workspace,
    ):
        base = repository.resolve("HEAD~1")
        assert days_known(repository, base) == 1
        assessment = workspace.classify(workspace.clone.commit("HEAD"))
    (gap,) = (gap for gap in assessment.completeness.gaps if gap.what == "history")
    assert gap.reason.message == message("gap.history-cut-off", days=1)
    assert "history: the history of the base is cut off" in {
        note.en for note in assessment.completeness.notes
    }


def test_a_history_that_reaches_its_start_is_whole(tmp_path: Path) -> None:
    folder = git_repository(tmp_path / "vllm", {"vllm/a.py": "0\n"}, STEPS)
    with GitRepository(folder) as repository:
        assert days_known(repository, repository.resolve("HEAD")) is None


def test_where_history_is_cut_off_nothing_is_known_to_have_changed(tmp_path: Path) -> None:
    """git shows that commit as though it had made every file of the tree."""
    with GitRepository(shallow(tmp_path, 2)) as repository, open_cache(tmp_path / "cache") as cache:
        history = history_at(repository, repository.resolve("HEAD"), cache)
        assert history.past(["vllm/a.py"], {"tests/test_a.py", "tests/test_b.py"}).together.keys() == set()


def test_a_clone_that_is_deepened_has_more_past_at_once(tmp_path: Path) -> None:
    clone, tests = shallow(tmp_path, 2), {"tests/test_a.py"}
    with open_cache(tmp_path / "cache") as cache:
        with GitRepository(clone) as repository:
            history_at(repository, repository.resolve("HEAD"), cache)
        git(clone, "fetch", "--quiet", "--unshallow")
        with GitRepository(clone) as repository:
            history = history_at(repository, repository.resolve("HEAD"), cache)
    assert set(history.past(["vllm/a.py"], tests).together) == tests
