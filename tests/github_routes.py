"""What the loopback GitHub does on each request that diffscope makes; shapes are in github_answers.py."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from diffscope.diff.parse import parse_diff
from tests.github_answers import (
    Json,
    check_run,
    comment,
    commit,
    comparison,
    label,
    pull,
    refusal,
    repository,
    user,
)
from tests.github_happenings import all_comments, all_reviews, get_item, item_rows, nodes, search
from tests.github_site import NAME, ROOT, Account, Asker, HostedPull, Reply, Site

DIFF_LINES = 20_000
DIFF_FILES = 300


def answer(site: Site, method: str, target: str, headers: Mapping[str, str], body: Json | None) -> Reply:
    """Return the answer to one request."""
    for override in site.overrides:
        if (reply := override(method, target, headers)) is not None:
            return reply
    parts = urlsplit(target)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    account = find_account(site, headers)
    if isinstance(account, Reply):
        return account
    for old, new in site.renamed.items():
        if parts.path.startswith(f"/repos/{old}/"):
            place = f"{site.url}{parts.path.replace(old, new, 1)}"
            return Reply(301 if method == "GET" else 307, refusal("Moved Permanently"), {"Location": place})
    asker = Asker(account, headers.get("accept", ""), query, body or {})
    for pattern, verb, handler in ROUTES:
        if verb == method and (match := re.fullmatch(pattern, parts.path)):
            return refused(asker, verb, pattern) or handler(site, asker, *match.groups())
    return Reply(404, refusal("Not Found"))


def find_account(site: Site, headers: Mapping[str, str]) -> Account | Reply | None:
    """Return whose token it is; ``None`` without one."""
    given = headers.get("authorization")
    if given is None:
        return None
    return site.accounts.get(given.removeprefix("token ").removeprefix("Bearer ")) or Reply(
        401, refusal("Bad credentials")
    )


def refused(asker: Asker, verb: str, pattern: str) -> Reply | None:
    """Refuse a change to who may not make it."""
    if verb == "GET" or pattern.endswith("graphql"):
        return None
    if asker.account is None:
        return Reply(401, refusal("Requires authentication"))
    return None if asker.account.can_write else Reply(403, refusal("Resource not accessible by integration"))


def get_pull(site: Site, asker: Asker, number: str) -> Reply:
    """Answer one pull request, as JSON or as its diff."""
    one = site.pulls.get(int(number))
    if one is None:
        return Reply(404, refusal("Not Found"))
    rows = changed_files(site, one)
    if "diff" in asker.accept:
        text = diff_of(site, one)
        if text.count("\n") > DIFF_LINES or len(rows) > DIFF_FILES:
            message = f"Sorry, the diff exceeded the maximum number of files ({DIFF_FILES})."
            errors = [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
            return Reply(406, refusal(message, errors=errors))
        return Reply(200, text, {"Content-Type": "application/vnd.github.v3.diff; charset=utf-8"})
    fields = dict(vars(one), repository=NAME, files=len(rows))
    fields |= {key: sum(row[key] for row in rows) for key in ("additions", "deletions")}
    return Reply(200, pull(fields, root=ROOT))


def list_pulls(site: Site, asker: Asker) -> Reply:
    """Answer a page of open or closed pull requests, newest first; a list tells nothing of their files."""
    wanted = asker.query.get("state", "open")
    listed = [one for _, one in sorted(site.pulls.items(), reverse=True) if one.state == wanted]
    fields = (dict(vars(one), repository=NAME, files=0, additions=0, deletions=0) for one in listed)
    return paged(site, asker, f"/repos/{NAME}/pulls", [pull(each, root=ROOT) for each in fields])


def get_files(site: Site, asker: Asker, number: str) -> Reply:
    """Answer a page of changed files."""
    if int(number) in site.items:
        return paged(site, asker, f"/repos/{NAME}/pulls/{number}/files", item_rows(site.items[int(number)]))
    return paged(
        site,
        asker,
        f"/repos/{NAME}/pulls/{number}/files",
        changed_files(site, site.pulls[int(number)])[:3000],
    )


def get_comparison(site: Site, asker: Asker, base: str, head: str) -> Reply:
    """Answer base and head compared; files stand on the first page only, 300 of them."""
    try:
        merge_base = site.git("merge-base", base, head).decode().strip()
    except subprocess.CalledProcessError:
        return Reply(404, refusal("Not Found"))
    one = HostedPull(0, base, head)
    rows = changed_files(site, one)[:DIFF_FILES] if asker.query.get("page", "1") == "1" else []
    return Reply(
        200,
        comparison(*(a_commit(site, sha) for sha in (base, merge_base)), rows, url=f"{ROOT}/compare"),
    )


def a_commit(site: Site, sha: str) -> Json:
    """Return a commit of the repository."""
    return commit(sha, site.git("rev-parse", f"{sha}^{{tree}}").decode().strip(), name=NAME, root=ROOT)


def get_tree(site: Site, asker: Asker, tree: str) -> Reply:
    """Answer a tree, recursive."""
    nodes = []
    for row in site.git("ls-tree", "-r", "-t", "-l", "-z", tree).split(b"\0"):
        if row:
            meta, _, name = row.partition(b"\t")
            mode, kind, sha, size = meta.decode().split()
            sized = (
                {"size": int(size)} if size.isdigit() else {}
            )  # not of trees, nor of blobs that a clone lacks
            nodes.append(
                {
                    "path": name.decode(),
                    "mode": mode,
                    "type": kind,
                    "sha": sha,
                    "url": f"{ROOT}/{sha}",
                    **sized,
                }
            )
    if site.is_tree_cut:
        nodes = nodes[: len(nodes) // 2]
    return Reply(200, {"sha": tree, "url": f"{ROOT}/{tree}", "tree": nodes, "truncated": site.is_tree_cut})


def get_blob(site: Site, asker: Asker, sha: str) -> Reply:
    """Answer a blob in base64, folded as GitHub folds it."""
    try:
        data = site.git("cat-file", "blob", sha)
    except subprocess.CalledProcessError:
        return Reply(404, refusal("Not Found"))
    content = base64.encodebytes(data).decode()
    fields = {
        "sha": sha,
        "node_id": f"B_{sha}",
        "size": len(data),
        "url": f"{ROOT}/{sha}",
        "encoding": "base64",
    }
    return Reply(200, {**fields, "content": content})


def graphql(site: Site, asker: Asker) -> Reply:
    """Answer who asks, or blobs by id; a binary blob has no text."""
    if asker.account is None:
        return Reply(403, refusal("API rate limit exceeded"))
    if not site.graphql:
        return Reply(502, "<html>502 Bad Gateway</html>")
    text = asker.body["query"]
    if "viewer" in text:
        return Reply(200, {"data": {"viewer": {"login": asker.account.login}}})
    if "reviewDecision" in text:
        asked = re.findall(r"(\w+): pullRequest\(number: (\d+)\)", text)
        found = {
            name: {"number": int(number), "reviewDecision": "CHANGES_REQUESTED"} for name, number in asked
        }
        return Reply(200, {"data": {"repository": found}})
    if "issueOrPullRequest" in text:
        return Reply(200, {"data": {"repository": nodes(site, text)}})
    found = {name: blob_text(site, oid) for name, oid in re.findall(r'(\w+): object\(oid: "(\w+)"\)', text)}
    return Reply(200, {"data": {"repository": found}})


def blob_text(site: Site, oid: str) -> Json | None:
    """Return one blob as GraphQL gives it."""
    try:
        data = site.git("cat-file", "blob", oid)
    except subprocess.CalledProcessError:
        return None
    is_binary = b"\0" in data[:8000]
    return {
        "oid": oid,
        "text": None if is_binary else data.decode(errors="replace")[:512_000],
        "isTruncated": len(data) > 512_000,
    }


def get_user(site: Site, asker: Asker) -> Reply:
    """Answer who asks."""
    if asker.account is None:
        return Reply(401, refusal("Requires authentication"))
    if asker.account.is_installation:
        return Reply(403, refusal("Resource not accessible by integration"))
    return Reply(200, user(asker.account.login, ROOT))


def list_comments(site: Site, asker: Asker, number: str) -> Reply:
    """Answer a page of comments, oldest first."""
    mine = f"{ROOT}/repos/{NAME}/issues/{number}"
    with site.lock:
        rows = [one for _, one in sorted(site.comments.items()) if one["issue_url"] == mine]
    return paged(site, asker, f"/repos/{NAME}/issues/{number}/comments", rows)


def post_comment(site: Site, asker: Asker, number: str) -> Reply:
    """Keep a comment; GitHub refuses one that is too long."""
    if refused := too_long(asker.body["body"]):
        return refused
    with site.lock:
        key = max(site.comments, default=100) + 1
        issue = f"{ROOT}/repos/{NAME}/issues/{number}"
        site.comments[key] = comment(key, asker.account.login, asker.body["body"], issue=issue, root=ROOT)
        return Reply(201, site.comments[key])


def patch_comment(site: Site, asker: Asker, key: str) -> Reply:
    """Change a comment: one's own, or anybody's, as a maintainer's token may."""
    if refused := too_long(asker.body["body"]):
        return refused
    with site.lock:
        if int(key) not in site.comments:
            return Reply(404, refusal("Not Found"))
        site.comments[int(key)]["body"] = asker.body["body"]
        return Reply(200, site.comments[int(key)])


