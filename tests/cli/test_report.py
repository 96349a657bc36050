"""``diffscope report`` from end to end, on a small clone."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import jsonschema
import msgspec
import pytest

from diffscope.cli.generate.schema import schema_text
from diffscope.cli.report.command import FORMS
from diffscope.products.report.render.formats import RENDERERS
from tests.builders import Commit, build_minivllm, git, git_repository
from tests.cli.conftest import MakeProject
from tests.cli.harness import ROOT, Outcome, run_here, run_on

WEEK = ("report", "--week", "2026-W13", "--workers", "1", "-q")


class Place:
    """A clone, and a cache that the tests of this module share."""

    def __init__(self, folder: Path) -> None:
        self.clone = build_minivllm(folder / "vllm")
        self.cache = folder / "cache"

    def run(self, *arguments: str, cache: Path | None = None) -> Outcome:
        return run_here((*arguments, "--repo", str(self.clone)), self.clone.parent, self.environment(cache))

    def run_limited(
        self, *arguments: str, limit: int, monkeypatch: pytest.MonkeyPatch, cache: Path | None = None
    ) -> Outcome:
        """Run with files that may not grow beyond ``limit`` bytes."""
        # Python does not notice that compiled modules are cut off at the limit, and later processes would stumble over them.
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            return self.run(*arguments, cache=cache)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "diffscope", *arguments, "--repo", str(self.clone)]

    def environment(self, cache: Path | None = None) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {"DIFFSCOPE_CACHE_DIR": str(cache or self.cache), "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def week(place: Place) -> str:
    """The digest of the whole week, as JSON text."""
    outcome = place.run(*WEEK, "--format", "json")
    assert outcome.exit_code == 0, outcome.err
    return outcome.out


def test_the_table_of_formats_is_the_renderers() -> None:
    """`--help` lists what there is, without importing it."""
    assert {*FORMS} == {*RENDERERS, "jsonl"}


def test_a_digest_keeps_its_schema_and_traces_its_numbers(week: str) -> None:
    """Valid by an implementation that is not ours; every count has as many pull requests."""
    digest = json.loads(week)
    jsonschema.Draft202012Validator(json.loads(schema_text("digest"))).validate(digest)
    assert digest["source_pulls"] == len(digest["pulls"]) == 11
    for name in ("kinds", "top_tags", "top_areas", "top_risks", "authors", "hot_files"):
        assert all(one["count"] == len(one["pulls"]) for one in digest[name])
    known = {pull["number"] for pull in digest["pulls"]}
    assert known == set(range(101, 112)), (
        "111 was merged a second before the week ended at UTC+8, 112 as it ended"
    )
    for family in digest["risk"]["families"]:
        assert family["count"] == len(family["pulls"])
        assert {*family["pulls"], *family["minor"]} <= known


def test_a_second_report_is_the_same_bytes(place: Place, week: str) -> None:
    """From the store, with workers or without."""
    assert place.run(*WEEK, "--format", "json").out == week


def test_lines_hold_every_assessment_and_files_are_written_beside_stdout(
    place: Place, tmp_path: Path
) -> None:
    """One run, three outputs."""
    lines, page = tmp_path / "w.jsonl", tmp_path / "w.md"
    outcome = place.run(
        *WEEK, "--format", f"jsonl:{lines}", "--format", f"markdown:{page}", "--format", "json"
    )
    numbers = [json.loads(line)["change"]["pull"]["number"] for line in lines.read_text().splitlines()]
    assert sorted(numbers) == [pull["number"] for pull in json.loads(outcome.out)["pulls"]]
    assert page.read_text().startswith("# vLLM 2026-W13 weekly report")


def test_a_file_in_a_folder_that_is_not_there_is_refused_at_once(place: Place, tmp_path: Path) -> None:
    """As ``classify`` does: nothing is made, and nothing is judged before it is said."""
    page = tmp_path / "deep" / "w.md"
    outcome = place.run(*WEEK, "--format", f"markdown:{page}", cache=tmp_path / "cache")
    assert (outcome.exit_code, outcome.out) == (2, "")
    assert (
        outcome.err
        == f"error: {page}: cannot write the result: No such file or directory\nhint: make the folder first, or name another file\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_templates_is_refused(place: Place, tmp_path: Path) -> None:
    (tmp_path / "weekly.md").write_text("# Mine\n")
    outcome = place.run(*WEEK, "--templates", str(tmp_path))
    assert outcome.exit_code == 2
    assert "there is no template in this folder\nhint: a template has the name" in outcome.err


def test_an_empty_window_says_so(place: Place) -> None:
    """Zeros, a sentence, exit 0, in both languages."""
    empty = ("report", "--since", "2026-03-10")
    assert "nothing was merged." in place.run(*empty).out
    assert "没有合并任何 PR。" in place.run(*empty, "--lang", "zh").out
    assert json.loads(place.run(*empty, "--format", "json").out)["source_pulls"] == 0


def test_a_day_is_compared_with_the_day_before_when_it_is_in_the_store(place: Place, week: str) -> None:
    """The week has filled the store; `--compare none` leaves it out, another window can be named."""
    days = sorted({pull["merged_at"][:10] for pull in json.loads(week)["pulls"]})
    assert len(days) > 1
    asked = ("report", "--since", "2026-03-27", "--until", "2026-03-29", "--format", "json", "-q")
    compared = json.loads(place.run(*asked, "--compare", "2026-W13").out)
    assert compared["compared_with"]["label"] == "2026-W13"
    alone = json.loads(place.run(*asked, "--compare", "none").out)
    assert alone["compared_with"] is None
    assert all("before" not in one for one in alone["kinds"])


def test_a_range_is_the_commits_in_it(place: Place) -> None:
    """Oldest excluded, newest included; no window lies before a range."""
    digest = json.loads(place.run("report", "--range", "main~3..main", "--format", "json", "-q").out)
    assert (digest["source_pulls"], digest["period"]["label"]) == (3, "main~3..main")
    refused = place.run("report", "--range", "main~3..main", "--compare", "before")
    assert (refused.exit_code, "no window before" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param((), "no window is given", id="nothing asked"),
        pytest.param(("--week", "2026-W13", "--since", "2026-03-23"), "exclude each other", id="two windows"),
        pytest.param(("--until", "2026-03-23"), "--until has no --since", id="an end alone"),
        pytest.param(("--week", "13"), "is not a week", id="no week"),
        pytest.param(("--since", "2026-03-29", "--until", "2026-03-23"), "before it starts", id="backwards"),
        pytest.param(("--since", "2026-13-01"), "is not a day", id="no day"),
        pytest.param(("--week", "2026-W13", "--tz", "Shanghai"), "not an offset", id="no offset"),
        pytest.param(("--range", "main"), "is not a range", id="no range"),
        pytest.param(("--week", "2026-W13", "--format", "pdf"), "not a format of a report", id="no format"),
        pytest.param(("--week", "2026-W13", "--format", "json", "--format", "html"), "cannot share stdout", id="two on stdout"),
        pytest.param(("--layout", "dynamics"), "no window is given", id="dynamics of nothing"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_two_lines(
    place: Place, arguments: tuple[str, ...], words: str
) -> None:
    """Exit 2, an error, a hint, nothing on stdout."""
    outcome = place.run("report", *arguments)
    assert (outcome.exit_code, outcome.out) == (2, "")
    assert words in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.thorough
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_report_that_was_ended_goes_on_and_loses_nothing(
    place: Place, week: str, tmp_path: Path, sign: signal.Signals
) -> None:
    """SIGINT ends it with 130 and a word; no half-written report; what was judged is kept; the next run gives the same digest."""
    file = tmp_path / "w.json"
    arguments = ("report", "--week", "2026-W13", "--workers", "2", "--format", f"json:{file}")
    environment = place.environment(tmp_path / "cache")
    process = subprocess.Popen(place.command(*arguments), env=environment, stderr=subprocess.PIPE)
    store = tmp_path / "cache" / "assessments-1.sqlite3"
    end = time.monotonic() + 60
    while not store.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(sign)
    _, told = process.communicate(timeout=60)
    if sign is signal.SIGINT and process.returncode != 0:
        assert (process.returncode, b"the same command goes on from there" in told) == (130, True)
        assert list(tmp_path.glob(".w*")) == []
    assert list(tmp_path.glob("*.json")) == [] or process.returncode == 0
    again = place.run(*WEEK, "--format", "json", cache=tmp_path / "cache")
    assert again.out == week


@pytest.mark.thorough
def test_a_full_disk_costs_the_store_and_not_the_report(
    place: Place, week: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file may grow beyond 20 kB: the report is the same, and says that nothing was kept."""
    outcome = place.run_limited(
        *WEEK[:-1], "--format", "json", cache=tmp_path / "cache", limit=20_000, monkeypatch=monkeypatch
    )
    assert (outcome.exit_code, outcome.out == week) == (0, True)
    assert "assessments-1.sqlite3" in outcome.err
    assert "left aside" in outcome.err


