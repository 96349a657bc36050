"""The loopback GitHub answers, and is asked, as GitHub's OpenAPI description has it.

githubkit's models are generated from that description, by others; an answer or a request body that they refuse is a mistake in
our tests, and every other test that speaks to the loopback server would prove nothing.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.adapters.github_hosts import AFTER, BEFORE, NUMBER, TOKEN, hosted
from tests.adapters.github_models import models
from tests.github_server import NAME, HostedItem, Site, serve

REPO = f"/repos/{NAME}"
GIVEN_CHECK: dict[str, Any] = {
    "name": "diffscope",
    "head_sha": "a" * 40,
    "status": "completed",
    "conclusion": "neutral",
    "external_id": "x",
    "output": {
        "title": "t",
        "summary": "s",
        "annotations": [
            {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "m"}
        ],
    },
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve(
        hosted(tmp_path_factory.mktemp("host") / "repo", BEFORE, AFTER, labels=["v1"], body="text")
    ) as open_site:
        yield open_site


def ask(site: Site, method: str, path: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{site.url}{path}", data=data, method=method, headers={"Authorization": f"token {TOKEN}"}
    )
    with urllib.request.urlopen(request) as reply:
        return json.loads(reply.read() or b"null")


def test_reading(site: Site) -> None:
    one = site.pulls[NUMBER]
    comparison = ask(site, "GET", f"{REPO}/compare/{one.base}...{one.head}?per_page=1")
    tree = comparison["merge_base_commit"]["commit"]["tree"]["sha"]
    listing = ask(site, "GET", f"{REPO}/git/trees/{tree}?recursive=1")
    blob = next(node["sha"] for node in listing["tree"] if node["type"] == "blob")
    checks: list[tuple[Any, Any]] = [
        (models().PullRequest, ask(site, "GET", f"{REPO}/pulls/{NUMBER}")),
        (list[models().DiffEntry], ask(site, "GET", f"{REPO}/pulls/{NUMBER}/files")),
        (models().CommitComparison, comparison),
        (models().GitTree, listing),
        (models().Blob, ask(site, "GET", f"{REPO}/git/blobs/{blob}")),
        (models().SimpleUser, ask(site, "GET", "/user")),
        (models().Repository, ask(site, "GET", REPO)),
        (list[models().Label], ask(site, "GET", f"{REPO}/issues/{NUMBER}/labels")),
    ]
    for kind, answer in checks:
        TypeAdapter(kind).validate_python(answer)
    assert {row["status"] for row in checks[1][1]} == {"added", "modified", "removed", "renamed"}


def test_writing(site: Site) -> None:
    models().ReposOwnerRepoCheckRunsPostBodyOneof0.model_validate(GIVEN_CHECK)
    made = ask(site, "POST", f"{REPO}/issues/{NUMBER}/comments", {"body": "hello"})
    changed = ask(site, "PATCH", f"{REPO}/issues/comments/{made['id']}", {"body": "bye"})
    listed = ask(site, "GET", f"{REPO}/issues/{NUMBER}/comments")
    run = ask(site, "POST", f"{REPO}/check-runs", GIVEN_CHECK)
    runs = ask(site, "GET", f"{REPO}/commits/{'a' * 40}/check-runs")
    checks: list[tuple[Any, Any]] = [
        (models().IssueComment, made),
        (models().IssueComment, changed),
        (list[models().IssueComment], listed),
        (models().CheckRun, run),
        (list[models().CheckRun], runs["check_runs"]),
        (
            list[models().Label],
            ask(site, "POST", f"{REPO}/issues/{NUMBER}/labels", {"labels": ["diffscope:high"]}),
        ),
        (list[models().Label], ask(site, "DELETE", f"{REPO}/issues/{NUMBER}/labels/v1")),
    ]
    for kind, answer in checks:
        TypeAdapter(kind).validate_python(answer)


def test_lists_of_a_repository(site: Site) -> None:
    """Searches, single items, and the comments of all items."""
    when = "2026-03-29T05:08:03Z"
    said = ((("ann", when),), (("dependabot[bot]", when),))
    site.items = {
        number: HostedItem(
            number,
            "t",
            when,
            is_pull=is_pull,
            closed_at=when,
            labels=("bug",),
            comments=said[0],
            reviews=said[1],
        )
        for number, is_pull in ((21, True), (22, False))
    }
    for kind in ("issue", "pr"):
        query = f"q=repo:{NAME}+is:{kind}+created:{when}..{when}"
        found = ask(site, "GET", f"/search/issues?{query}")
        assert found["total_count"] == 1
        TypeAdapter(models().SearchIssuesGetResponse200).validate_python(found)
    TypeAdapter(models().Issue).validate_python(ask(site, "GET", f"{REPO}/issues/21"))
    page = f"?since={when}&per_page=100&page=1"
    checks: list[tuple[Any, str]] = [
        (list[models().IssueComment], f"{REPO}/issues/comments{page}"),
        (list[models().PullRequestReviewComment], f"{REPO}/pulls/comments{page}"),
        (list[models().DiffEntry], f"{REPO}/pulls/21/files"),
    ]
    for shape, path in checks:
        TypeAdapter(shape).validate_python(ask(site, "GET", path))
