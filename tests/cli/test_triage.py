"""``diffscope triage``: branches that are open at once, and merged changes taken as open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import Commit, git, git_repository
from tests.cli.conftest import MakeProject
from tests.cli.harness import Project
from tests.github_server import Account, Fault, HostedPull, Site, serve

POOL = "def make_pool(size):\n    return [size]\n\n\ndef close_pool(pool):\n    pool.clear()\n"
USER = "from vllm.pool import make_pool\n\n\ndef start():\n    return make_pool(1)\n"
FILES = {"vllm/__init__.py": "", "vllm/pool.py": POOL, "docs/pool.md": "Pools.\n"}
RESIGNED = POOL.replace("size):", "size, *, depth):")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four heads over one base: 1 re-signs, 2 calls by the old signature, 3 stands on 2, 4 is in the base already; the base moved on."""
    folder = git_repository(
        tmp_path_factory.mktemp("triage") / "clone",
        FILES,
        [
            Commit("[Core] Ask for a depth (#1)", {"vllm/pool.py": RESIGNED}, at="2026-02-10T00:00:00Z"),
            Commit("[Core] Use pools (#2)", {"vllm/user.py": USER}, at="2026-02-10T01:00:00Z"),
        ],
    )
    first, second = (git(folder, "rev-parse", name).strip() for name in ("HEAD~1", "HEAD"))
    start = git(folder, "rev-parse", "HEAD~2").strip()
    git(folder, "update-ref", "refs/pull/1/head", first)
    git(folder, "checkout", "--quiet", "-b", "two", start)
    (folder / "vllm/user.py").write_text(USER)
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "Use pools")
    git(folder, "update-ref", "refs/pull/2/head", "HEAD")
    (folder / "vllm/more.py").write_text("from vllm.user import start\n\n\ndef run():\n    return start()\n")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "Run them")
    git(folder, "update-ref", "refs/pull/3/head", "HEAD")
    git(folder, "update-ref", "refs/pull/4/head", start)
    git(folder, "checkout", "--quiet", "--detach", start)
    (folder / "vllm/rooms.py").write_text(POOL)
    (folder / "vllm/pool.py").write_text("SIZE = 1\n")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "Move pools (#6)")
    git(folder, "update-ref", "refs/moved", "HEAD")
    git(folder, "update-ref", "refs/heads/main", start)
    git(folder, "update-ref", "refs/merged", second)
    return folder


@pytest.fixture
def work(project: MakeProject) -> Project:
    return project(
        {
            "open.json": json.dumps(
                {
                    "schema": "diffscope.open-pulls/1",
                    "pulls": [
                        {"number": 1, "title": "[Core] Ask for a depth"},
                        {"number": 2, "draft": True},
                        3,
                        4,
                        {"number": 5, "head": "gone"},
                    ],
                }
            ),
            "wrong.json": '{"pulls": [{"number": "one"}]}',
        }
    )


def test_branches_of_a_saved_list(work: Project, clone: Path) -> None:
    """A conflict with both places, an order, a draft that waits on its author, and what could not be had."""
    done = work.run("triage", "--repo", str(clone), "--list", "open.json", "--format", "json")
    assert (done.exit_code, done.err) == (0, "")
    found = json.loads(done.out)
    assert (found["schema"], found["changes"]) == ("diffscope.triage/1", 3)
    (conflict,) = found["conflicts"]
    assert (conflict["kind"], conflict["first"], conflict["second"], conflict["is_textual"]) == (
        "resigned-called",
        1,
        2,
        False,
    )
    assert [(place["path"], place["line"]) for place in conflict["places"]] == [
        ("vllm/pool.py", 1),
        ("vllm/user.py", 5),
    ]
    assert [(link["kind"], link["first"], link["then"]) for link in found["order"]] == [("stacked", 2, 3)]
    assert {entry["number"]: entry["bucket"] for entry in found["queue"]} == {
        1: "review",
        2: "author",
        3: "after",
    }
    assert [(gap["number"], gap["reason"]["en"][:30]) for gap in found["gaps"]] == [
        (5, "the clone does not have its he"),
        (4, "the base has it already"),
    ]
    assert work.run("triage", "--repo", str(clone), "--list", "open.json", "--format", "json").out == done.out