def test_a_window_of_which_nothing_can_be_judged_is_an_error(tmp_path: Path) -> None:
    """Zeros would be a lie: the reason of the first stands in the error, those of all in the notes."""
    whole = git_repository(
        tmp_path / "vllm", {"vllm/a.py": "A = 1\n"}, [Commit("Two (#4)", {"vllm/a.py": "2\n"})]
    )
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{whole}", "shallow")
    clone = tmp_path / "shallow"
    environment = {"PATH": os.environ["PATH"], "DIFFSCOPE_CACHE_DIR": str(tmp_path / "cache")}
    outcome = run_here(("report", "--since", "2026-03-23", "--repo", str(clone)), tmp_path, environment)
    assert (outcome.exit_code, outcome.out) == (2, "")
    assert "none of 1 changes could be judged; the first: #4 could not be judged" in outcome.err
    assert "hint: " in outcome.err


def test_a_window_with_one_pull_request(place: Place) -> None:
    """Singular words, no theme, a table of one row; every format can be made of it."""
    asked = ("report", "--range", "main~1..main", "-q", "--compare", "none")
    english, chinese = place.run(*asked).out, place.run(*asked, "--lang", "zh").out
    assert "\n- 1 pull request.\n" in english
    assert "\n- 共 1 个 PR。\n" in chinese
    for form in ("json", "html", "atom", "jsonl"):
        outcome = place.run(*asked, "--format", form)
        assert (outcome.exit_code, bool(outcome.out)) == (0, True), outcome.err


