"""``diffscope ci`` over real checkouts and event files, with a GitHub on loopback."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.adapters.github_events import ZERO, Payload, merge_group, pull_request, push, workflow_run
from tests.builders import FIXTURES, Commit, git, git_repository, record, write_files
from tests.cli.workflows import READER, WRITER, Workflow
from tests.faults import TOLD, fault
from tests.github_server import NAME
from tests.hostile import HOSTILE

SARIF = json.loads((FIXTURES / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
"""The schema of OASIS."""

ABORT_FIX = "main~3"
"""[Bugfix] Forget an aborted request that never ran (#109): CP101, CC701 and CI211."""

Make = Callable[..., Workflow]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as open_things:
        yield open_things


@pytest.fixture
def workflow(tmp_path: Path, minivllm: Path, stack: ExitStack) -> Workflow:
    """The fix of aborted requests as a pull request on the commit before it."""
    return Workflow(tmp_path, minivllm, base=f"{ABORT_FIX}~1", head=ABORT_FIX, stack=stack)


def event(workflow: Workflow, **more: Any) -> Payload:
    return pull_request(base=workflow.base, head=workflow.head, **more)


def test_a_pull_request_is_judged_and_reported(workflow: Workflow) -> None:
    done = workflow.run(payload=event(workflow, title="[Bugfix] Forget it"))
    assert (done.exit_code, done.err) == (0, "")
    pull = workflow.report["change"]["pull"]
    assert (pull["title"], pull["number"], pull["source"], pull["author_login"]) == (
        "[Bugfix] Forget it",
        7,
        "clone",
        "ada",
    )
    assert (pull["repository"], pull["head"], pull["base"]) == (NAME, workflow.head, workflow.base)
    assert "CP101" in workflow.codes
    assert workflow.summary.startswith("### diffscope: medium risk: ")
    assert f"(https://github.example/{NAME}/actions/runs/12)" in workflow.summary
    assert "::warning file=vllm/v1/" in done.out
    assert workflow.outputs == {
        "level": "medium",
        "flags": str(len(workflow.codes)),
        "complete": "true",
        "posted": "false",
        "folder": f"{workflow.folder}/temp/diffscope",
        **{key: f"{workflow.folder}/temp/diffscope/assessment.{key}" for key in ("json", "sarif", "rdjson")},
        "comment": f"{workflow.folder}/temp/diffscope/comment.md",
    }
    assert json.loads(Path(workflow.outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert workflow.site.log == []


def test_a_triage_adds_one_line(workflow: Workflow) -> None:
    """What open pull requests it collides with; a file that is no triage costs the line alone."""
    number = event(workflow)["pull_request"]["number"]
    says = {"en": "", "zh": ""}
    conflict = {
        "kind": "removed-used", "first": 8, "second": number, "name": "vllm.pool:drain", "certainty": "breaks", "says": says,
        "places": [{"path": "vllm/pool.py", "line": 1}, {"path": "vllm/new.py", "line": 2}],
    }  # fmt: skip
    empty = {key: [] for key in ("queue", "duplicates", "order", "owners", "areas")}
    file = workflow.folder / "triage.json"
    file.write_text(
        json.dumps({"repository": NAME, "base": "main", "changes": 2, "conflicts": [conflict], **empty})
    )
    assert workflow.run("--triage", str(file), payload=event(workflow)).exit_code == 0
    comment = Path(workflow.outputs["comment"]).read_text()
    assert comment.count("Collides with open") == 1
    file.write_text("[]")
    assert "no triage" in workflow.run("--triage", str(file), payload=event(workflow)).err


LEVELS = [
    pytest.param("high", 0, id="above what was found"),
    pytest.param("medium", 1, id="at what was found"),
    pytest.param("none", 0, id="never"),
]


@pytest.mark.parametrize(("level", "code"), LEVELS)
def test_the_exit_code_follows_the_level(level: str, code: int, workflow: Workflow) -> None:
    assert workflow.run("--fail-on", level, payload=event(workflow)).exit_code == code
    assert ("fails at" in workflow.summary) is (level != "none")


HIDDEN = [
    pytest.param({".gitattributes": "*.py -diff\n*.py binary\n"}, "medium", 1, id="attributes that hide source files"),
    pytest.param({"vllm/hidden.py": b"x = 1 # \0\n"}, "critical", 1, id="a source file that is not text"),
    pytest.param({"docs/picture.png": b"\x89PNG\0"}, "critical", 0, id="an image"),
    pytest.param({".mailmap": "Other <o@example.org> <ada@example.org>\n", ".github/CODEOWNERS": "\n"}, "critical", 0, id="names and owners of the head"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "level", "code"), HIDDEN)
def test_a_change_cannot_hide_what_it_brings(
    head: Mapping[str, str | bytes | None],
    level: str,
    code: int,
    tmp_path: Path,
    minivllm: Path,
    stack: ExitStack,
) -> None:
    workflow = with_settings(tmp_path, minivllm, stack, base={}, head=head)
    git(workflow.repository, "checkout", "--quiet", "topic")
    done = workflow.run("--source", "clone", "--fail-on", level, payload=event(workflow))
    assert done.exit_code == code
    assert workflow.codes
    report = json.loads((workflow.folder / "temp" / "diffscope" / "assessment.json").read_text())
    assert (len([gap for gap in report["completeness"]["gaps"] if gap["what"] == "not-text"]) > 0) is (
        "vllm/hidden.py" in head
    )


def test_the_same_run_twice_leaves_the_same_bytes(workflow: Workflow) -> None:
    texts = []
    for _ in range(2):
        done = workflow.run(payload=event(workflow))
        folder = Path(workflow.outputs["folder"])
        texts.append(
            (done, workflow.summary, [(one.name, one.read_bytes()) for one in sorted(folder.iterdir())])
        )
    assert texts[0] == texts[1]


def test_in_chinese(workflow: Workflow) -> None:
    workflow.run("--lang", "zh", payload=event(workflow))
    assert workflow.summary.startswith("### diffscope：风险 中：")


def test_a_merge_group_is_judged(workflow: Workflow) -> None:
    done = workflow.run(on="merge_group", payload=merge_group(base=workflow.base, head=workflow.head))
    assert (done.exit_code, workflow.report["change"]["pull"]["number"]) == (0, 7)
    assert "CP101" in workflow.codes


def test_a_push_is_judged_from_where_the_branch_was(workflow: Workflow) -> None:
    payload = push(before=workflow.base, after=workflow.head, message="[Bugfix] Forget it (#109)\n\nbody")
    assert workflow.run(on="push", payload=payload).exit_code == 0
    pull = workflow.report["change"]["pull"]
    assert (pull["title"], pull["number"]) == ("[Bugfix] Forget it", 109)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        pytest.param(ZERO, "", id="a new branch"),
        pytest.param("d" * 40, "is not in the checkout", id="a forced push"),
    ],
)
def test_a_push_without_its_before_is_its_last_commit(before: str, said: str, workflow: Workflow) -> None:
    done = workflow.run(on="push", payload=push(before=before, after=workflow.head))
    assert (done.exit_code, "CP101" in workflow.codes) == (0, True)
    assert said in done.err


def test_a_deleted_branch_is_nothing_to_judge(workflow: Workflow) -> None:
    done = workflow.run(on="push", payload=push(before=workflow.base, after=ZERO))
    assert (done.exit_code, done.out, done.err) == (
        0,
        "",
        "note: the push deleted a branch: nothing to judge\n",
    )


def test_a_change_without_a_difference_is_nothing_to_judge(workflow: Workflow) -> None:
    done = workflow.run(payload=pull_request(base=workflow.head, head=workflow.head))
    assert (done.exit_code, done.out) == (0, "")
    assert done.err.startswith("note: nothing to judge: ")


def shallow(workflow: Workflow) -> None:
    """Check out as actions/checkout does without fetch-depth: one commit and no history."""
    workflow.checkout = workflow.folder / "shallow"
    git(
        workflow.folder,
        "clone",
        "--quiet",
        "--depth=1",
        f"file://{workflow.repository}",
        str(workflow.checkout),
    )


def test_a_shallow_checkout_asks_github_and_says_so(workflow: Workflow) -> None:
    shallow(workflow)
    done = workflow.run(payload=event(workflow))
    assert done.exit_code == 0
    assert "asking GitHub instead (a checkout with fetch-depth: 0 has everything)" in done.err
    report = workflow.report
    assert report["change"]["pull"]["source"] == "github"
    assert report["completeness"]["complete"] is False
    assert [gap["what"] for gap in report["completeness"]["gaps"]] == ["graph"]
    assert "CI211" in workflow.codes
    assert "CP101" in {*workflow.codes, *(rule["code"] for rule in report["unknown"])}


def test_a_shallow_checkout_alone_is_an_error_with_a_hint(workflow: Workflow) -> None:
    shallow(workflow)
    done = workflow.run("--source", "clone", payload=event(workflow))
    assert (done.exit_code, "hint: " in done.err) == (2, True)


def test_without_a_checkout_github_has_it_all(workflow: Workflow) -> None:
    workflow.checkout = workflow.folder / "empty"
    workflow.checkout.mkdir()
    assert workflow.run(payload=event(workflow)).exit_code == 0
    assert workflow.report["change"]["pull"]["source"] == "github"


def test_neither_checkout_nor_github_is_an_error(workflow: Workflow) -> None:
    shallow(workflow)
    done = workflow.run(payload=event(workflow), environ={"DIFFSCOPE_API_URL": "http://127.0.0.1:9"})
    assert (done.exit_code, "error: " in done.err, "GitHub could not be reached" in done.err) == (
        2,
        True,
        True,
    )


def test_clone_and_github_judge_alike_but_for_the_graph(workflow: Workflow) -> None:
    """What differs is the graph and what hangs on it, and completeness says why."""
    reports = []
    for source in ("clone", "github"):
        workflow.run("--source", source, payload=event(workflow))
        reports.append(workflow.report)
        workflow.checkout = workflow.folder / "empty"
        workflow.checkout.mkdir(exist_ok=True)
    clone, github = reports
    for key in ("kind", "files", "symbols"):
        assert [one if isinstance(one, str) else strip_unknown(one) for one in clone[key]] == [
            one if isinstance(one, str) else strip_unknown(one) for one in github[key]
        ], key
    assert [one["area"] for one in clone["areas"]] == [one["area"] for one in github["areas"]]
    assert clone["completeness"]["gaps"] == []
    assert github["completeness"]["gaps"] != []


def strip_unknown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what only a tree can tell."""
    return {key: value for key, value in row.items() if key not in {"owners", "importance"}}


def at(workflow: Workflow, commit: str) -> None:
    """Check out a commit apart."""
    workflow.checkout = workflow.folder / "apart"
    git(
        workflow.folder, "clone", "--quiet", "--no-checkout", str(workflow.repository), str(workflow.checkout)
    )
    git(workflow.checkout, "checkout", "--quiet", commit)


def test_pull_request_target_with_the_base_checked_out_is_judged(workflow: Workflow) -> None:
    at(workflow, workflow.base)
    assert workflow.run(on="pull_request_target", payload=event(workflow)).exit_code == 0
    assert "CP101" in workflow.codes


def test_pull_request_target_with_the_head_checked_out_is_refused(workflow: Workflow) -> None:
    at(workflow, workflow.head)
    done = workflow.run("--post", "comment", on="pull_request_target", payload=event(workflow), token=WRITER)
    assert (done.exit_code, done.out, workflow.comments) == (2, "", [])
    assert "pull_request_target with a checkout of the pull request is refused" in done.err
    assert "docs/ci.md" in done.err


def test_a_comment_labels_and_a_check_are_posted_once(workflow: Workflow) -> None:
    first = workflow.run("--post", "comment,labels,check", payload=event(workflow), token=WRITER)
    assert (first.exit_code, workflow.outputs["posted"]) == (0, "true")
    assert first.err == (
        f"note: comment: created\nnote: labels: added diffscope:medium\nnote: check: neutral, {count_places(workflow)} annotations\n"
    )
    assert workflow.comments == [Path(workflow.outputs["comment"]).read_text(encoding="utf-8")]
    assert workflow.pull.labels == ["diffscope:medium"]
    (run,) = workflow.site.check_runs.values()
    assert run["given"]["output"]["title"].startswith("diffscope: medium risk: ")
    assert run["given"]["output"]["summary"].startswith("### diffscope: medium risk")
    second = workflow.run("--post", "comment,labels,check", payload=event(workflow), token=WRITER)
    assert second.err == "note: comment: unchanged\nnote: labels: unchanged\nnote: check: unchanged\n"


def count_places(workflow: Workflow) -> int:
    return sum(len(flag["evidence"]) for flag in workflow.report["flags"])


def test_at_fail_on_the_check_fails_and_everything_is_posted_all_the_same(workflow: Workflow) -> None:
    done = workflow.run(
        "--post", "comment,check", "--fail-on", "medium", payload=event(workflow), token=WRITER
    )
    assert (done.exit_code, len(workflow.comments)) == (1, 1)
    (run,) = workflow.site.check_runs.values()
    assert run["given"]["conclusion"] == "failure"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(
            READER, "refused by GitHub (403: Resource not accessible by integration)", id="a fork's token"
        ),
        pytest.param(None, "there is no token: set GITHUB_TOKEN", id="no token"),
    ],
)
def test_without_permission_the_summary_has_it_and_the_step_is_green(
    token: str | None, reason: str, workflow: Workflow
) -> None:
    done = workflow.run("--post", "comment", payload=event(workflow), token=token)
    assert (done.exit_code, workflow.comments, workflow.outputs["posted"]) == (0, [], "false")
    assert done.err == f"note: comment: {reason}\n"
    assert f"> comment: {reason}" in workflow.summary
    assert Path(workflow.outputs["comment"]).exists()


def test_github_out_of_order_does_not_fail_the_step(workflow: Workflow) -> None:
    done = workflow.run(
        "--post",
        "comment",
        payload=event(workflow),
        token=WRITER,
        environ={"DIFFSCOPE_API_URL": "http://127.0.0.1:9"},
    )
    assert (done.exit_code, "comment: GitHub could not be reached" in done.err) == (0, True)
    assert "> comment: GitHub could not be reached" in workflow.summary


def test_a_newer_head_is_left_to_its_own_run(workflow: Workflow) -> None:
    workflow.pull.head = "c" * 40
    done = workflow.run("--post", "comment,labels", payload=event(workflow), token=WRITER)
    assert workflow.comments == []
    assert "note: comment: left to the run of cccccccccccc, which was pushed meanwhile\n" in done.err


def test_on_a_push_no_comment_is_posted(workflow: Workflow) -> None:
    payload = push(before=workflow.base, after=workflow.head, message="x (#7)")
    done = workflow.run("--post", "comment,check", on="push", payload=payload, token=WRITER)
    assert workflow.comments == []
    assert "comment: belongs to a pull request; there is none here" in done.err
    assert len(workflow.site.check_runs) == 1


def test_a_dry_run_prints_the_comment_and_posts_nothing(workflow: Workflow) -> None:
    done = workflow.run("--post", "comment,labels,check", "--dry-run", payload=event(workflow), token=WRITER)
    assert done.out.startswith("<!-- diffscope:comment -->\n### diffscope: medium risk")
    assert "note: comment: would be created\n" in done.err
    assert (workflow.comments, workflow.pull.labels, workflow.site.check_runs) == ([], [], {})


def test_a_quiet_change_makes_no_comment_and_shrinks_the_one_that_stands(workflow: Workflow) -> None:
    workflow.run("--post", "comment", payload=event(workflow), token=WRITER)
    cosmetic = git(workflow.repository, "rev-parse", "main~4").strip()
    workflow.pull.head = workflow.head = cosmetic
    workflow.base = git(workflow.repository, "rev-parse", "main~5").strip()
    done = workflow.run("--post", "comment", payload=event(workflow), token=WRITER)
    assert done.err == "note: comment: updated\n"
    (body,) = workflow.comments
    assert body.splitlines()[1] == "### diffscope: no risk flags"
    workflow.site.comments.clear()
    assert (
        workflow.run("--post", "comment", payload=event(workflow), token=WRITER).err
        == "note: comment: none made: too little is flagged\n"
    )


def test_a_pull_request_can_be_named(workflow: Workflow) -> None:
    done = workflow.run("--pull", "7", "--post", "comment", on="workflow_dispatch", payload={}, token=WRITER)
    assert (done.exit_code, len(workflow.comments)) == (0, 1)
    assert workflow.report["change"]["pull"]["source"] == "clone"


USAGE = [
    pytest.param(
        ["--post", "comments"],
        "'comments' cannot be posted; there are comment, labels, check",
        id="a word that is none",
    ),
    pytest.param(["--pull", "0"], "0 is not in the range", id="no such number"),
    pytest.param(
        ["--pull", "7", "--from", "x.json"], "--from and --pull exclude each other", id="two at once"
    ),
    pytest.param(
        ["--from", "x.json"], "--from belongs to workflow_run", id="a stored report on a pull request"
    ),
    pytest.param(["--api-url", "ftp://x"], "is not an API address", id="an address that is none"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE)
def test_usage(arguments: list[str], message: str, workflow: Workflow) -> None:
    done = workflow.run(*arguments, payload=event(workflow))
    assert (done.exit_code, done.out) == (2, "")
    assert message in done.err


def test_settings_cannot_be_handed_in(workflow: Workflow) -> None:
    (workflow.project.folder / "mine.yml").write_text("fail-on: none\n")
    environ = workflow.environ("pull_request", event(workflow), None)
    done = workflow.project.run("--config", "mine.yml", "ci", environ=environ)
    assert (done.exit_code, "ci takes no --config" in done.err) == (2, True)


BASE_SETTINGS = """
fail-on: medium
lang: zh
rules:
  folders: [tools/rules]
  severity: {CP101: high}
ci:
  comment-from: critical
  labels: {"level:high": "careful"}
"""
"""What the base says; the head tries to say otherwise."""


def with_settings(
    tmp_path: Path,
    minivllm: Path,
    stack: ExitStack,
    *,
    base: dict[str, str],
    head: Mapping[str, str | bytes | None],
) -> Workflow:
    """Return a workflow whose base and head have files of their own besides the fix of aborted requests."""
    folder = tmp_path / "repository"
    shutil.copytree(minivllm, folder)
    git(folder, "checkout", "--quiet", "-B", "main", f"{ABORT_FIX}~1")
    write_files(folder, base)
    record(folder, Commit("Settings", {}))
    git(folder, "checkout", "--quiet", "-b", "topic")
    git(folder, "cherry-pick", "--quiet", "--no-commit", git(minivllm, "rev-parse", ABORT_FIX).strip())
    write_files(folder, head)
    record(folder, Commit("The change", {}))
    return Workflow(tmp_path, folder, base="main", head="topic", stack=stack)


def test_settings_of_the_base_that_name_no_rule_are_an_error(
    tmp_path: Path, minivllm: Path, stack: ExitStack
) -> None:
    workflow = with_settings(
        tmp_path, minivllm, stack, base={"diffscope.yml": "rules:\n  ignore: [ZZ999]\n"}, head={}
    )
    done = workflow.run(payload=event(workflow))
    assert (done.exit_code, "diffscope.yml of the base:2:1: " in done.err, "ZZ999" in done.err) == (
        2,
        True,
        True,
    )


@pytest.mark.parametrize("source", ["clone", pytest.param("github", marks=pytest.mark.thorough)])
@pytest.mark.parametrize(
    "head",
    [
        pytest.param(
            "fail-on: none\nrules: {ignore: ['*']}\nci: {comment-from: none}\n",
            id="a head that turns everything off",
        ),
        pytest.param("fail-on: {{{ nonsense", id="a head whose settings are broken"),
        pytest.param(None, id="a head that deletes the settings"),
    ],
)
def test_settings_are_the_bases(
    head: str | None, source: str, tmp_path: Path, minivllm: Path, stack: ExitStack
) -> None:
    rules = {"tools/rules/README.md": "a folder without a rule\n"}
    workflow = with_settings(
        tmp_path,
        minivllm,
        stack,
        base={"diffscope.yml": BASE_SETTINGS, **rules},
        head={"diffscope.yml": head},
    )
    git(workflow.repository, "checkout", "--quiet", "topic")
    done = workflow.run("--source", source, "--post", "comment,labels", payload=event(workflow), token=WRITER)
    assert (done.exit_code, workflow.outputs["level"]) == (1, "high")
    assert workflow.summary.startswith("### diffscope：风险 高：")
    assert "此变更修改了 diffscope.yml。" in workflow.summary
    assert (workflow.comments, workflow.pull.labels) == ([], ["careful"])


def test_rules_that_a_pull_request_brings_are_named_and_not_used(
    tmp_path: Path, minivllm: Path, stack: ExitStack
) -> None:
    settings = {"diffscope.yml": "rules:\n  folders: [tools/rules]\n", "tools/rules/README.md": "none yet\n"}
    workflow = with_settings(
        tmp_path,
        minivllm,
        stack,
        base=settings,
        head={"tools/rules/CP999-evil/rule.yml": "code: !!python/object/apply:os.system [id]\n"},
    )
    git(workflow.repository, "checkout", "--quiet", "topic")
    done = workflow.run(payload=event(workflow))
    assert done.exit_code == 0
    assert "This change edits tools/rules/CP999-evil/rule.yml." in workflow.summary.replace("\\", "")


def test_settings_of_the_base_that_are_wrong_are_the_bases_fault(
    tmp_path: Path, minivllm: Path, stack: ExitStack
) -> None:
    workflow = with_settings(
        tmp_path, minivllm, stack, base={"diffscope.yml": "fail-on: sometimes\n"}, head={}
    )
    done = workflow.run(payload=event(workflow))
    assert (done.exit_code, "diffscope.yml of the base:1:10: " in done.err) == (2, True)


JUDGED: dict[tuple[str, ...], str] = {}
"""What the first workflow gives, by the change: many tests of the second start with it."""


def stored(workflow: Workflow, **changes: Any) -> Path:
    """Judge as the first workflow does, and return the artifact's file, changed as its author likes."""
    asked = (workflow.base, workflow.head, workflow.pull.title)
    if asked not in JUDGED:
        workflow.run(payload=event(workflow))
        JUDGED[asked] = json.dumps(workflow.report)
    report = json.loads(JUDGED[asked])
    for path, value in changes.items():
        *parents, last = path.split("__")
        place: Any = report
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        place[int(last) if last.isdigit() else last] = value
    file = workflow.folder / "assessment.json"
    file.write_text(json.dumps(report), encoding="utf-8")
    return file


def post_stored(workflow: Workflow, file: Path, **more: Any) -> Any:
    workflow.checkout = workflow.folder / "nothing"
    workflow.checkout.mkdir(exist_ok=True)
    payload = workflow_run(**{"head": workflow.head, **more})
    return workflow.run(
        "--from", str(file), "--post", "comment,labels", on="workflow_run", payload=payload, token=WRITER
    )


def test_the_second_workflow_posts_what_the_first_judged(workflow: Workflow) -> None:
    done = post_stored(workflow, stored(workflow))
    assert (done.exit_code, done.err) == (0, "note: comment: created\nnote: labels: added diffscope:medium\n")
    (body,) = workflow.comments
    assert body.splitlines()[1].startswith("### diffscope: medium risk: ")


def test_what_github_and_our_rules_know_is_not_taken_from_the_artifact(workflow: Workflow) -> None:
    file = stored(
        workflow,
        change__pull__title="Approved by security",
        change__pull__author_login="simon",
        change__pull__url="https://evil.example/a/b/pull/1",
        flags__0__title={"en": "Nothing to see", "zh": "x"},
        flags__0__advice={"en": "Merge it at once", "zh": "x"},
        flags__0__name="harmless",
    )
    post_stored(workflow, file)
    (body,) = workflow.comments
    for lie in ("Approved", "simon", "evil", "Nothing to see", "Merge it", "harmless"):
        assert lie not in body
    assert workflow.report["change"]["pull"]["title"] == "[Misc] Change something"


FORGED = [
    pytest.param({"schema": "diffscope.assessment/3"}, {}, "its schema is", id="another schema"),
    pytest.param({"flags__0__severity": "apocalyptic"}, {}, "it breaks the schema", id="a word that is none"),
    pytest.param({"flags": "none"}, {}, "it breaks the schema", id="a text for a list"),
    pytest.param({"flags__0__code": "ZZ999"}, {}, "'ZZ999' is not a rule here", id="a rule that is none"),
    pytest.param(
        {"kind": "feature\n# Approved"}, {}, "is not a kind, tag, platform or area", id="Markdown for a kind"
    ),
    pytest.param(
        {"platforms": ["@all"]}, {}, "is not a kind, tag, platform or area", id="a mention for a platform"
    ),
    pytest.param({"change__pull__repository": "ada/vllm"}, {}, "another repository", id="another repository"),
    pytest.param({"change__pull__head": "c" * 40}, {}, "another commit than its run had", id="another head"),
    pytest.param({"change__pull__number": None}, {}, "names no pull request", id="no number"),
    pytest.param({"change__pull__number": 8}, {}, "not found on GitHub", id="no such pull request"),
    pytest.param({"change__pull__base": "main"}, {}, "its base is not a commit", id="a branch for a base"),
    pytest.param({}, {"head": "c" * 40}, "another commit than its run had", id="a run of another head"),
    pytest.param(
        {}, {"event": "push"}, "the other run was started by push", id="a run that no pull request started"
    ),
    pytest.param(
        {},
        {"head_repository": "mallory/vllm"},
        "from another repository than the run",
        id="a run of another fork",
    ),
]


@pytest.mark.parametrize(("changes", "run", "message"), FORGED)
def test_a_forged_artifact_is_refused(
    changes: dict[str, Any], run: dict[str, Any], message: str, workflow: Workflow
) -> None:
    done = post_stored(workflow, stored(workflow, **changes), **run)
    assert (done.exit_code, workflow.comments, done.out) == (2, [], "")
    assert message in done.err
    assert "hint: " in done.err


def test_an_artifact_of_a_head_that_is_old_is_refused(workflow: Workflow) -> None:
    file = stored(workflow)
    workflow.pull.head = "c" * 40
    assert "the pull request has another head by now" in post_stored(workflow, file).err


def test_an_artifact_of_a_closed_pull_request_is_refused(workflow: Workflow) -> None:
    file = stored(workflow)
    workflow.pull.state = "closed"
    assert "the pull request is closed" in post_stored(workflow, file).err


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"{}" * 5_000_000, id="ten megabytes"),
    ],
)
def test_an_artifact_of_junk_is_refused(content: bytes, workflow: Workflow) -> None:
    file = workflow.folder / "junk.json"
    file.write_bytes(content)
    done = post_stored(workflow, file)
    assert (done.exit_code, "Traceback" in done.err) == (2, False)