def test_merged_changes_taken_as_open(work: Project, clone: Path) -> None:
    """The call came after the signature and does not fit it: the main branch is broken."""
    arguments = ("triage", "--repo", str(clone), "--range", "main..refs/merged")
    assert "#1 changes the parameters of make_pool" in work.run(*arguments, "--lang", "en").out
    assert "No two of them conflict" in work.run(*arguments, "--within", "0").out
    assert "2 changes merged in main..refs/merged" in work.run(*arguments, "--lang", "en").out


def test_filters_narrow_what_waits_too(work: Project, clone: Path) -> None:
    """The loads count what the queue shows; where nothing is left a note says so."""
    arguments = ("triage", "--repo", str(clone), "--range", "main..refs/merged", "--format", "json")
    whole = json.loads(work.run(*arguments).out)
    area = whole["areas"][0]["name"]
    narrow = json.loads(work.run(*arguments, "--area", area).out)
    assert narrow["areas"][0]["waiting"] == len(narrow["queue"])
    done = work.run(*arguments, "--label", "absent")
    assert (json.loads(done.out)["areas"], "none of the 2 changes" in done.err) == ([], True)


def test_filters_by_label_and_age_of_branches(work: Project, clone: Path) -> None:
    """What is left out of the queue is compared all the same; the base may be named as another branch."""
    pulls = [
        {"number": 1, "labels": ["core"], "opened_at": "2026-02-01T00:00:00Z"},
        {"number": 2, "labels": ["pool"], "opened_at": "2026-02-09T00:00:00Z"},
    ]
    (work.folder / "dated.json").write_text(json.dumps({"pulls": pulls}))
    arguments = ("triage", "--repo", str(clone), "--list", "dated.json", "--base", "main", "--format", "json")
    for narrow in (("--newer-than", "7"), ("--label", "pool")):
        found = json.loads(work.run(*arguments, *narrow).out)
        assert ([entry["number"] for entry in found["queue"]], found["changes"]) == ([2], 2)
        assert [one["first"] for one in found["conflicts"]] == [1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["--list", "wrong.json"], "no list of open pull requests", id="a number that is none"),
        pytest.param(["--list", "absent.json"], "no such file", id="no list"),
        pytest.param(["--list", "open.json", "--base", "nowhere"], "no commit", id="a base that the clone lacks"),
        pytest.param([], "GitHub could not be reached", id="no list and no network"),
        pytest.param(["--list", "open.json", "--range", "a..b"], "exclude each other", id="two sources"),
        pytest.param(["--range", "main"], "write A..B", id="a range with one end"),
        pytest.param(["--range", "main..main", "--area", "kvcache"], "did you mean 'kv-cache'?", id="an area that no table has"),
        pytest.param(["--list", "open.json", "--format", "pdf"], "'pdf' is not a format of a triage", id="a format that is none"),
    ],
)  # fmt: skip
def test_bad_input_is_told_with_what_to_do(
    work: Project, clone: Path, arguments: list[str], expected: str
) -> None:
    """Two lines and exit code 2, never a traceback."""
    done = work.run("triage", "--repo", str(clone), *arguments)
    assert (done.exit_code, done.out) == (2, "")
    assert expected in done.err
    assert "hint:" in done.err
    assert "Traceback" not in done.err