def test_a_cache_that_cannot_be_written_costs_time_and_a_note(place: Place, tmp_path: Path) -> None:
    """The folder's place is taken by a file, which not even root can write below: the report is the same, twice."""
    taken = tmp_path / "taken"
    taken.write_text("a file")
    command = ("report", "--range", "main~2..main", "--workers", "1", "--format", "json")
    expected = place.run(*command)
    for _ in range(2):
        outcome = place.run(*command, cache=taken / "cache")
        assert (outcome.exit_code, outcome.out == expected.out) == (0, True), outcome.err
        assert "left aside" in outcome.err
        assert "Traceback" not in outcome.err


def test_a_cache_that_may_only_be_read_is_read(place: Place, week: str, tmp_path: Path) -> None:
    """A folder shared by others, read-only, full of what they judged: instant, and nothing is written into it."""
    shared = tmp_path / "shared"
    shutil.copytree(place.cache, shared)
    for file in shared.rglob("*"):
        file.chmod(0o444 if file.is_file() else 0o555)
    shared.chmod(0o555)
    before = sorted((file.name, file.stat().st_size) for file in shared.rglob("*"))
    command = place.command(*WEEK[:-1], "--format", "json")
    outcome = _as_nobody(command, place.environment(shared), tmp_path)
    assert (outcome.exit_code, outcome.out == week) == (0, True), outcome.err
    assert sorted((file.name, file.stat().st_size) for file in shared.rglob("*")) == before
    assert "Traceback" not in outcome.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("form", ["json", "jsonl"])  # one written whole, one line by line
def test_a_full_disk_under_stdout_is_an_error_of_two_lines(place: Place, week: str, form: str) -> None:
    """What was judged stays in the store: the same command, written elsewhere, is instant."""
    told = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    command = (*WEEK, "--format", form, "--repo", str(place.clone))
    # What is buffered when the command ends cannot be written when the file is closed either.
    with suppress(OSError), Path("/dev/full").open("w", encoding="utf-8") as full:
        assert run_on(command, place.clone.parent, place.environment(), full, told) == 2
    told.seek(0)
    said = told.read()
    assert said.startswith("error: cannot write the result: No space left on device\nhint: ")
    assert "Traceback" not in said