# Half a character is in no event: GitHub's JSON is whole, and an event that is not is refused as damaged.
TITLES = {key: text for key, text in HOSTILE.items() if key != "half a character"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(" ".join(TITLES.values()), id="all of them, one after the other"),
        pytest.param("\n".join(reversed(TITLES.values())), id="all of them, each at the start of a line"),
        *(
            pytest.param(TITLES[key], id=key)
            for key in ("a workflow command", "an option", "the end of a comment")
        ),
    ],
)
def test_a_hostile_title_and_body_pass_through_every_sink(text: str, workflow: Workflow) -> None:
    workflow.pull.title = text
    payload = event(workflow, title=text, body=text, labels=[text], head_repository="ada/vllm")
    done = workflow.run("--post", "comment,labels,check", payload=payload, token=WRITER)
    assert_inert(workflow, done.out, done.err)


def test_hostile_names_pass_through_every_sink(tmp_path: Path, stack: ExitStack) -> None:
    """One pull request that changes a file of every name that git can hold."""
    names = [
        name
        for key, name in HOSTILE.items()
        if key not in {"half a character", "four kilobytes"} and not name.startswith("https:")
    ]
    clean = [f"vllm/v1/engine/{name.replace('/', '_')}" for name in names]
    files = {
        f"{name}.py" if not name.endswith(".py") else name: "def step():\n    return 1\n" for name in clean
    }
    long = "vllm/" + "x/" * 2000 + "y.py"
    before = {"vllm/__init__.py": "", **files}
    folder = git_repository(tmp_path / "repository", before)
    git(folder, "checkout", "--quiet", "-b", "topic")
    blob = git(folder, "hash-object", "-w", "--stdin", given=b"x = 1\n").strip()
    write_files(folder, dict.fromkeys(files, "def step():\n    return 2\n"))
    git(folder, "add", "--all")
    git(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{long}")
    tree = git(folder, "write-tree").strip()
    head = git(folder, "commit-tree", tree, "-p", "main", "-m", "::set-output name=a::b").strip()
    git(folder, "update-ref", "refs/heads/topic", head)
    workflow = Workflow(tmp_path, folder, base="main", head="topic", stack=stack)
    workflow.pull.title = "::set-output name=x::y"
    for source in ("clone", "github"):
        payload = event(workflow, title="::set-output name=x::y")
        done = workflow.run("--source", source, "--post", "comment,check", payload=payload, token=WRITER)
        assert done.exit_code == 0, done.err
        assert_inert(workflow, done.out, done.err)
        assert len(workflow.report["files"]) == len(files) + 1
    for form in ("text", "markdown", "html"):
        shown = workflow.project.run(
            "classify", "--repo", str(folder), "--base", "main", "--head", "topic", "--format", form
        )
        assert shown.exit_code == 0, shown.err
        assert all(letter.isprintable() or letter in "\n\u2060" for letter in shown.out + shown.err), form
        assert not re.search(r"(?m)^\s*::|##\[", shown.out), form


def assert_inert(workflow: Workflow, out: str, err: str) -> None:
    """Nothing that a runner, a terminal, GitHub or a shell obeys is in anything that was written, but what we mean."""
    for line in out.splitlines():
        assert re.match(r"::(?:notice|warning|error) [^\n]*::", line), line
    for text in (err, workflow.summary, *workflow.comments, (workflow.folder / "output").read_text()):
        assert not re.search(r"(?m)^\s*::|##\[", text)
        assert all(letter.isprintable() or letter in "\n\u2060" for letter in text)
    assert set(workflow.outputs) == {
        "level",
        "flags",
        "complete",
        "posted",
        "folder",
        "json",
        "sarif",
        "rdjson",
        "comment",
    }
    for key in ("json", "sarif", "rdjson"):
        raw = Path(workflow.outputs[key]).read_text(encoding="utf-8")
        document = json.loads(raw)
        if key == "sarif":
            jsonschema.Draft4Validator(SARIF).validate(document)
        assert all(letter.isprintable() or letter == "\n" for letter in raw)
    for run in workflow.site.check_runs.values():
        shown = [
            run["given"]["output"]["title"],
            *(one[key] for one in run["annotations"] for key in ("title", "message")),
        ]
        assert all(letter.isprintable() or letter == "\n" for text in shown for letter in text)


def test_what_fails_inside_is_posted_and_no_pass(workflow: Workflow) -> None:
    """What is known is posted; where --fail-on asks for a verdict the step and the check are red, and it says why."""
    with fault("facts.symbol"):
        done = workflow.run(
            "--post", "comment,check", "--fail-on", "critical", payload=event(workflow), token=WRITER
        )
    assert (done.exit_code, len(workflow.comments)) == (2, 1)
    assert "error: whether a flag is critical or worse was not judged: an internal error\n" in done.err
    assert "internal error in facts.symbol" in workflow.comments[0]
    (run,) = workflow.site.check_runs.values()
    assert run["given"]["conclusion"] == "failure"
    assert workflow.outputs["complete"] == "false"


@pytest.mark.parametrize("part", ["comment", "summary", "format sarif", "format json", "format github"])
def test_a_renderer_that_fails_leaves_the_others(part: str, workflow: Workflow) -> None:
    """Files, summary and annotations that can be made are there; the step fails and names what cannot."""
    with fault(part):
        done = workflow.run(payload=event(workflow))
    assert done.exit_code == 2
    assert f"error: internal error in {part} ({TOLD})\n" in done.err
    assert ("::warning" in done.out) is (part != "format github")
    assert "medium" in workflow.summary
    files = {file.name for file in Path(workflow.outputs["folder"]).iterdir()}
    lost = {"comment": "comment.md", "format sarif": "assessment.sarif", "format json": "assessment.json"}
    names = {"comment.md", "assessment.sarif", "assessment.json", "assessment.rdjson"}
    assert files == names - {lost.get(part)}


def test_a_comment_that_fails_leaves_the_check(workflow: Workflow) -> None:
    with fault("post comment"):
        done = workflow.run("--post", "comment,check", payload=event(workflow), token=WRITER)
    assert (done.exit_code, len(workflow.comments), len(workflow.site.check_runs)) == (0, 0, 1)
    assert "comment: an internal error" in done.err