@pytest.mark.thorough
def test_open_pull_requests_of_github(work: Project, clone: Path, tmp_path: Path) -> None:
    """Heads are fetched in one call; one that vanished is told, and so is a page that GitHub refused; the same command goes on."""
    upstream = tmp_path / "vllm-project" / "vllm"
    upstream.parent.mkdir()
    git(tmp_path, "clone", "--quiet", "--mirror", str(clone), str(upstream))
    mine = tmp_path / "mine"
    git(tmp_path, "clone", "--quiet", "--branch", "main", "--single-branch", str(upstream), str(mine))
    heads = {number: git(upstream, "rev-parse", f"refs/pull/{number}/head").strip() for number in (1, 2)}
    start = git(upstream, "rev-parse", "main").strip()
    pulls = {
        number: HostedPull(number, start, head, title=f"[Core] Change {number}")
        for number, head in heads.items()
    }
    # A fork that was deleted, a head that was pushed anew since it was listed, and one that did the same work and was closed.
    pulls[2].head_repository = None
    pulls[3] = HostedPull(3, start, "e" * 40)
    git(upstream, "update-ref", "refs/pull/5/head", heads[2])
    pulls[5] = HostedPull(5, start, heads[2], state="closed", closed_at="2026-03-28T00:00:00Z")
    pulls[6] = HostedPull(6, start, heads[2], state="closed", closed_at="2026-01-28T00:00:00Z")
    pulls |= {number: HostedPull(number, start, "f" * 40) for number in range(9, 110)}
    with serve(Site(pulls=pulls, accounts={"t0ken": Account("ada")})) as site:
        site.faults.append(Fault(match="page=2", status=404))
        environ = {"DIFFSCOPE_API_URL": site.url, "GITHUB_TOKEN": ""}
        cut = work.run("triage", "--repo", str(mine), "--format", "json", environ=environ)
        done = work.run(
            "triage", "--repo", str(mine), "--save-list", "had.json", "--format", "json", environ=environ
        )
    assert cut.exit_code == done.exit_code == 0
    # The second run goes on from the page that was refused.
    asked = [one.path for one in site.log if one.path.partition("?")[0].endswith("/pulls")]
    assert [("state=closed" in path, "page=2" in path) for path in asked] == [
        (False, False),
        (False, True),
        (False, True),
        (True, False),
    ]
    assert (
        "the list of open pull requests is not complete (page 2"
        in json.loads(cut.out)["gaps"][-1]["reason"]["en"]
    )
    found = json.loads(done.out)
    assert [(one["kind"], one["first"], one["second"]) for one in found["conflicts"]] == [
        ("resigned-called", 1, 2)
    ]
    assert {gap["number"] for gap in found["gaps"]} == set(range(9, 110))
    assert [(each["first"], each["second"]) for each in found["duplicates"]] == [(2, 5)]
    assert [(each["number"], each["is_merged"]) for each in found["closed"]] == [(5, False)]
    assert {entry["number"] for entry in found["queue"]} == {1, 2, 3}
    assert "couldn't find remote ref" in found["gaps"][0]["reason"]["en"]
    again = work.run("triage", "--repo", str(mine), "--list", "had.json", "--format", "json")
    assert json.loads(again.out)["conflicts"] == found["conflicts"]


def test_one_change_against_another_commit(work: Project, clone: Path) -> None:
    """What its base had and the other commit has otherwise, in JSON and on the screen."""
    arguments = (
        "classify",
        "--repo",
        str(clone),
        "--base",
        "main",
        "--head",
        "refs/pull/2/head",
        "--against",
        "refs/pull/1/head",
    )
    found = json.loads(work.run(*arguments, "--format", "json").out)["against"]
    assert [(one["kind"], one["place"], one["their_place"]) for one in found["collisions"]] == [
        ("resigned-called", "vllm/user.py:5", "vllm/pool.py:1")
    ]
    assert "changes the parameters of make_pool; a new call" in " ".join(work.run(*arguments).out.split())
    refused = work.run("classify", "--repo", str(clone), "--range", "main..refs/merged", "--against", "main")
    assert (refused.exit_code, "for one change" in refused.err) == (2, True)


def test_what_the_other_commit_moved_is_not_called_removed(work: Project, clone: Path) -> None:
    """The file that it went to is none that the change knows of."""
    head = git(clone, "rev-parse", "refs/pull/2/head")
    arguments = ("classify", "--repo", str(clone), "--base", "main", "--head", "refs/pull/2/head")
    found = json.loads(work.run(*arguments, "--against", "refs/moved", "--format", "json").out)["against"]
    assert [
        (one["kind"], one["says"]["en"].partition(" renames or moves ")[2]) for one in found["collisions"]
    ] == [("removed-used", f"make_pool, which {head[:12]} newly uses by its old name")]


def test_a_commit_that_main_does_not_have_is_not_merged(work: Project, clone: Path) -> None:
    """Its subject ends in the number of a pull request all the same."""
    arguments = ("classify", "--repo", str(clone), "--format", "json")
    pull = json.loads(work.run(*arguments, "refs/moved").out)["change"]["pull"]
    assert (pull["number"], pull["merged_at"]) == (6, None)
