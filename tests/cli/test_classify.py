"""``diffscope classify``: sources, ranges, outputs, exit codes, on the small tree and on records."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from diffscope.adapters.changes.files import RecordedSource
from diffscope.assessment.document import Assessment
from diffscope.cli.publish import Publisher
from diffscope.workspace import Workspace
from tests.builders import Commit, git, git_repository, write_files
from tests.cli.conftest import MakeProject
from tests.cli.harness import OTHER_SEED, ROOT, Outcome
from tests.examples import one_in

NUMBER = "102"
PATCH = """\
diff --git a/docs/a.md b/docs/a.md
--- a/docs/a.md
+++ b/docs/a.md
@@ -1 +1 @@
-A sentense.
+A sentence.
"""


def document(outcome: Outcome) -> dict[str, object]:
    assert outcome.exit_code == 0, outcome.err
    found = json.loads(outcome.out)
    assert isinstance(found, dict)
    return found


def pull(outcome: Outcome) -> dict[str, object]:
    change = document(outcome)["change"]
    assert isinstance(change, dict)
    return change["pull"]


# Where a change comes from


@pytest.mark.parametrize(
    "target",
    [
        "102",
        "#102",
        "vllm-project/vllm#102",
        "https://github.com/vllm-project/vllm/pull/102",
        "https://github.com/vllm-project/vllm/pull/102/files",
    ],
)
def test_a_pull_request_by_any_of_its_names(target: str, minivllm: Path, project: MakeProject) -> None:
    """The clone has it as a squash commit; nothing else is asked."""
    outcome = project().run("classify", target, "--repo", str(minivllm), "--format", "json")
    found = pull(outcome)
    assert (found["number"], found["source"], outcome.err) == (102, "clone", "")


def test_the_clone_is_found_from_the_current_folder(minivllm: Path, project: MakeProject) -> None:
    here = project()
    here.folder = minivllm / "vllm" / "v1"
    assert pull(here.run("classify", NUMBER, "--format", "json"))["source"] == "clone"


def test_the_clone_is_found_by_the_environment(minivllm: Path, project: MakeProject) -> None:
    outcome = project().run("classify", NUMBER, "--format", "json", environ={"DIFFSCOPE_REPO": str(minivllm)})
    assert "note: judging" not in outcome.err
    assert pull(outcome)["source"] == "clone"


def test_a_variable_that_leads_away_from_the_repository_around_is_told(
    project: MakeProject, minivllm: Path
) -> None:
    """Standing in another project, one line says which clone is judged; -q and --repo leave it out."""
    here, environ = project(), {"DIFFSCOPE_REPO": str(minivllm)}
    git_repository(here.folder, {"README.md": "another project\n"})
    command = ("classify", NUMBER, "--format", "concise")
    told = f"note: judging the clone {minivllm} (DIFFSCOPE_REPO), not {here.folder}"
    assert here.run(*command, environ=environ).err.startswith(told)
    assert "note: judging" not in here.run(*command, "-q", environ=environ).err
    assert "note: judging" not in here.run(*command, "--repo", str(minivllm), environ=environ).err


def test_a_range_is_judged_from_the_merge_base(minivllm: Path, project: MakeProject) -> None:
    outcome = project().run(
        "classify", "--base", "main~1", "--head", "main", "--repo", str(minivllm), "--format", "json"
    )
    assert pull(outcome)["source"] == "clone" or pull(outcome)["source"] == "range"


def test_a_range_in_the_place_of_a_number_is_told_the_option_for_it(
    minivllm: Path, project: MakeProject
) -> None:
    found = project().run("classify", "HEAD~1..HEAD", "--repo", str(minivllm))
    assert (found.exit_code, "for each change of a range: --range HEAD~1..HEAD;" in found.err) == (2, True)


def test_a_commit_by_its_hash(minivllm: Path, project: MakeProject) -> None:
    commit = git(minivllm, "rev-parse", "main~3").strip()
    outcome = project().run("classify", commit[:12], "--repo", str(minivllm), "--format", "json")
    assert pull(outcome)["head"] == commit


def test_the_worktree(tmp_path: Path, project: MakeProject) -> None:
    """What is not committed yet is a change against HEAD."""
    clone = git_repository(tmp_path / "clone", {"vllm/__init__.py": "", "vllm/a.py": "x = 1\n"})
    (clone / "vllm" / "a.py").write_text("x = 2\n", encoding="utf-8")
    outcome = project().run("classify", "--worktree", "--repo", str(clone), "--format", "json")
    assert pull(outcome)["source"] == "worktree"
    assert [file["path"] for file in document(outcome)["files"]] == ["vllm/a.py"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("named", [(), ("--base", "HEAD~1")], ids=["found", "named"])
def test_a_patch_in_a_clone_is_laid_on_the_commit_that_it_was_made_against(
    named: tuple[str, ...], tmp_path: Path, project: MakeProject
) -> None:
    """With the tree of its base a patch is judged as the same change on a branch would be."""
    clone = git_repository(tmp_path / "clone", {"vllm/__init__.py": "", "vllm/a.py": "x = 1\n"})
    if named:
        git(clone, "commit", "-q", "--allow-empty", "-m", "later")
    (clone / "vllm" / "a.py").write_text("x = 2\n", encoding="utf-8")
    patch = git(clone, "diff").encode()
    outcome = project().run("classify", "-", *named, "--repo", str(clone), "--format", "json", stdin=patch)
    base = git(clone, "rev-parse", *(named[1:] or ("HEAD",))).strip()
    assert (pull(outcome)["source"], pull(outcome)["base"]) == ("patch", base)
    completeness = document(outcome)["completeness"]
    assert {gap["what"] for gap in completeness["gaps"]} == {"metadata"}  # type: ignore[index]


def test_a_patch_that_fits_no_commit_of_the_clone_says_so(tmp_path: Path, project: MakeProject) -> None:
    clone = git_repository(tmp_path / "clone", {"vllm/__init__.py": ""})
    outcome = project().run("classify", "-", "--repo", str(clone), "--format", "json", stdin=PATCH.encode())
    gaps = document(outcome)["completeness"]["gaps"]  # type: ignore[index]
    assert "the patch fits neither HEAD nor the main branch of the clone" in {
        gap["reason"]["en"] for gap in gaps
    }


@pytest.mark.parametrize("arguments", [("--diff", "a.patch"), ("--diff", "-"), ("-",)], ids=" ".join)
def test_a_patch_from_a_file_or_from_stdin(arguments: tuple[str, ...], project: MakeProject) -> None:
    """A patch alone is judged as far as it goes, and what is missing is said."""
    outcome = project({"a.patch": PATCH}).run(
        "classify", *arguments, "--format", "json", stdin=PATCH.encode()
    )
    assert pull(outcome)["source"] == "patch"
    assert document(outcome)["kind"] == "docs"
    gaps = {gap["what"] for gap in document(outcome)["completeness"]["gaps"]}  # type: ignore[index]
    assert {"graph", "metadata"} <= gaps


# What is not available

CLONE_HINT = "name one: --repo PATH, or set DIFFSCOPE_REPO"
ERRORS = [
    pytest.param(
        (),
        "nothing to classify",
        "diffscope classify 38450, or --worktree, or --diff FILE, or --base REF",
        id="nothing is asked for",
    ),
    pytest.param(
        ("1", "--worktree"),
        "a pull request and --worktree exclude each other",
        "ask for one change at a time",
        id="two things",
    ),
    pytest.param(
        ("--worktree", "--head", "x"),
        "--worktree has no --head",
        "the worktree is the head; --base REF is what it is compared with",
        id="a head for the worktree",
    ),
    pytest.param(
        ("--diff", "a.patch", "--head", "x"),
        "--diff has no --head",
        "the patch makes the head; --base REF is what it was made against",
        id="a head for a patch",
    ),
    pytest.param(
        ("--worktree",), "there is no clone of vLLM here", CLONE_HINT, id="the worktree of no clone"
    ),
    pytest.param(("--range", "a..b"), "there is no clone of vLLM here", CLONE_HINT, id="a range of no clone"),
    pytest.param(
        ("1", "--source", "clone"), "there is no clone of vLLM here", CLONE_HINT, id="the clone alone"
    ),
    pytest.param(
        ("--range", "a"),
        "'a' is not a range",
        "write A..B: every change merged after A, up to B",
        id="a range with one end",
    ),
    pytest.param(
        ("--diff", "no.patch"),
        "no.patch: no such patch file",
        "a patch on standard input is named -",
        id="a patch that is not there",
    ),
    pytest.param(
        ("a/b#1", "--source", "recorded"),
        "only changes of vllm-project/vllm have recorded facts",
        "--source github, with a network",
        id="a record of another repository",
    ),
    pytest.param(
        ("38450", "--format", "json", "--format", "sarif"),
        "json and sarif cannot share stdout",
        "give all but one a file: --format json:out.json",
        id="two formats on stdout",
    ),
    pytest.param(
        ("--range", "a..b", "--format", "json"),
        "json holds one change, a range has many",
        "use --format jsonl",
        id="a document for many changes",
    ),
    pytest.param(
        ("38450", "--format", "json", "--format", "sarif", "--output", "x"),
        "--output is for one format",
        "name the files one by one: --format json:a.json",
        id="one file for two formats",
    ),
    pytest.param(
        ("--range", "A..B", "--record", "facts"),
        "--record is for one change",
        "leave out --range",
        id="facts of a range",
    ),
]


@pytest.mark.parametrize(("arguments", "message", "hint"), ERRORS)
def test_what_makes_no_sense(
    arguments: tuple[str, ...], message: str, hint: str, project: MakeProject
) -> None:
    """Two lines on stderr, exit 2, nothing on stdout."""
    assert project().run("classify", *arguments) == Outcome(2, "", f"error: {message}\nhint: {hint}\n")


def test_a_pull_request_that_is_nowhere_says_where_it_was_looked_for(project: MakeProject) -> None:
    """Clone, GitHub, records: each with its reason, and the hint that helps first."""
    outcome = project().run("classify", "1")
    assert (outcome.exit_code, outcome.out) == (2, "")
    lines = outcome.err.splitlines()
    assert lines[0] == "error: pull request 1 was not found:"
    assert [line.strip().partition(":")[0] for line in lines[1:4]] == ["clone", "github", "recorded"]
    assert lines[-1] == f"hint: {CLONE_HINT}"


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\x00\xff\xfe" * 9], ids=["empty", "junk", "bytes"])
def test_input_that_holds_no_diff_is_an_error(data: bytes, project: MakeProject) -> None:
    """Never an empty result."""
    outcome = project().run("classify", "-", stdin=data)
    assert (outcome.exit_code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert "\nhint: " in outcome.err


def test_another_repository_has_numbers_of_its_own(minivllm: Path, project: MakeProject) -> None:
    """102 of somebody's fork, or of another host, is not 102 of the clone."""
    for target in ("someone/vllm#102", "https://git.example/vllm-project/vllm/pull/102"):
        outcome = project().run("classify", target, "--source", "clone", "--repo", str(minivllm))
        assert outcome.exit_code == 2
        assert outcome.err.startswith("error: the clone is of vllm-project/vllm, not of ")


