"""What GitHub answers, as far as diffscope reads it. Field names are GitHub's; everything else is ignored."""

from __future__ import annotations

import msgspec

from diffscope.source.values import Value


class User(Value, frozen=True, kw_only=True):
    """An account; a deleted one is ``None`` where it stood."""

    login: str
    type: str = "User"


class Repository(Value, frozen=True, kw_only=True):
    """A repository by its present name."""

    full_name: str


class Side(Value, frozen=True, kw_only=True):
    """Base or head of a pull request. The repository of a deleted fork is ``None``."""

    sha: str
    ref: str = ""
    repo: Repository | None = None


class Label(Value, frozen=True, kw_only=True):
    """A label on a pull request."""

    name: str


class Pull(Value, frozen=True, kw_only=True):
    """A pull request."""

    number: int
    title: str
    state: str
    html_url: str
    base: Side
    head: Side
    body: str | None = None
    user: User | None = None
    labels: tuple[Label, ...] = ()
    merged_at: str | None = None
    changed_files: int = 0


class FileEntry(Value, frozen=True, kw_only=True):
    """One changed file. ``patch`` is absent for binary files and for those that GitHub finds too large."""

    filename: str
    status: str
    additions: int
    deletions: int
    changes: int
    sha: str | None = None
    previous_filename: str | None = None
    patch: str | None = None


class TreePointer(Value, frozen=True, kw_only=True):
    """The tree of a commit."""

    sha: str


class CommitBody(Value, frozen=True, kw_only=True):
    """The git part of a commit."""

    tree: TreePointer


class Commit(Value, frozen=True, kw_only=True):
    """A commit."""

    sha: str
    commit: CommitBody


class Comparison(Value, frozen=True, kw_only=True):
    """Two commits compared: their merge base, and at most 300 files."""

    merge_base_commit: Commit
    files: tuple[FileEntry, ...] = ()


class TreeNode(Value, frozen=True, kw_only=True):
    """One entry of a tree. ``size`` is known for blobs."""

    path: str
    mode: str
    type: str
    sha: str
    size: int | None = None


class Tree(Value, frozen=True, kw_only=True):
    """A tree, whole unless ``truncated``."""

    sha: str
    tree: tuple[TreeNode, ...]
    truncated: bool = False


class Blob(Value, frozen=True, kw_only=True):
    """One blob."""

    sha: str
    content: str
    encoding: str


class BlobText(Value, frozen=True, kw_only=True):
    """One blob as the GraphQL interface gives it: no text for a binary one."""

    oid: str
    text: str | None = None
    isTruncated: bool = False  # noqa: N815 - GitHub's name


class Comment(Value, frozen=True, kw_only=True):
    """A comment on an issue or a pull request."""

    id: int
    body: str | None = None
    user: User | None = None
    html_url: str = ""


class CheckRun(Value, frozen=True, kw_only=True):
    """A check run."""

    id: int
    name: str
    head_sha: str
    status: str = ""
    external_id: str | None = None


class CheckRuns(Value, frozen=True, kw_only=True):
    """Check runs of a commit."""

    check_runs: tuple[CheckRun, ...] = ()


class QueryProblem(Value, frozen=True, kw_only=True):
    """One error of a GraphQL query."""

    message: str = ""
    type: str | None = None


class QueryAnswer(Value, frozen=True, kw_only=True):
    """What a GraphQL query gives, its data still encoded."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: tuple[QueryProblem, ...] = ()
