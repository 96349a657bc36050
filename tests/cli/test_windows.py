"""Windows that a clone does not reach, ranges that make no sense, and repositories that are none of vLLM."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.builders import Commit, git, git_repository
from tests.cli.conftest import MakeProject
from tests.cli.harness import Project

COMMITS = [
    Commit("One (#1)", {"vllm/a.py": "1\n"}, at="2026-02-10T00:00:00Z"),
    Commit("Two (#2)", {"vllm/a.py": "2\n"}, at="2026-02-18T00:00:00Z"),
    Commit("Three (#3)", {"vllm/a.py": "3\n"}, at="2026-02-19T00:00:00Z"),
]
ENDS = "the clone ends at 2026-02-19, before the window does: git fetch"
CUT = "the history is cut off at 2026-02-18, after the window starts: git fetch --unshallow"
BEGINS = "the history begins at 2026-01-01, after the window ends"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return git_repository(tmp_path / "clone", {"vllm/__init__.py": "", "vllm/a.py": "0\n"}, COMMITS)


@pytest.fixture
def work(project: MakeProject) -> Project:
    return project()


@pytest.mark.parametrize(
    ("window", "told"),
    [
        pytest.param(("--week", "2026-W53"), ENDS, id="after the newest commit"),
        pytest.param(("--since", "2026-02-16", "--until", "2026-02-22"), ENDS, id="half after it"),
        pytest.param(("--since", "2026-02-10", "--until", "2026-02-19"), None, id="within"),
        pytest.param(("--since", "2026-02-01", "--until", "2026-02-02"), None, id="a quiet day within"),
        pytest.param(
            ("--since", "1990-01-01", "--until", "1990-01-07"), BEGINS, id="before the first commit"
        ),
    ],
)
def test_a_window_beyond_the_clone_is_told(
    work: Project, clone: Path, window: tuple[str, ...], told: str | None
) -> None:
    """In the digest and on stderr: zeros would be a lie."""
    done = work.run("report", *window, "--repo", str(clone), "--format", "json", "--workers", "1")
    gaps = [gap["reason"]["en"] for gap in json.loads(done.out)["gaps"] if gap["what"] == "window"]
    assert (done.exit_code, gaps) == (0, [told] if told else [])
    assert (told in done.err) if told else "the clone" not in done.err


def test_a_report_does_not_say_that_nothing_was_merged_where_it_cannot_know(
    work: Project, clone: Path
) -> None:
    for language, said, ends in (
        ("en", "nothing was merged that this clone has", ENDS),
        ("zh", "在此克隆中没有合并任何 PR", "克隆止于 2026-02-19，早于时间范围的结尾：git fetch"),
    ):
        done = work.run("report", "--week", "2026-W53", "--repo", str(clone), "--lang", language)
        assert said in done.out
        assert ends in done.out
    quiet = work.run("report", "--since", "2026-02-01", "--repo", str(clone))
    assert "nothing was merged." in quiet.out


def test_a_window_that_is_cut_off_is_told(work: Project, clone: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{clone}", "shallow")
    window = ("--since", "2026-02-09", "--until", "2026-02-19", "--repo", str(tmp_path / "shallow"))
    done = work.run("report", *window, "--format", "json", "--workers", "1")
    assert CUT in [gap["reason"]["en"] for gap in json.loads(done.out)["gaps"]]
    assert CUT in done.err


def test_a_backtest_tells_the_same(work: Project, clone: Path) -> None:
    window = ("--since", "2026-02-16", "--until", "2026-03-01")
    done = work.run("backtest", *window, "--repo", str(clone), "--format", "json")
    assert ENDS in [gap["reason"]["en"] for gap in json.loads(done.out)["gaps"]]
    assert ENDS in done.err
    whole = work.run("backtest", "--repo", str(clone), "--format", "json")
    assert json.loads(whole.out)["gaps"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "--week", "2026-W13"),
        ("report", "--range", "HEAD~1..HEAD"),
        ("backtest",),
        ("classify", "--range", "HEAD~1..HEAD"),
        ("classify", "--base", "HEAD~1"),
    ],
)
def test_an_empty_repository_is_an_error(work: Project, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    git(tmp_path, "init", "--quiet", "empty")
    done = work.run(*arguments, "--repo", str(tmp_path / "empty"))
    assert done.exit_code == 2
    assert "the repository has no commit\nhint: name a clone: --repo PATH\n" in done.err


@pytest.mark.parametrize("command", ["report", "classify", "backtest"])
@pytest.mark.parametrize(
    ("window", "error"),
    [
        ("HEAD..HEAD~2", "nothing comes after HEAD up to HEAD~2: HEAD~2 is the older one\nhint: reverse it: 'HEAD~2..HEAD'"),
        ("..HEAD~2", "'..HEAD~2' has no start\nhint: name the commit after which it begins: A..HEAD~2"),
        ("HEAD...HEAD~2", "'HEAD...HEAD~2' is not a range\nhint: write A..B: every change merged after A, up to B"),
    ],
)  # fmt: skip
def test_a_range_that_makes_no_sense_is_refused(
    work: Project, clone: Path, command: str, window: str, error: str
) -> None:
    done = work.run(command, "--range", window, "--repo", str(clone))
    assert (done.exit_code, done.out) == (2, "")
    assert error in done.err


def test_a_range_without_an_end_goes_up_to_head(work: Project, clone: Path) -> None:
    done = work.run("report", "--range", "HEAD~2..", "--repo", str(clone), "--format", "json")
    assert [pull["number"] for pull in json.loads(done.out)["pulls"]] == [2, 3]


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("nowhere", "fetch origin nowhere"),
        ("HEAD~99", "fetch --all"),
        ("a b", "fetch --all"),
        ("main~99", "fetch --all"),
    ],
)
def test_a_hint_is_a_command_that_works(work: Project, clone: Path, revision: str, hint: str) -> None:
    """``git fetch origin --all`` is none."""
    done = work.run("classify", "--base", revision, "--repo", str(clone))
    assert f"hint: fetch it: git -C {clone} {hint}\n" in done.err


def test_talk_is_in_no_clone(work: Project) -> None:
    done = work.run("report", "--layout", "dynamics", "--since", "2026-02-10")
    assert done.exit_code == 2
    assert "--events FILE" in done.err
    assert "--repo" not in done.err


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A repository that is none of vLLM's."""
    files = {"pyproject.toml": "[project]\n", "tests/test_a.py": "def test_a(): ...\n"}
    steps = [Commit("Change (#1)", {"other/a.py": "x = 1\n"}, at="2026-02-19T00:00:00Z")]
    return git_repository(tmp_path / "foreign", files, steps)