# Records


def test_with_neither_clone_nor_network_a_record_is_used_and_that_is_said(project: MakeProject) -> None:
    """On stderr, in the text and in the JSON; the rules are run anew on the recorded facts."""
    outcome = project().run("classify", "38450")
    assert outcome.exit_code == 0
    assert "note: clone: there is no clone of vLLM here" in outcome.err
    assert "note: github: " in outcome.err
    assert outcome.err.endswith("note: using the facts of #38450 that are recorded with diffscope\n")
    assert "from facts recorded with diffscope" in " ".join(outcome.out.split())
    assert pull(project().run("classify", "38450", "--format", "json"))["source"] == "recorded"


def test_verbose_says_what_was_used(minivllm: Path, project: MakeProject) -> None:
    """Clone, cache and the number of rules, on stderr."""
    here = project()
    lines = here.run("classify", NUMBER, "--repo", str(minivllm), "-v").err.splitlines()
    assert lines[:2] == [f"clone: {minivllm}", f"cache: {here.cache}"]
    assert lines[2].startswith("rules: ")


def test_a_cache_that_cannot_be_used_is_said_and_does_no_harm(minivllm: Path, project: MakeProject) -> None:
    """A corrupt cache is rebuilt: the same result, and a note."""
    here = project()
    run = ("classify", NUMBER, "--repo", str(minivllm), "--format", "json")
    first = here.run(*run)
    (file,) = here.cache.glob("cache*")
    file.write_bytes(b"not a database")
    again = here.run(*run)
    assert (again.exit_code, again.out) == (0, first.out)
    assert again.err.startswith("note: ")


