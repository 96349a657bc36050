"""Pull requests from a GitHub on loopback, over real HTTP through PyGithub."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.github.access import Access
from diffscope.adapters.github.client import Client, RetryPolicy
from diffscope.adapters.github.source import GitHubSource
from diffscope.adapters.github.trees import GitHubStore
from diffscope.diff.model import FileSides
from diffscope.diff.parse import salvage_diff
from diffscope.errors import NotFoundError, RemoteError, SourceError
from diffscope.source.model import Change, SourceKind
from tests.adapters.github_hosts import AFTER, BEFORE, NUMBER, TOKEN, hosted, many_files
from tests.github_server import NAME, Fault, Reply, Site, refusal, serve

Open = Callable[..., GitHubSource]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as open_things:
        yield open_things


@pytest.fixture
def reach(stack: ExitStack, tmp_path: Path) -> Open:
    """Open a source on a site; the cache is the same for all sources of a test."""

    def open_source(
        site: Site,
        *,
        token: str | None = TOKEN,
        repository: str = NAME,
        notices: list[str] | None = None,
        **more: object,
    ) -> GitHubSource:
        if not site.url:
            stack.enter_context(serve(site))
        said: list[str] = [] if notices is None else notices
        store = GitHubStore(stack.enter_context(open_cache(tmp_path / "cache")))
        access = Access(api_url=site.url, token=token, repository=repository)
        client = Client(
            access, store=store, notice=said.append, patience=RetryPolicy(tries=2), sleep=lambda _: None
        )
        stack.callback(client.close)
        return GitHubSource(client, store=store, **more)

    return open_source


def sides_of(source: GitHubSource, change: Change) -> dict[str, FileSides]:
    diff = salvage_diff(change.patch).diff
    return {side.path: side for side in source.sides(change, diff).files}


@pytest.mark.parametrize(
    "token", [pytest.param(TOKEN, id="with a token"), pytest.param(None, id="without a token")]
)
def test_every_side_is_as_git_has_it(token: str | None, reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    source = reach(site, token=token)
    change = source.pull(NUMBER)
    assert change.gaps == ()
    found = sides_of(source, change)
    with GitRepository(tmp_path / "repo") as local:
        pull = site.pulls[NUMBER]
        base = local.merge_base(pull.base, pull.head)
        for file in salvage_diff(change.patch).diff.files:
            if file.path == "docs/image.png":
                continue
            before = local.read(base or "", file.old_path or file.path)
            assert found[file.path] == FileSides(
                path=file.path, before=before, after=local.read(pull.head, file.path)
            ), file.path
    assert {*found} >= {
        "vllm/edited.py",
        "vllm/new_name.py",
        "docs/café.md",
        "link",
        "vllm/latin.py",
        "vllm/empty.py",
    }


def test_metadata_is_what_github_says_and_the_base_is_the_merge_base(reach: Open, tmp_path: Path) -> None:
    site = hosted(
        tmp_path / "repo",
        BEFORE,
        AFTER,
        title="[Core] A title",
        body="A body",
        labels=["v1", "ready"],
        merged_at="2026-03-29T05:08:03Z",
    )
    pull = reach(site).pull(NUMBER).pull
    with GitRepository(tmp_path / "repo") as local:
        merge_base = local.merge_base(site.pulls[NUMBER].base, site.pulls[NUMBER].head)
    assert merge_base != site.pulls[NUMBER].base
    assert (pull.base, pull.head) == (merge_base, site.pulls[NUMBER].head)
    assert (pull.source, pull.number, pull.title, pull.body) == (
        SourceKind.GITHUB,
        NUMBER,
        "[Core] A title",
        "A body",
    )
    assert (pull.author, pull.author_login, pull.labels) == (None, "ada", ("ready", "v1"))
    assert (pull.merged_at, pull.url) == (
        "2026-03-29T05:08:03Z",
        f"https://github.example/{NAME}/pull/{NUMBER}",
    )


def test_the_base_tree_reads_any_file_of_the_merge_base(reach: Open, tmp_path: Path) -> None:
    source = reach(hosted(tmp_path / "repo", BEFORE, AFTER))
    tree = source.base_tree(source.pull(NUMBER))
    assert tree is not None
    assert tree.read("untouched.py") == b"x = 1\n"
    assert tree.read("elsewhere.txt") is None
    assert tree.read_many(["vllm/edited.py", "docs/image.png"])["docs/image.png"] == b"\x89PNG\0\1\2"
    assert [entry.path for entry in tree.entries()] == sorted(BEFORE)


CALLS = [
    pytest.param(10, TOKEN, 5, 2, id="10 files with a token"),
    pytest.param(150, TOKEN, 8, 2, id="150 files with a token"),
    pytest.param(10, None, 14, 2, id="10 files without a token"),
]


@pytest.mark.parametrize(("count", "token", "first", "second"), CALLS)
def test_calls_are_few_and_fewer_the_second_time(
    count: int, token: str | None, first: int, second: int, reach: Open, tmp_path: Path
) -> None:
    """Pull request, diff, comparison and tree are four calls; the blobs of the base come 40 a query, or one by one."""
    before, after = many_files(count)
    site = hosted(tmp_path / "repo", before, after)
    source = reach(site, token=token)
    assert all(side.is_read for side in sides_of(source, source.pull(NUMBER)).values())
    assert len(site.log) == first, site.calls()
    site.log.clear()
    again = reach(site, token=token)
    assert all(side.is_read for side in sides_of(again, again.pull(NUMBER)).values())
    assert [one.status for one in site.log] == [304] * second, site.calls()


def test_a_cached_blob_that_was_tampered_with_is_read_again(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    source = reach(site)
    sides_of(source, source.pull(NUMBER))
    with open_cache(tmp_path / "cache") as cache:
        cache.put_many("github-blob", dict.fromkeys(cache.names("github-blob"), b"junk"))
    again = reach(site)
    assert sides_of(again, again.pull(NUMBER))["vllm/edited.py"].before == BEFORE["vllm/edited.py"].encode()


def test_a_diff_that_github_refuses_comes_from_the_list_of_files(reach: Open, tmp_path: Path) -> None:
    """301 files: 406 from GitHub, and the list gives the same changes, said on stderr."""
    before, after = many_files(301)
    site = hosted(tmp_path / "repo", before, {**after, "vllm/new.py": "x = 1\n", "vllm/m0.py": None})
    notices: list[str] = []
    source = reach(site, notices=notices)
    change = source.pull(NUMBER)
    assert change.gaps == ()
    files = salvage_diff(change.patch).diff.files
    assert len(files) == 302
    assert notices == [
        f"GitHub gives no diff of #{NUMBER} (over 20,000 lines or 300 files); reading the list of files instead"
    ]
    found = sides_of(source, change)
    assert all(side.is_read for side in found.values())
    assert (found["vllm/m0.py"].after, found["vllm/new.py"].after) == (None, b"x = 1\n")


def test_the_list_of_files_says_the_same_as_the_diff(reach: Open, tmp_path: Path) -> None:
    """Every kind of change survives the way over the files API; only file modes of additions are unknown there."""
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    whole = salvage_diff(reach(site).pull(NUMBER).patch).diff
    refuse_diff(site)
    source = reach(site)
    change = source.pull(NUMBER)
    listed = salvage_diff(change.patch)
    assert (listed.gaps, change.gaps) == ((), ())
    assert [(one.path, one.old_path, one.status, one.kind, one.hunks) for one in listed.diff.files] == [
        (one.path, one.old_path, one.status, one.kind, one.hunks) for one in whole.files
    ]


def refuse_diff(site: Site) -> None:
    """Answer 406 to every request for a diff, whatever its size."""
    site.overrides.append(
        lambda _, __, headers: Reply(406, refusal("too large")) if "diff" in headers["accept"] else None
    )


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(422, refusal("there was a problem generating this diff"), "a problem making it", id="422"),
        pytest.param(406, refusal("too large"), "over 20,000 lines", id="406"),
        pytest.param(500, refusal("Server Error"), "too long", id="500"),
        pytest.param(504, "<html>Gateway time-out</html>", "too long", id="504 with a page"),
        pytest.param(520, "", "too long", id="a status of a proxy"),
        pytest.param(200, "", "its answer is none", id="nothing"),
        pytest.param(200, "\n", "its answer is none", id="an empty line"),
        pytest.param(200, "<!DOCTYPE html><title>diff --git a/x b/x</title>", "its answer is none", id="a page"),
        pytest.param(200, "Sorry, this diff is unavailable.", "its answer is none", id="a sentence"),
        pytest.param(200, {"message": "diff unavailable"}, "its answer is none", id="JSON"),
        pytest.param(200, "diff --git a/x b/x\nnew file mode 100644\n", "its answer is cut off", id="one file of several"),
    ],
)  # fmt: skip
def test_where_github_gives_no_diff_the_list_of_files_does(
    reach: Open, tmp_path: Path, status: int, body: object, said: str
) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    whole = salvage_diff(reach(site).pull(NUMBER).patch).diff
    site.overrides.append(lambda _, __, headers: Reply(status, body) if "diff" in headers["accept"] else None)
    notices: list[str] = []
    change = reach(site, notices=notices).pull(NUMBER)
    listed = salvage_diff(change.patch).diff
    rows = [
        [(file.status, file.old_path, file.path, file.hunks) for file in each.files]
        for each in (whole, listed)
    ]
    assert (change.gaps, rows[0]) == ((), rows[1])
    assert (
        [notice for notice in notices if "no diff" in notice]
        == [notice for notice in notices if said in notice]
        != []
    )


def test_a_file_on_two_pages_of_the_list_is_one(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    refuse_diff(site)
    row = {
        "filename": "vllm/added.py",
        "status": "added",
        "additions": 1,
        "deletions": 0,
        "changes": 1,
        "patch": "@@ -0,0 +1 @@\n+x = 1",
    }
    site.overrides.append(lambda _, path, __: Reply(200, [row, row]) if "/files" in path else None)
    change = reach(site).pull(NUMBER)
    assert change.patch.count("diff --git ") == 1
    assert [gap.message.code for gap in change.gaps] == ["gap.github-files-cut"]


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        pytest.param(401, {}, "did not accept the token", id="401"),
        pytest.param(403, {}, "GitHub", id="403"),
        pytest.param(404, {}, "not found on GitHub", id="404"),
        pytest.param(451, {}, "legal reasons", id="451"),
        pytest.param(429, {"Retry-After": "3600"}, "GitHub", id="rate limit"),
    ],
)
def test_a_refusal_of_the_pull_request_stays_an_error(
    reach: Open, tmp_path: Path, status: int, headers: dict[str, str], said: str
) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.overrides.append(
        lambda _, __, asked: Reply(status, refusal("no"), headers) if "diff" in asked["accept"] else None
    )
    with pytest.raises(SourceError, match=said) as caught:
        reach(site).pull(NUMBER)
    assert caught.value.hint


def test_hunks_that_github_leaves_out_are_worked_out_from_both_sides(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.omitted_patches = {"vllm/edited.py", "vllm/deleted.py", "vllm/added.py"}
    refuse_diff(site)
    change = reach(site).pull(NUMBER)
    files = {file.path: file for file in salvage_diff(change.patch).diff.files}
    assert change.gaps == ()
    assert [(line.number, line.text) for hunk in files["vllm/edited.py"].hunks for line in hunk.added] == [
        (2, "two = 22"),
        (4, "four = 4"),
    ]
    assert files["vllm/deleted.py"].deletions == 2


def test_hunks_that_cannot_be_had_leave_a_gap(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.omitted_patches = {"vllm/edited.py"}
    site.graphql = False
    site.faults.append(Fault("GET .*/git/blobs/", 404, refusal("Not Found"), times=99))
    refuse_diff(site)
    notices: list[str] = []
    change = reach(site, notices=notices).pull(NUMBER)
    assert [(gap.what, gap.path) for gap in change.gaps] == [("diff-truncated", "vllm/edited.py")]
    assert "vllm/edited.py" in change.patch


def test_the_clone_gives_the_diff_where_the_list_cannot(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.omitted_patches = {"vllm/edited.py"}
    site.graphql = False
    site.faults.append(Fault("GET .*/git/blobs/", 404, refusal("Not Found"), times=99))
    refuse_diff(site)
    notices: list[str] = []

    def local_patch(base: str, head: str) -> str | None:
        with GitRepository(tmp_path / "repo") as local:
            return local.patch(base, head)[0]

    change = reach(site, notices=notices, local_patch=local_patch).pull(NUMBER)
    assert change.gaps == ()
    assert "+two = 22" in change.patch
    assert "the clone has both commits" in notices[-1]


def test_a_list_that_github_cuts_off_leaves_a_gap(
    reach: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = many_files(301)
    monkeypatch.setattr("diffscope.adapters.github.source.MOST_FILES", 200)
    change = reach(hosted(tmp_path / "repo", before, after)).pull(NUMBER)
    assert [gap.what for gap in change.gaps] == ["diff-truncated"]
    assert len(salvage_diff(change.patch).diff.files) == 200


def test_graphql_out_of_order_costs_calls_not_content(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.graphql = False
    source = reach(site)
    assert all(side.is_read for side in sides_of(source, source.pull(NUMBER)).values())


def test_a_lying_graphql_answer_is_not_believed(
    reach: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    monkeypatch.setattr(
        "tests.github_routes.blob_text",
        lambda _, oid: {"oid": oid, "text": "something else", "isTruncated": False},
    )
    source = reach(site)
    assert sides_of(source, source.pull(NUMBER))["vllm/edited.py"].before == b"one = 1\ntwo = 2\nthree = 3\n"


def test_a_rate_limit_on_the_way_leaves_gaps_not_an_error(reach: Open, tmp_path: Path) -> None:
    before, after = many_files(5)
    site = hosted(tmp_path / "repo", before, after)
    limited = {"X-RateLimit-Remaining": "0", "Retry-After": "3000"}
    site.faults.append(
        Fault("GET .*/git/blobs/", 403, refusal("API rate limit exceeded for 1.2.3.4."), limited, times=99)
    )
    source = reach(site, token=None)
    change = source.pull(NUMBER)
    sides = source.sides(change, salvage_diff(change.patch).diff)
    assert not any(side.is_read for side in sides.files)
    assert {gap.reason for gap in sides.gaps} == {"GitHub's rate limit is used up; it ends at 05:08:03 UTC"}
    assert len([one for one in site.log if "blobs" in one.path]) == 1


def test_a_base_that_is_gone_is_a_gap(reach: Open, tmp_path: Path) -> None:
    """Without the merge base the diff still stands; the sides that the patch holds whole are there."""
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.faults.append(Fault("GET .*/compare/", 404, refusal("Not Found"), times=9))
    source = reach(site)
    change = source.pull(NUMBER)
    assert [gap.what for gap in change.gaps] == ["base-tree"]
    assert (change.pull.base, source.base_tree(change)) == (None, None)
    found = sides_of(source, change)
    assert (found["vllm/added.py"].is_read, found["vllm/edited.py"].is_read) == (True, False)


def test_without_the_listing_of_the_base_its_side_is_made_from_the_head(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.faults.append(Fault("GET .*/git/trees/", 500, times=99))
    source = reach(site)
    change = source.pull(NUMBER)
    assert [gap.what for gap in change.gaps] == ["base-tree"]
    found = sides_of(source, change)
    assert found["vllm/edited.py"].before == b"one = 1\ntwo = 2\nthree = 3\n"
    assert found["vllm/new_name.py"].before == str(BEFORE["vllm/old_name.py"]).encode()
    # GitHub's diff is text: bytes that are not UTF-8 are lost in it, and nothing is believed that does not have the blob's id.
    assert [path for path, side in found.items() if not side.is_read] == ["vllm/latin.py"]


def test_a_tree_that_github_cuts_off_is_a_gap(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.is_tree_cut = True
    assert [gap.what for gap in reach(site).pull(NUMBER).gaps] == ["base-tree"]


def test_a_renamed_repository_is_followed_and_said(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.renamed = {"old-home/vllm": NAME}
    notices: list[str] = []
    change = reach(site, repository="old-home/vllm", notices=notices).pull(NUMBER)
    assert change.pull.repository == NAME
    assert notices == [f"old-home/vllm is {NAME} now"]


def test_a_push_between_two_requests_is_noticed(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    other = hosted(tmp_path / "other", BEFORE, {**AFTER, "vllm/quite_other.py": "x = 1\n"})
    ends = f"{other.pulls[NUMBER].base}...{other.pulls[NUMBER].head}"
    text = other.git("diff", ends).decode("utf-8", "replace")
    site.overrides.append(lambda _, __, headers: Reply(200, text) if "diff" in headers["accept"] else None)
    gaps = reach(site).pull(NUMBER).gaps
    assert [gap.what for gap in gaps] == ["metadata"]
    assert "was something pushed in between" in gaps[0].reason


def test_no_such_pull_request_says_so(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    with pytest.raises(NotFoundError) as caught:
        reach(site).pull(99)
    assert caught.value.message == f"GitHub shows no pull request 99 in {NAME}"
    assert caught.value.at == f"127.0.0.1 /repos/{NAME}/pulls/99"
    assert caught.value.hint == "it may be an issue; a private repository needs GITHUB_TOKEN"


def test_an_answer_that_is_no_json_is_an_error_not_a_traceback(reach: Open, tmp_path: Path) -> None:
    site = hosted(tmp_path / "repo", BEFORE, AFTER)
    site.faults.append(Fault("GET .*/pulls/7$", 200, "<html>Sign in</html>"))
    with pytest.raises(RemoteError) as caught:
        reach(site).pull(NUMBER)
    assert caught.value.message.startswith("GitHub's answer is not as documented")


def test_ids_of_blobs_are_those_of_git() -> None:
    """What the sides are believed by: the id of a blob is the hash of its content."""
    assert hashlib.sha1(b"blob 0\0").hexdigest() == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