def test_a_full_disk_under_a_file_leaves_the_old_report(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new one takes its place only when it is whole."""
    file = tmp_path / "w.json"
    file.write_text("the old one")
    command = ("report", "--range", "main~3..main", "--workers", "1", "-q", "--no-cache")
    outcome = place.run_limited(*command, "--format", f"json:{file}", limit=4_000, monkeypatch=monkeypatch)
    assert (outcome.exit_code, "cannot write the result: File too large" in outcome.err) == (2, True)
    assert file.read_text() == "the old one"
    assert list(tmp_path.glob(".w*")) == []


@pytest.mark.thorough
def test_a_disk_that_fills_up_on_the_way(place: Place, week: str, tmp_path: Path) -> None:
    """A real one of 300 kB for store and cache: the report is the same and says that they were left aside."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        outcome = place.run(*WEEK[:-1], "--format", "json", cache=disk / "cache")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert (outcome.exit_code, outcome.out == week) == (0, True), outcome.err
    assert "left aside" in outcome.err
    assert "Traceback" not in outcome.err


def _as_nobody(command: list[str], environment: dict[str, str], folder: Path) -> Outcome:
    """Run without root's way past permissions, which the owner of read-only files has to heed as everybody has."""
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root heeds no permissions, and nothing here takes that from it")
        command = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", *command]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_window_across_a_rename_of_the_main_package(tmp_path: Path) -> None:
    """Every change is in the report; of those whose tree has no package of vLLM's the graph is told as missing."""
    moves: dict[str, str | bytes | None] = {
        "vllm/engine.py": None,
        "tests/test_engine.py": None,
        "serve/engine.py": "A = 2\n",
    }
    at = "2026-03-25T0{}:00:00Z"
    clone = git_repository(
        tmp_path / "vllm",
        {"vllm/engine.py": "A = 1\n", "tests/test_engine.py": "def test_a(): pass\n"},
        [
            Commit("[Core] Raise A (#1)", {"vllm/engine.py": "A = 2\n"}, at=at.format(1)),
            Commit("[Misc] Rename the package (#2)", moves, at=at.format(2)),
            Commit("[Core] Raise A again (#3)", {"serve/engine.py": "A = 3\n"}, at=at.format(3)),
        ],
    )
    environment = {"PATH": os.environ["PATH"], "DIFFSCOPE_CACHE_DIR": str(tmp_path / "c")}
    lines = tmp_path / "w.jsonl"
    outputs = ("--format", "json", "--format", f"jsonl:{lines}")
    outcome = run_here((*WEEK, "--repo", str(clone), *outputs), tmp_path, environment)
    digest = json.loads(outcome.out)
    assert [pull["number"] for pull in digest["pulls"]] == [1, 2, 3]
    assert digest["pulls"][2]["complete"] is False
    told = [json.loads(line)["completeness"] for line in lines.read_text("utf-8").splitlines()]
    assert ["graph" in {gap["what"] for gap in each["gaps"]} for each in told] == [False, False, True]


def test_templates_of_ones_own_come_first_and_their_mistakes_are_told(place: Place, tmp_path: Path) -> None:
    """A template replaces diffscope's by its name; a wrong one is an error with a place."""
    own = tmp_path / "weekly.en.md.j2"
    own.write_text(
        "{{ d.source_pulls }} in {{ d.period.label }}: {{ prs(d.kinds[0].pulls, 1) }}\n", encoding="utf-8"
    )
    asked = (*WEEK, "--templates", str(tmp_path))
    assert place.run(*asked).out.startswith("11 in 2026-W13: [#1")
    own.write_text("{{ d.nothing_of_the_kind }}", encoding="utf-8")
    wrong = place.run(*asked)
    assert (wrong.exit_code, "a template of your own is wrong" in wrong.err) == (2, True)


def test_a_dynamics_report_runs_offline(project: MakeProject) -> None:
    """From a saved file, front matter included; JSON keeps its schema."""
    here = project()
    file = str(ROOT / "fixtures" / "events" / "quiet_hour.json")
    command = ("report", "--layout", "dynamics", "--events", file)
    text = here.run(*command, "--lang", "zh").out
    assert text.startswith(
        "---\ntitle: vLLM 开发动态报告 - 2025-12-10\ndate: 2025-12-10\nlayout: default\n---\n"
    )
    assert "> 数据统计: 新 Issue 1 | 关闭 Issue 0 | 新 PR 3 | 合并 PR 0 | 关闭未合并 PR 1" in text
    assert "**本周期无 AMD/ROCm 生态相关更新。**" in text
    # Who imports a module differs from graph to graph; that the graph is named does not.
    assert re.search(
        r"影响\*\*：`vllm/v1/attention/backends/triton_attn\.py` 被 \d+ 个模块、\d+ 个测试文件导入\n", text
    )
    assert re.search(r"依赖图（提交 [0-9a-f]{10}），并非各变更自身的基准", text)
    document = json.loads(here.run(*command, "--format", "json").out)
    jsonschema.Draft202012Validator(json.loads(schema_text("dynamics"))).validate(document)
    assert msgspec.json.decode(Path(file).read_bytes())["schema"] == "diffscope.events/1"