def test_quiet_says_errors_only(project: MakeProject) -> None:
    assert project().run("classify", "38450", "-q").err == ""


@pytest.mark.parametrize("number", one_in(3, RecordedSource().numbers()))
def test_every_record_is_judged(number: int, project: MakeProject) -> None:
    """What ships works: each record gives an assessment with an area and a kind."""
    found = document(project().run("classify", str(number), "--source", "recorded", "--format", "json"))
    assert found["areas"]
    assert found["kind"]


def test_recording_and_judging_the_record_is_judging_the_change(minivllm: Path, project: MakeProject) -> None:
    """Flags, areas and risk of a record are those of the change it was made from."""
    here = project()
    fresh = document(
        here.run("classify", NUMBER, "--repo", str(minivllm), "--format", "json", "--record", "records")
    )
    with Workspace(None, use_cache=False) as workspace:
        again = workspace.judge(RecordedSource(here.folder / "records").facts(int(NUMBER)))
    assert [flag.code for flag in again.flags] == [flag["code"] for flag in fresh["flags"]]  # type: ignore[attr-defined]
    assert [share.area for share in again.areas] == [share["area"] for share in fresh["areas"]]  # type: ignore[attr-defined]
    assert again.risk.level.value == fresh["risk"]["level"]  # type: ignore[index]


