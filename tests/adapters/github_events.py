"""Event files as GitHub writes them for a workflow, reduced to what is read; made for one pull request, number 7."""

from __future__ import annotations

from typing import Any

from tests.github_site import NAME, ROOT

BASE, HEAD, ZERO = "b" * 40, "a" * 40, "0" * 40

Payload = dict[str, Any]


def repository(name: str = NAME) -> Payload:
    return {"full_name": name, "default_branch": "main"}


def pull_request(
    *,
    base: str = BASE,
    head: str = HEAD,
    title: str = "[Misc] Change something",
    body: str | None = "A body",
    labels: list[str] | None = None,
    head_repository: str = "ada/vllm",
) -> Payload:
    """Return the event of a push to a pull request."""
    return {
        "action": "synchronize",
        "number": 7,
        "repository": repository(),
        "pull_request": {
            "number": 7,
            "title": title,
            "body": body,
            "user": {"login": "ada"},
            "labels": [{"name": name} for name in labels or []],
            "html_url": f"{ROOT}/{NAME}/pull/7",
            "base": {"sha": base, "ref": "main", "repo": repository()},
            "head": {"sha": head, "ref": "topic", "repo": repository(head_repository)},
        },
    }


def merge_group(*, base: str = BASE, head: str = HEAD, message: str = "A title (#7)") -> Payload:
    """Return the event of a merge queue."""
    return {
        "action": "checks_requested",
        "repository": repository(),
        "merge_group": {
            "head_sha": head,
            "head_ref": f"refs/heads/gh-readonly-queue/main/pr-7-{base}",
            "base_sha": base,
            "base_ref": "refs/heads/main",
            "head_commit": {"message": message},
        },
    }


def push(*, before: str = BASE, after: str = HEAD, message: str = "A commit") -> Payload:
    """Return the event of a push to a branch."""
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "repository": repository(),
        "head_commit": {"message": message},
    }


def workflow_run(
    *, head: str = HEAD, event: str = "pull_request", head_repository: str = "ada/vllm"
) -> Payload:
    """Return the event of another workflow's end."""
    return {
        "action": "completed",
        "repository": repository(),
        "workflow_run": {
            "id": 1,
            "event": event,
            "head_sha": head,
            "head_branch": "topic",
            "conclusion": "success",
            "head_repository": repository(head_repository) if head_repository else None,
        },
    }