def delete_comment(site: Site, asker: Asker, key: str) -> Reply:
    """Drop a comment."""
    with site.lock:
        found = site.comments.pop(int(key), None)
    return Reply(204, "") if found else Reply(404, refusal("Not Found"))


def too_long(text: str) -> Reply | None:
    """Refuse a text that GitHub refuses."""
    if len(text) <= 65536:
        return None
    return Reply(
        422,
        refusal(
            "Validation Failed", errors=[{"resource": "IssueComment", "code": "custom", "field": "body"}]
        ),
    )


def post_labels(site: Site, asker: Asker, number: str) -> Reply:
    """Add labels; unknown ones come into being."""
    one = site.pulls[int(number)]
    with site.lock:
        site.labels |= set(asker.body["labels"])
        one.labels = sorted({*one.labels, *asker.body["labels"]})
    return Reply(200, [label(name, ROOT) for name in one.labels])


def get_labels(site: Site, asker: Asker, number: str) -> Reply:
    """Answer a page of labels."""
    rows = [label(name, ROOT) for name in site.pulls[int(number)].labels]
    return paged(site, asker, f"/repos/{NAME}/issues/{number}/labels", rows)


def delete_label(site: Site, asker: Asker, number: str, name: str) -> Reply:
    """Take a label off."""
    one, wanted = site.pulls[int(number)], unquote(name)
    if wanted not in one.labels:
        return Reply(404, refusal("Label does not exist"))
    one.labels = [kept for kept in one.labels if kept != wanted]
    return Reply(200, [label(kept, ROOT) for kept in one.labels])