# Outputs


def test_several_formats_at_once(minivllm: Path, project: MakeProject) -> None:
    """One on stdout, the others in files, all of the same change."""
    here = project()
    outcome = here.run(
        "classify",
        NUMBER,
        "--repo",
        str(minivllm),
        "--format",
        "concise",
        "--format",
        "json:a.json",
        "--format",
        "sarif:b.sarif",
    )
    assert outcome.exit_code == 0
    assert json.loads((here.folder / "a.json").read_bytes())["change"]["pull"]["number"] == 102
    assert json.loads((here.folder / "b.sarif").read_bytes())["version"] == "2.1.0"


def test_output_names_the_file_of_the_one_format(minivllm: Path, project: MakeProject) -> None:
    here = project()
    outcome = here.run("classify", NUMBER, "--repo", str(minivllm), "--format", "json", "--output", "x.json")
    assert outcome == Outcome(0, "", "")
    assert json.loads((here.folder / "x.json").read_bytes())["schema"] == "diffscope.assessment/2"


def test_an_output_that_cannot_be_written(minivllm: Path, project: MakeProject) -> None:
    expected = "error: no/x.json: cannot write the result: No such file or directory\nhint: make the folder first, or name another file\n"
    outcome = project().run("classify", NUMBER, "--repo", str(minivllm), "--format", "json:no/x.json")
    assert outcome == Outcome(2, "", expected)


def test_settings_come_after_the_environment_and_the_command_line(project: MakeProject) -> None:
    """flag > DIFFSCOPE_* > diffscope.yml > default, for language and format alike."""
    here = project({"diffscope.yml": "lang: zh\nformat: concise\n"})
    run = ("classify", "38450", "--source", "recorded")
    assert "[PF" in here.run(*run).out
    assert "修复风险" in here.run(*run, "--format", "text").out
    assert "Fix risk" in here.run(*run, "--format", "text", environ={"DIFFSCOPE_LANG": "en"}).out
    assert (
        "修复风险" in here.run(*run, "--format", "text", "--lang", "zh", environ={"DIFFSCOPE_LANG": "en"}).out
    )
    assert here.run(*run, environ={"DIFFSCOPE_FORMAT": "json"}).out.startswith("{")


def test_rules_are_selected_by_the_settings_and_the_command_line(project: MakeProject) -> None:
    """The file's ignore and severity hold; --select replaces its selection, --ignore adds to what it ignores."""
    here = project({"diffscope.yml": "rules: {ignore: [PF306], severity: {CP102: low}}\n"})
    run = ("classify", "38450", "--source", "recorded", "--format", "json")

    def flags(*more: str) -> dict[str, str]:
        found = document(here.run(*run, *more))["flags"]
        assert isinstance(found, list)
        return {flag["code"]: flag["severity"] for flag in found}

    assert "PF306" not in flags()
    assert flags()["CP102"] == "low"
    assert flags("--select", "CP102") == {"CP102": "low"}
    assert "CP102" not in flags("--ignore", "core-path")
    assert "CP102" not in flags("--ignore", "CP1*")


