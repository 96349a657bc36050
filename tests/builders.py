"""Builds what tests look at: changes from strings, git repositories from strings, the small vLLM-like tree.

Every stage adds its own builders here; a builder takes legible text and gives the values of a stage.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from diffscope.diff.model import Diff, FileSides, Sides
from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from diffscope.source.model import Change, PullRequest, SourceKind

Files = Mapping[str, str | bytes]


class BuiltChange(NamedTuple):
    """A change with its parsed diff and both sides of every file."""

    change: Change
    diff: Diff
    sides: Sides


def change(
    before: Files | None = None,
    after: Files | None = None,
    *,
    title: str = "[Misc] Change something",
    number: int | None = None,
    body: str | None = None,
    author: str | None = "Ada",
    labels: tuple[str, ...] | None = None,
    renames: Mapping[str, str] | None = None,
) -> BuiltChange:
    """Return the change between two sets of files.

    A text that starts with a line feed is dedented and loses it, so that it can stand indented in a test.
    ``renames`` maps old names to new ones.
    """
    old, new = as_bytes(before or {}), as_bytes(after or {})
    patch = make_patch(old, new, renames=renames)
    diff = parse_diff(patch) if patch else Diff(files=())
    pull = PullRequest(
        repository="vllm-project/vllm",
        source=SourceKind.PATCH,
        title=title,
        number=number,
        body=body,
        author=author,
        labels=labels,
    )
    sides = tuple(
        FileSides(path=file.path, before=old.get(file.old_path or file.path), after=new.get(file.path))
        for file in diff.files
    )
    return BuiltChange(Change(pull=pull, patch=patch), diff, Sides(files=sides))


def as_bytes(files: Files) -> dict[str, bytes]:
    """Return the files as bytes, texts dedented where they start with a line feed."""
    return {
        path: content if isinstance(content, bytes) else text(content).encode()
        for path, content in files.items()
    }


def text(source: str) -> str:
    """Return ``source`` dedented and without its first line feed, if it starts with one."""
    return textwrap.dedent(source).removeprefix("\n") if source.startswith("\n") else source


FIXTURES = Path(__file__).parent.parent / "fixtures"


class Commit(NamedTuple):
    """One commit of a built repository: ``None`` deletes a file; a symlink's content starts with ``-> ``."""

    subject: str
    files: Mapping[str, str | bytes | None]
    body: str = ""
    author: str = "Ada"
    at: str = "2026-03-23T00:00:00Z"


def git_repository(folder: Path, files: Files, commits: Sequence[Commit] = ()) -> Path:
    """Return a real git repository in ``folder``: ``files`` as the first commit, then ``commits``, on ``main``.

    Names, dates and configuration are fixed, so the same input gives the same commit ids on every machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    (folder / ".git" / "info").mkdir(exist_ok=True)
    made = (Commit("Start", files, at="2026-01-01T00:00:00Z"), *commits)
    if any(Path(name).name in _DECIDE_WHAT_IS_ADDED for commit in made for name in commit.files):
        for commit in made:
            write_files(folder, commit.files)
            record(folder, commit)
        return folder
    git(folder, "fast-import", "--quiet", given=b"".join(map(_as_import, made)))
    for commit in made:
        write_files(folder, commit.files)
    # With --quiet, git before 2.36 does not note the sizes and times of files.
    git(folder, "reset")
    return folder


_DECIDE_WHAT_IS_ADDED = {".gitattributes", ".gitignore"}
"""With one of these git itself has to add the files: it may leave one out, or convert it."""


def _as_import(commit: Commit) -> bytes:
    """Return a commit as ``git fast-import`` reads it: one process makes a whole history."""
    seconds = int(datetime.fromisoformat(commit.at).timestamp())
    zone = datetime.fromisoformat(commit.at).strftime("%z")
    author = f"{commit.author} <{commit.author.lower()}@example.org>"
    lines = [
        b"commit refs/heads/main\n",
        f"author {author} {seconds} {zone}\n".encode(),
        f"committer GitHub <noreply@example.org> {seconds} {zone}\n".encode(),
        _as_data(f"{_message(commit)}\n".encode()),
    ]
    for name, content in commit.files.items():
        path = '"' + "".join(f"\\{byte:03o}" for byte in os.fsencode(name)) + '"'
        if content is None:
            lines.append(f"D {path}\n".encode())
        elif isinstance(content, str) and content.startswith("-> "):
            lines += [
                f"M 120000 inline {path}\n".encode(),
                _as_data(os.fsencode(content.removeprefix("-> "))),
            ]
        else:
            data = content if isinstance(content, bytes) else text(content).encode()
            lines += [f"M 100644 inline {path}\n".encode(), _as_data(data)]
    return b"".join(lines)


def _as_data(data: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(data), data)


def _message(commit: Commit) -> str:
    return f"{commit.subject}\n\n{commit.body}" if commit.body else commit.subject


def build_minivllm(folder: Path) -> Path:
    """Return ``fixtures/minivllm`` as a real clone: one commit for the tree, then one squash commit a patch.

    The subjects end in ``(#101)`` to ``(#112)``; committer dates are author dates, in the week of 2026-03-23 (UTC+8).
    """
    shutil.copytree(FIXTURES / "minivllm" / "tree", folder, dirs_exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    record(folder, Commit("Start", {}, at="2026-03-01T00:00:00Z"))
    patches = sorted(str(patch) for patch in (FIXTURES / "minivllm" / "patches").glob("*.patch"))
    # --keep-non-patch: without it the [Area] at the start of a subject is lost.
    git(folder, "am", "--quiet", "--keep-non-patch", "--committer-date-is-author-date", *patches)
    return folder


def write_files(folder: Path, files: Mapping[str, str | bytes | None]) -> None:
    """Write files below ``folder``; ``None`` deletes one."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        elif isinstance(content, str) and content.startswith("-> "):
            path.unlink(missing_ok=True)
            path.symlink_to(content.removeprefix("-> "))
        else:
            path.write_bytes(content if isinstance(content, bytes) else text(content).encode())


def record(folder: Path, commit: Commit) -> str:
    """Commit everything in the worktree and return the commit id."""
    people = {"GIT_AUTHOR_NAME": commit.author, "GIT_AUTHOR_EMAIL": f"{commit.author.lower()}@example.org"}
    dates = {"GIT_AUTHOR_DATE": commit.at, "GIT_COMMITTER_DATE": commit.at}
    git(folder, "add", "--all")
    git(
        folder,
        "commit",
        "--quiet",
        "--allow-empty",
        "--cleanup=verbatim",
        "-m",
        _message(commit),
        extra=people | dates,
    )
    return git(folder, "rev-parse", "HEAD").strip()


def git(folder: Path, *arguments: str, extra: Mapping[str, str] | None = None, given: bytes = b"") -> str:
    """Run git with nobody's configuration and return what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    fixed = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "GitHub",
        "GIT_COMMITTER_EMAIL": "noreply@example.org",
        "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
        "TZ": "UTC",
    }
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        env=kept | fixed | dict(extra or {}),
        input=given,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout.decode("utf-8", "surrogateescape")