def list_checks(site: Site, asker: Asker, sha: str) -> Reply:
    """Answer the check runs of a commit by name."""
    name = asker.query.get("check_name")
    rows = [run["answer"] for run in site.check_runs.values() if run["answer"]["head_sha"] == sha]
    rows = [row for row in rows if name in {None, row["name"]}]
    return Reply(200, {"total_count": len(rows), "check_runs": rows})


def post_check(site: Site, asker: Asker) -> Reply:
    """Open a check run; more than 50 annotations at once are refused."""
    given = asker.body
    if len(given.get("output", {}).get("annotations", [])) > 50:
        return Reply(422, refusal("No more than 50 annotations"))
    with site.lock:
        key = max(site.check_runs, default=0) + 1
        site.check_runs[key] = {
            "given": given,
            "annotations": list(given.get("output", {}).get("annotations", [])),
        }
        return Reply(201, check_answer(site, key))


def patch_check(site: Site, asker: Asker, key: str) -> Reply:
    """Change a check run: annotations are added to those that are there."""
    run = site.check_runs[int(key)]
    more = asker.body.get("output", {}).get("annotations", [])
    if len(more) > 50:
        return Reply(422, refusal("No more than 50 annotations"))
    run["annotations"] += more
    run["given"] = {**run["given"], **asker.body}
    return Reply(200, check_answer(site, int(key)))


def check_answer(site: Site, key: int) -> Json:
    """Return a check run as GitHub shows it."""
    run = site.check_runs[key]
    run["answer"] = check_run(
        key, run["given"], annotations=len(run["annotations"]), url=f"{ROOT}/check-runs"
    )
    return run["answer"]


def get_repository(site: Site, asker: Asker) -> Reply:
    """Answer the repository."""
    return Reply(200, repository(NAME, ROOT))