NO_PROFILE = "no profile describes this repository"


def test_another_repository_is_not_judged_without_a_word(work: Project, foreign: Path) -> None:
    done = work.run("classify", "--base", "HEAD~1", "--repo", str(foreign), "--format", "json")
    gaps = json.loads(done.out)["completeness"]["gaps"]
    assert [gap["what"] for gap in gaps if NO_PROFILE in gap["reason"]["en"]] == ["repository"]
    for window in (("--range", "HEAD~1..HEAD"), ("--since", "2026-02-19")):
        done = work.run("report", *window, "--repo", str(foreign), "--format", "json")
        assert [gap["what"] for gap in json.loads(done.out)["gaps"]] == ["repository", "declarations"]
        assert done.err.count(NO_PROFILE) == 1
    done = work.run("backtest", "--range", "HEAD~1..HEAD", "--repo", str(foreign))
    assert NO_PROFILE in done.err


def test_doctor_refuses_another_repository_in_one_line(work: Project, foreign: Path) -> None:
    done = work.run("doctor", "--repo", str(foreign))
    assert (done.exit_code, done.out) == (2, "")
    assert done.err == (
        f"error: {foreign}: its profile, generic, declares no pipelines of Buildkite: doctor reads no others\n"
        "hint: name another clone or profile: diffscope doctor --repo PATH --profile NAME\n"
    )


def test_commits_without_a_pull_request_have_names_of_their_own(work: Project, tmp_path: Path) -> None:
    """Two of them are two, not twice #0, and they are counted apart."""
    steps = [
        Commit("Straight to main", {"vllm/a.py": "1\n"}, at="2026-02-10T00:00:00Z"),
        Commit("Once more", {"vllm/a.py": "2\n"}, at="2026-02-11T00:00:00Z"),
        Commit("By the book (#7)", {"vllm/a.py": "3\n"}, at="2026-02-12T00:00:00Z"),
    ]
    clone = git_repository(tmp_path / "clone", {"vllm/__init__.py": "", "vllm/a.py": "0\n"}, steps)
    names = [git(clone, "rev-parse", f"HEAD~{back}")[:12] for back in (2, 1)]
    report = ("report", "--range", "HEAD~3..HEAD", "--repo", str(clone), "--workers", "1")
    digest = json.loads(work.run(*report, "--format", "json").out)
    assert (digest["source_pulls"], digest["source_commits"]) == (3, 2)
    assert sorted(pull["number"] for pull in digest["pulls"]) == sorted(
        [7, *(-int(name, 16) for name in names)]
    )
    for form in ("markdown", "html", "atom"):
        page = work.run(*report, "--format", form).out
        assert re.findall(r"#0(?![0-9a-f]{2})", page) == []
        assert form == "atom" or all(name in page for name in names)
    page = work.run(*report).out
    assert "· 3 changes, 2 without a pull request ·" in page
    one = work.run("report", "--range", "HEAD~1..HEAD", "--repo", str(clone)).out
    assert "· 1 pull request ·" in one
    assert "来源变更：3（其中 2 个没有 PR）" in work.run(*report, "--lang", "zh").out
