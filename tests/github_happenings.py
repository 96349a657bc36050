"""The loopback GitHub's lists of a whole repository: searches, comments, single items, and items by GraphQL."""

from __future__ import annotations

import re

from tests.github_answers import Json, item, refusal, said, said_of_a_line
from tests.github_site import NAME, ROOT, Asker, HostedItem, Reply, Site

SEARCHED = re.compile(rf"repo:{NAME} is:(issue|pr) (created|closed):(\S+)\.\.(\S+)")
SHOWN = 1000
"""Results that a search shows of any number."""


def search(site: Site, asker: Asker) -> Reply:
    """Answer a page of a search for what was created or closed in a span, both ends included."""
    match = SEARCHED.fullmatch(asker.query.get("q", ""))
    if match is None:
        return Reply(422, refusal("Validation Failed"))
    kind, word, since, until = match.groups()
    found = [
        one
        for _, one in sorted(site.items.items(), reverse=True)
        if one.is_pull is (kind == "pr")
        and since <= ((one.created_at if word == "created" else one.closed_at) or "") <= until
    ]
    size, page = min(100, int(asker.query.get("per_page", 30))), int(asker.query.get("page", 1))
    if size * (page - 1) >= SHOWN:
        return Reply(422, refusal("Only the first 1000 search results are available"))
    rows = [shown(one) for one in found[size * (page - 1) : size * page]]
    told = {"total_count": len(found), "incomplete_results": site.is_search_cut, "search_type": "lexical"}
    return Reply(200, told | {"items": rows})


def shown(one: HostedItem) -> Json:
    """Return an item as GitHub shows it."""
    return item(vars(one) | {"repository": NAME}, root=ROOT)


def get_item(site: Site, asker: Asker, number: str) -> Reply:
    """Answer one issue, or a pull request as an issue."""
    one = site.items.get(int(number))
    return Reply(200, shown(one)) if one else Reply(404, refusal("Not Found"))


def all_comments(site: Site, asker: Asker) -> Reply:
    """Answer a page of the comments on all issues and pull requests, oldest first."""
    rows = [
        said(at, author, when, issue=f"{ROOT}/repos/{NAME}/issues/{one.number}", root=ROOT)
        for one in site.items.values()
        for at, (author, when) in enumerate(one.comments, start=one.number * 100)
    ]
    return said_since(asker, rows)


def all_reviews(site: Site, asker: Asker) -> Reply:
    """Answer a page of the comments on lines of all pull requests, oldest first."""
    rows = [
        said_of_a_line(at, author, when, pull=f"{ROOT}/repos/{NAME}/pulls/{one.number}", root=ROOT)
        for one in site.items.values()
        for at, (author, when) in enumerate(one.reviews, start=one.number * 100)
    ]
    return said_since(asker, rows)


def said_since(asker: Asker, rows: list[Json]) -> Reply:
    """Answer a page of comments that changed since a time."""
    kept = [row for row in rows if row["updated_at"] >= asker.query["since"]]
    kept.sort(key=lambda row: row["created_at"], reverse=asker.query.get("direction") == "desc")
    size, page = int(asker.query["per_page"]), int(asker.query["page"])
    return Reply(200, kept[size * (page - 1) : size * page])


def item_rows(one: HostedItem) -> list[Json]:
    """Return the changed files of an item."""
    counts = {"additions": 1, "deletions": 0, "changes": 1}
    links = dict.fromkeys(("blob_url", "raw_url", "contents_url"), ROOT)
    return [
        {"sha": "b" * 40, "filename": path, "status": "modified", **counts, **links} for path in one.files
    ]


def nodes(site: Site, text: str) -> Json:
    """Return what a GraphQL query for items by number gives."""
    asked = re.findall(r"(\w+): issueOrPullRequest\(number: (\d+)\)", text)
    return {
        name: node(site.items[int(number)]) if int(number) in site.items else None for name, number in asked
    }


def node(one: HostedItem) -> Json:
    """Return an item as GraphQL gives it; the login of an app goes without its mark."""
    login = one.author and one.author.removesuffix("[bot]")
    author = login and {"login": login, "kind": "Bot" if login != one.author else "User"}
    files = {"totalCount": len(one.files), "nodes": [{"path": path} for path in one.files[:100]]}
    return {
        "number": one.number,
        "title": one.title,
        "body": one.body or "",
        "createdAt": one.created_at,
        "closedAt": one.closed_at,
        "author": author,
        "labels": {"nodes": [{"name": name} for name in one.labels]},
        "authorAssociation": "CONTRIBUTOR",
        **(
            {"mergedAt": one.merged_at, "files": files, "isDraft": False, "reviews": {"nodes": reviewed(one)}}
            if one.is_pull
            else {}
        ),
    }


def reviewed(one: HostedItem) -> list[Json]:
    """Return the reviews of a pull request as GraphQL gives them, and one that its author has not sent."""
    sent = [
        {"state": state, "submittedAt": when, "author": {"login": login, "kind": "User"}}
        for login, state, when in one.reviewed
    ]
    return [*sent, {"state": "PENDING", "submittedAt": None, "author": None}] if sent else []