ROUTES: list[tuple[str, str, Callable[..., Reply]]] = [
    (rf"/repos/{NAME}", "GET", get_repository),
    (rf"/repos/{NAME}/pulls", "GET", list_pulls),
    (rf"/repos/{NAME}/pulls/(\d+)", "GET", get_pull),
    (rf"/repos/{NAME}/pulls/(\d+)/files", "GET", get_files),
    (rf"/repos/{NAME}/compare/(\w+)\.\.\.(\w+)", "GET", get_comparison),
    (rf"/repos/{NAME}/git/trees/(\w+)", "GET", get_tree),
    (rf"/repos/{NAME}/git/blobs/(\w+)", "GET", get_blob),
    (r"/graphql", "POST", graphql),
    (r"/user", "GET", get_user),
    (r"/search/issues", "GET", search),
    (rf"/repos/{NAME}/issues/(\d+)", "GET", get_item),
    (rf"/repos/{NAME}/issues/comments", "GET", all_comments),
    (rf"/repos/{NAME}/pulls/comments", "GET", all_reviews),
    (rf"/repos/{NAME}/issues/(\d+)/comments", "GET", list_comments),
    (rf"/repos/{NAME}/issues/(\d+)/comments", "POST", post_comment),
    (rf"/repos/{NAME}/issues/comments/(\d+)", "PATCH", patch_comment),
    (rf"/repos/{NAME}/issues/comments/(\d+)", "DELETE", delete_comment),
    (rf"/repos/{NAME}/issues/(\d+)/labels", "GET", get_labels),
    (rf"/repos/{NAME}/issues/(\d+)/labels", "POST", post_labels),
    (rf"/repos/{NAME}/issues/(\d+)/labels/([^/]+)", "DELETE", delete_label),
    (rf"/repos/{NAME}/commits/(\w+)/check-runs", "GET", list_checks),
    (rf"/repos/{NAME}/check-runs", "POST", post_check),
    (rf"/repos/{NAME}/check-runs/(\d+)", "PATCH", patch_check),
]


def diff_of(site: Site, one: HostedPull) -> str:
    """Return the diff as GitHub makes it: from the merge base, renames found, ids abbreviated."""
    return site.git("diff", "-M", f"{one.base}...{one.head}").decode("utf-8", "replace")


def changed_files(site: Site, one: HostedPull) -> list[Json]:
    """Return the rows of the files API; worked out once for two commits."""
    key = (one.base, one.head, *sorted(site.omitted_patches))
    if key not in site.rows:
        site.rows[key] = list_files(site, one)
    return site.rows[key]


def list_files(site: Site, one: HostedPull) -> list[Json]:
    """Return the rows of the files API."""
    if not site.has(one.head):
        return []  # a head that nobody has fetched
    cells = site.git(
        "diff", "-M", "--raw", "--numstat", "-z", "--no-abbrev", f"{one.base}...{one.head}"
    ).split(b"\0")
    rows: list[Json] = []
    at = 0
    while cells[at].startswith(b":"):
        meta = cells[at].decode().split()
        is_move = meta[4][0] in "RC"
        old, new = cells[at + 1].decode(), cells[at + 2 if is_move else at + 1].decode()
        rows.append(a_row(site, meta, old, new))
        at += 3 if is_move else 2
    patches = patches_of(site, one)
    for row in rows:
        counts = cells[at].decode().split("\t")
        at += 1 if counts[2] else 3
        added, removed = (0 if count == "-" else int(count) for count in counts[:2])
        row |= {"additions": added, "deletions": removed, "changes": added + removed}
        if (text := patches.get(row["filename"])) and row["filename"] not in site.omitted_patches:
            row["patch"] = text
    return rows


def a_row(site: Site, meta: list[str], old: str, new: str) -> Json:
    """Return a row without its counts."""
    status = {"A": "added", "D": "removed", "R": "renamed", "C": "copied", "T": "changed"}.get(
        meta[4][0], "modified"
    )
    moved = {"previous_filename": old} if status in {"renamed", "copied"} else {}
    sha = meta[2] if status == "removed" else meta[3]
    links = dict.fromkeys(("blob_url", "raw_url", "contents_url"), f"{ROOT}/{sha}")
    return {"sha": sha, "filename": new, "status": status, **links, **moved}


def patches_of(site: Site, one: HostedPull) -> dict[str, str]:
    """Return the hunks of each file by its new name, without a final line feed."""
    text = diff_of(site, one)
    if not text:
        return {}
    sections = re.split(r"(?m)^(?=diff --git )", text)[1:]
    named = ((parse_diff(section).files[0].path, section) for section in sections)
    return {
        path: section[section.index("\n@@ ") + 1 :].removesuffix("\n")
        for path, section in named
        if "\n@@ " in section
    }


def paged(site: Site, asker: Asker, path: str, rows: list[Json]) -> Reply:
    """Answer one page of rows, with the link to the next."""
    size, page = min(100, int(asker.query.get("per_page", 30))), int(asker.query.get("page", 1))
    more = (
        {"Link": f'<{site.url}{path}?per_page={size}&page={page + 1}>; rel="next"'}
        if len(rows) > size * page
        else {}
    )
    return Reply(200, rows[size * (page - 1) : size * page], more)