def test_an_entry_that_names_no_rule_is_an_error(project: MakeProject) -> None:
    """In the file and on the command line alike, with the nearest code."""
    here = project({"diffscope.yml": "rules:\n  ignore: [CP999]\n"})
    outcome = here.run("classify", "38450", "--source", "recorded")
    assert outcome.exit_code == 2
    assert outcome.err.startswith(
        f"error: {here.folder / 'diffscope.yml'}:2:1: 'CP999' names no rule\nhint: did you mean 'CP"
    )


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--select", "NOPE", "diffscope rules list shows every code and family"),
        ("--ignore", "XX*", "diffscope rules list shows every code and family"),
        ("--select", "CP999", "did you mean 'CP119'?"),
        ("--ignore", "core-paths", "did you mean 'core-path'?"),
    ],
)
def test_an_option_that_names_no_rule_is_not_blamed_on_a_file(
    project: MakeProject, option: str, value: str, hint: str
) -> None:
    outcome = project().run("classify", "38450", "--source", "recorded", option, value)
    assert outcome == Outcome(2, "", f"error: {option} '{value}' names no rule\nhint: {hint}\n")


def test_a_folder_without_rules_is_refused(project: MakeProject) -> None:
    """Passed over without a word, it would look as though its rules were silent."""
    here = project({"empty/README.md": "Nothing.\n"})
    for command in (
        ("classify", "38450", "--source", "recorded", "--rules", "empty"),
        ("rules", "list", "--rules", "empty"),
        ("rules", "validate", "empty"),
    ):
        outcome = here.run(*command)
        assert (outcome.exit_code, outcome.out) == (2, "")
        assert outcome.err == (
            "error: empty: there is no rule in this folder\n"
            "hint: each rule has a folder of its own: empty/CP110-my-slug/rule.yml\n"
        )


def test_a_link_is_no_module(tmp_path: Path, project: MakeProject) -> None:
    """It is a path, whatever its name ends in."""
    clone = git_repository(tmp_path / "clone", {"vllm/__init__.py": "", "vllm/a.py": "x = 1\n"})
    write_files(clone, {"vllm/link.py": "-> /etc/passwd"})
    outcome = project().run("classify", "--worktree", "--repo", str(clone), "--format", "json")
    (file,) = document(outcome)["files"]
    assert (file["path"], file["module"]) == ("vllm/link.py", None)
    assert document(outcome)["modules"] == []


def test_a_terminal_of_another_character_set_gets_what_it_has(project: MakeProject) -> None:
    """cp1252 and ASCII: our marks become ASCII where needed, foreign letters are escaped, nothing fails."""
    here = project()
    run = ("classify", "38450", "--source", "recorded")
    ascii_text = here.run(*run, encoding="ascii").out
    assert "·" not in ascii_text
    assert here.run(*run, encoding="cp1252").exit_code == 0
    chinese = here.run(*run, "--lang", "zh", encoding="cp1252")
    assert chinese.exit_code == 0
    assert "\\u4fee\\u590d\\u98ce\\u9669" in chinese.out


def test_machine_formats_are_utf8_whatever_the_locale(project: MakeProject) -> None:
    """JSON on a cp1252 console is the same bytes as anywhere."""
    here = project()
    run = ("classify", "38450", "--source", "recorded", "--format", "json")
    plain = here.run(*run).out
    assert here.run(*run, encoding="latin-1").out.encode("latin-1").decode("utf-8") == plain


# Exit codes


@pytest.mark.parametrize(("level", "code"), [("none", 0), ("low", 1), ("critical", 0)])
def test_fail_on(level: str, code: int, project: MakeProject) -> None:
    """1 only where a flag is that severe or worse; the result is printed all the same."""
    outcome = project().run("classify", "38450", "--source", "recorded", "--fail-on", level)
    assert outcome.exit_code == code
    assert outcome.out.startswith("#38450")


# Many changes


def test_a_range_gives_every_change_in_the_order_of_merging(minivllm: Path, project: MakeProject) -> None:
    outcome = project().run(
        "classify", "--range", "main~4..main", "--repo", str(minivllm), "--format", "jsonl"
    )
    assert (outcome.exit_code, outcome.err) == (0, "")
    assert [json.loads(line)["change"]["pull"]["number"] for line in outcome.out.splitlines()] == [
        109,
        110,
        111,
        112,
    ]


