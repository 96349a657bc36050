"""What the loopback GitHub answers, every required field of GitHub's OpenAPI description present.

``tests/adapters/test_github_shapes.py`` checks each answer against that description, through models generated from it by
others (githubkit). Times and ids are fixed: same requests, same bytes.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

WHEN = "2026-03-29T05:08:03Z"
_USER_LINKS = "followers following gists starred subscriptions organizations repos events received_events"
_REPOSITORY_LINKS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events "
    "forks git_commits git_refs git_tags git hooks issue_comment issue_events issues keys labels languages merges milestones "
    "notifications pulls releases ssh stargazers statuses subscribers subscription svn tags teams trees clone"
)


def user(login: str, root: str) -> Json:
    """Return a simple user; a login that ends in ``[bot]`` is an app's."""
    links = {f"{name}_url": f"{root}/users/{login}/{name}" for name in _USER_LINKS.split()}
    return {
        "login": login,
        "id": number_of(login),
        "node_id": f"U_{number_of(login)}",
        "avatar_url": f"{root}/avatars/{login}",
        "gravatar_id": "",
        "url": f"{root}/users/{login}",
        "html_url": f"{root}/{login}",
        "type": "Bot" if login.endswith("[bot]") else "User",
        "user_view_type": "public",
        "site_admin": False,
        **links,
    }


def repository(full_name: str, root: str) -> Json:
    """Return a repository."""
    owner, _, name = full_name.partition("/")
    url = f"{root}/repos/{full_name}"
    counts = (
        "forks",
        "forks_count",
        "stargazers_count",
        "watchers",
        "watchers_count",
        "size",
        "open_issues",
        "open_issues_count",
    )
    flags = ("fork", "has_pages", "disabled", "archived", "private")
    return {
        "id": number_of(full_name),
        "node_id": f"R_{number_of(full_name)}",
        "name": name,
        "full_name": full_name,
        "owner": user(owner, root),
        "html_url": f"{root}/{full_name}",
        "url": url,
        "default_branch": "main",
        "visibility": "public",
        "topics": [],
        **dict.fromkeys(("license", "description", "mirror_url", "homepage", "language")),
        **dict.fromkeys(("pushed_at", "created_at", "updated_at"), WHEN),
        **dict.fromkeys(counts, 0),
        **dict.fromkeys(flags, False),
        **{f"{name}_url": f"{url}/{name}" for name in _REPOSITORY_LINKS.split()},
    }


def label(name: str, root: str) -> Json:
    """Return a label."""
    return {
        "id": number_of(name),
        "node_id": f"LA_{number_of(name)}",
        "url": f"{root}/labels/{number_of(name)}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
        "archived_at": None,
        "archived_by": None,
    }


def pull(fields: Json, *, root: str) -> Json:
    """Return a pull request. ``fields`` are those of ``HostedPull``, with ``files``, ``additions`` and ``deletions``."""
    name, number = fields["repository"], fields["number"]
    url = f"{root}/repos/{name}/pulls/{number}"
    links = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    urls = ("diff", "patch", "issue", "commits", "review_comments", "review_comment", "comments", "statuses")
    head_name = fields["head_repository"]
    return {
        "url": url,
        "id": number,
        "node_id": f"PR_{number}",
        "html_url": f"{root}/{name}/pull/{number}",
        "number": number,
        "state": fields["state"],
        "locked": False,
        "title": fields["title"],
        "user": user(fields["author"], root),
        "body": fields["body"],
        "labels": [label(one, root) for one in fields["labels"]],
        "created_at": WHEN,
        "updated_at": WHEN,
        "closed_at": fields["merged_at"] or fields["closed_at"],
        "merged_at": fields["merged_at"],
        "merged": fields["merged_at"] is not None,
        "mergeable": None,
        "mergeable_state": "unknown",
        "draft": False,
        "maintainer_can_modify": False,
        "author_association": "CONTRIBUTOR",
        "base": _side("vllm-project", "main", fields["base"], repository(name, root), root),
        "head": _side(
            "ada", "topic", fields["head"], repository(head_name, root) if head_name else None, root
        ),
        "comments": 0,
        "review_comments": 0,
        "commits": 1,
        "additions": fields["additions"],
        "deletions": fields["deletions"],
        "changed_files": fields["files"],
        **dict.fromkeys(("milestone", "merge_commit_sha", "assignee", "auto_merge", "merged_by")),
        **{f"{one}_url": f"{url}/{one}" for one in urls},
        "_links": {one: {"href": f"{url}/{one}"} for one in links},
    }


def _side(owner: str, ref: str, sha: str, repo: Json | None, root: str) -> Json:
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": user(owner, root), "repo": repo}