ALL = "main~11..main"


@pytest.mark.thorough
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_range_that_was_ended_goes_on_and_loses_nothing(
    minivllm: Path, project: MakeProject, sign: signal.Signals
) -> None:
    """Whatever ended it: what was judged comes from the store, the rest is judged, in the order of merging."""
    here = project()
    run = [
        "classify",
        "--range",
        ALL,
        "--repo",
        str(minivllm),
        "--format",
        "jsonl:all.jsonl",
        "--workers",
        "2",
    ]
    command = [sys.executable, "-m", "diffscope", *run]
    environment = here.environment() | {"PYTHONPATH": str(ROOT)}
    file = here.folder / "all.jsonl"
    with subprocess.Popen(command, cwd=here.folder, env=environment, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not (file.exists() and file.stat().st_size):
            time.sleep(0.01)
        process.send_signal(sign)
        _, told = process.communicate()
    if sign is signal.SIGINT and process.returncode != 0:
        assert (process.returncode, b"goes on from there" in told) == (130, True)
    assert here.run(*run).exit_code == 0
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [line["change"]["pull"]["number"] for line in lines] == list(range(102, 113))
    whole = here.run("classify", "--range", ALL, "--repo", str(minivllm), "--format", "jsonl")
    assert whole.out.encode() == file.read_bytes()


def test_an_interrupt_while_a_change_is_written_is_told(
    minivllm: Path, project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only one while a change is judged: what is in the file stays, and the same command goes on."""
    here = project()
    run = ("classify", "--range", "main~3..main", "--repo", str(minivllm), "--format", "jsonl:all.jsonl")
    add, added = Publisher.add, list[Assessment]()

    def interrupted(self: Publisher, assessment: Assessment, patch: str | None) -> None:
        if added:
            raise KeyboardInterrupt
        added.append(assessment)
        add(self, assessment, patch)

    with monkeypatch.context() as patched:
        patched.setattr(Publisher, "add", interrupted)
        outcome = here.run(*run, "--workers", "1")
    told = "note: interrupted; what was judged is kept, and the same command goes on from there\n"
    assert outcome == Outcome(130, "", told)
    assert here.run(*run, "--workers", "1").exit_code == 0
    assert len((here.folder / "all.jsonl").read_bytes().splitlines()) == 3


@pytest.mark.thorough
def test_a_range_by_workers_is_the_range_without(minivllm: Path, project: MakeProject) -> None:
    """Byte for byte, with an empty cache each."""
    run = ("classify", "--range", ALL, "--repo", str(minivllm), "--format", "jsonl", "--no-cache")
    assert project().run(*run, "--workers", "2") == project().run(*run, "--workers", "1")


def test_a_commit_that_changes_nothing_is_one_line_and_no_failure(
    tmp_path: Path, project: MakeProject
) -> None:
    """There is nothing about it to judge."""
    clone = git_repository(
        tmp_path / "clone",
        {"vllm/__init__.py": ""},
        [Commit("Add a (#1)", {"vllm/a.py": "x = 1\n"}), Commit("Add b (#3)", {"vllm/b.py": "y = 1\n"})],
    )
    git(clone, "commit", "--quiet", "--allow-empty", "-m", "Nothing (#4)")
    outcome = project().run("classify", "--range", "main~3..main", "--repo", str(clone), "--format", "jsonl")
    assert (outcome.exit_code, outcome.err) == (0, "note: 1 change changes nothing: #4\n")
    assert len(outcome.out.splitlines()) == 2


# Determinism


def test_the_same_input_gives_the_same_bytes(minivllm: Path, project: MakeProject) -> None:
    """Whatever the hash seed, here and in a process of its own: no order of a set reaches an output."""
    here = project()
    command = ("classify", NUMBER, "--repo", str(minivllm), "--no-cache", "--format", "json", "--format")
    there = here.start(*command, "html:1.html", environ={"PYTHONHASHSEED": OTHER_SEED})
    assert there.exit_code == 0
    assert here.run(*command, "html:2.html") == there
    assert (here.folder / "1.html").read_bytes() == (here.folder / "2.html").read_bytes()