def item(fields: Json, *, root: str) -> Json:
    """Return an issue, or a pull request as an issue. ``fields`` are those of ``HostedItem`` and ``repository``."""
    name, number = fields["repository"], fields["number"]
    url = f"{root}/repos/{name}/issues/{number}"
    is_pull, closed = fields["is_pull"], fields["closed_at"]
    page = f"{root}/{name}/{'pull' if is_pull else 'issues'}/{number}"
    pull_links = dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), page)
    told = {"pull_request": {**pull_links, "merged_at": fields["merged_at"]}} if is_pull else {}
    links = ("repository", "labels", "comments", "events")
    return {
        "url": url,
        "id": number,
        "node_id": f"I_{number}",
        "html_url": page,
        "number": number,
        "state": "closed" if closed else "open",
        "state_reason": None,
        "title": fields["title"],
        "body": fields["body"],
        "user": user(fields["author"], root) if fields["author"] else None,
        "labels": [label(one, root) for one in fields["labels"]],
        "locked": False,
        "draft": False,
        "comments": len(fields["comments"]),
        "created_at": fields["created_at"],
        "updated_at": closed or fields["created_at"],
        "closed_at": closed,
        "author_association": "CONTRIBUTOR",
        "score": 1.0,
        **dict.fromkeys(("milestone", "assignee", "active_lock_reason", "closed_by")),
        "assignees": [],
        **{f"{one}_url": f"{url}/{one}" for one in links},
        **told,
    }


def said(number: int, login: str, when: str, *, issue: str, root: str) -> Json:
    """Return a comment as the list of a whole repository has it."""
    return {**comment(number, login, "words", issue=issue, root=root), "created_at": when, "updated_at": when}


def said_of_a_line(number: int, login: str, when: str, *, pull: str, root: str) -> Json:
    """Return a comment on a line of a pull request."""
    link = {"href": pull}
    return {
        "id": number,
        "node_id": f"RC_{number}",
        "url": f"{pull}/comments/{number}",
        "html_url": f"{pull}#discussion_r{number}",
        "pull_request_url": pull,
        "pull_request_review_id": 1,
        "diff_hunk": "@@ -1 +1 @@",
        "path": "vllm/a.py",
        "commit_id": "a" * 40,
        "original_commit_id": "a" * 40,
        "user": user(login, root),
        "body": "words",
        "created_at": when,
        "updated_at": when,
        "author_association": "NONE",
        "_links": {"self": link, "html": link, "pull_request": link},
    }


def commit(sha: str, tree: str, *, name: str, root: str) -> Json:
    """Return a commit."""
    url = f"{root}/repos/{name}/commits/{sha}"
    person = {"name": "Ada", "email": "ada@example.org", "date": WHEN}
    return {
        "url": url,
        "sha": sha,
        "node_id": f"C_{sha[:8]}",
        "html_url": url,
        "comments_url": f"{url}/comments",
        "commit": {
            "url": url,
            "author": person,
            "committer": person,
            "message": "A commit",
            "comment_count": 0,
            "tree": {"sha": tree, "url": f"{root}/repos/{name}/git/trees/{tree}"},
        },
        "author": None,
        "committer": None,
        "parents": [],
    }


def comparison(base: Json, merge_base: Json, files: list[Json], *, url: str) -> Json:
    """Return a comparison of two commits."""
    return {
        **dict.fromkeys(("url", "html_url", "permalink_url", "diff_url", "patch_url"), url),
        "base_commit": base,
        "merge_base_commit": merge_base,
        "status": "ahead",
        "ahead_by": 1,
        "behind_by": 0,
        "total_commits": 1,
        "commits": [],
        "files": files,
    }


def comment(number: int, login: str, body: str, *, issue: str, root: str) -> Json:
    """Return a comment on an issue."""
    return {
        "id": number,
        "node_id": f"IC_{number}",
        "url": f"{issue}/comments/{number}",
        "html_url": f"{issue}#issuecomment-{number}",
        "issue_url": issue,
        "user": user(login, root),
        "body": body,
        "created_at": WHEN,
        "updated_at": WHEN,
        "author_association": "NONE",
    }


def check_run(number: int, given: Json, *, annotations: int, url: str) -> Json:
    """Return a check run as it is after ``given`` was sent."""
    output = given.get("output", {})
    return {
        "id": number,
        "head_sha": given["head_sha"],
        "node_id": f"CR_{number}",
        "external_id": given.get("external_id"),
        "url": f"{url}/{number}",
        "html_url": f"{url}/{number}",
        "details_url": given.get("details_url"),
        "status": given.get("status", "queued"),
        "conclusion": given.get("conclusion"),
        "started_at": WHEN,
        "completed_at": WHEN if given.get("status") == "completed" else None,
        "output": {
            "title": output.get("title"),
            "summary": output.get("summary"),
            "text": output.get("text"),
            "annotations_count": annotations,
            "annotations_url": f"{url}/{number}/annotations",
        },
        "name": given["name"],
        "check_suite": {"id": 1},
        "app": None,
        "pull_requests": [],
    }


def refusal(message: str, **more: object) -> Json:
    """Return what GitHub says when it refuses."""
    return {"message": message, "documentation_url": "https://docs.github.com/rest", **more}


def number_of(name: str) -> int:
    """Return an id that is always the same for a name."""
    return sum(ord(letter) * (at + 7) for at, letter in enumerate(name)) + 1000
