"""Starts git: list arguments, no shell, no hooks, no pager, no external program, no network.

It is the only place that names the program, its environment and its options.

Objects are read through a git directory of our own (``git_directory/``, which ships with diffscope) that borrows the object database of
the clone. It has no settings, refs, index, hooks, grafts, replacements or attributes, and there is no worktree: so neither a change nor
the settings of the clone, the user or the machine decide how a tree, a commit or a difference is read. (``git --attr-source`` would do
this for attributes alone, and from git 2.41 on.)

The clone's own git directory is opened for what only it knows: its refs, its index and the names of untracked files. Its settings cannot
be switched off there, so those that could matter are overridden; those of the user and the machine are not read.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from diffscope.errors import RepositoryError, shell_line

_OWN: Final = Path(__file__).with_name("git_directory")
_SYSTEM: Final = (
    *("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "GIT_EXEC_PATH"),
    *("SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP", "TMPDIR"),
)
"""What a program needs to be found and to run. Everything else of the user's environment stays outside."""
_DISCOVERY: Final = ("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")
_FIXED: Final = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    # git before 2.32 knows no GIT_CONFIG_GLOBAL, and every git looks here for attributes and files to ignore.
    "HOME": str(_OWN),
    "XDG_CONFIG_HOME": str(_OWN),
    "LC_ALL": "C",
    "TERM": "dumb",
    "TZ": "UTC",
}
_OVERRIDDEN = (
    "core.alternateRefsCommand=",
    f"core.attributesFile={os.devnull}",
    # Processes that answer for hours would hold some 100 MB each, and the whole pack besides, and be no faster.
    "core.deltaBaseCacheLimit=24m",
    f"core.excludesFile={os.devnull}",
    "core.fsmonitor=false",  # may name a program
    f"core.hooksPath={os.devnull}",
    "core.ignoreCase=false",
    "core.packedGitLimit=48m",
    "core.packedGitWindowSize=4m",
    "core.quotePath=true",
    "core.untrackedCache=false",
    "core.useReplaceRefs=false",
    "gc.auto=0",
    "index.skipHash=false",
    "maintenance.auto=false",
    "protocol.allow=never",  # git before 2.45 knows no GIT_NO_LAZY_FETCH
    "submodule.recurse=false",
)
_OVERRIDES: Final = tuple(word for setting in _OVERRIDDEN for word in ("-c", setting))


class GitAccess(NamedTuple):
    """One way of reaching a repository: where git is started, with which options and in which environment."""

    folder: Path
    options: tuple[str, ...]
    variables: Mapping[str, str | None]
    """Beside those that every process gets; ``None`` takes one away."""

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the full argument list of a command."""
        return ["git", "-C", str(self.folder), "--no-pager", *self.options, *arguments]

    def environment(self) -> dict[str, str]:
        """Return the whole environment of the process."""
        kept = {name: os.environ[name] for name in _SYSTEM if name in os.environ}
        chosen = kept | _FIXED | dict(self.variables)
        return {name: value for name, value in chosen.items() if value is not None}


def discovery_access(folder: Path, *, trusts_user: bool = False) -> GitAccess:
    """Return the access that finds the repository that ``folder`` lies in.

    With ``trusts_user`` the user's and the machine's settings are read: nothing else says that a folder of another owner is safe.
    """
    variables: dict[str, str | None] = {name: os.environ.get(name) for name in _DISCOVERY}
    if trusts_user:
        configured = {name for name in {*os.environ, *_FIXED} if name.startswith("GIT_CONFIG")}
        variables |= {name: os.environ.get(name) for name in {"HOME", "XDG_CONFIG_HOME", *configured}}
    return GitAccess(folder, _OVERRIDES, variables)


def clone_access(git_dir: Path, worktree: Path | None) -> GitAccess:
    """Return the access to the refs and the index of a clone, and to its worktree if it has one.

    Both are named, so git neither searches for them nor asks again who owns them.
    """
    places = {"GIT_DIR": str(git_dir)} | ({} if worktree is None else {"GIT_WORK_TREE": str(worktree)})
    return GitAccess(worktree or git_dir, _OVERRIDES, places)


def object_access(
    common_dir: Path, object_format: str, *, index: Path | None = None, objects: Path | None = None
) -> GitAccess:
    """Return the access to the objects of a clone, by their ids, and to nothing else of it.

    ``object_format`` is ``sha1`` or ``sha256``. ``objects`` is a folder that new objects are written to (it names the clone's as its
    alternate), ``index`` a file for a temporary index. Where a shallow history ends is told by the clone.
    """
    own = _OWN / object_format
    variables = {
        "GIT_DIR": str(own),
        "GIT_OBJECT_DIRECTORY": str(objects or common_dir / "objects"),
        "GIT_SHALLOW_FILE": str(common_dir / "shallow"),
    }
    return GitAccess(own, (), variables if index is None else variables | {"GIT_INDEX_FILE": str(index)})


def fetch_access(git_dir: Path) -> GitAccess:
    """Return the access that fetches into a clone: by the user's own settings and credentials, without hooks, prompts and programs of the clone."""
    named = "HOME XDG_CONFIG_HOME SSH_AUTH_SOCK GIT_SSH_COMMAND HTTPS_PROXY https_proxy NO_PROXY no_proxy"
    variables: dict[str, str | None] = {name: os.environ.get(name) for name in named.split()}
    configured = {name for name in {*os.environ, *_FIXED} if name.startswith("GIT_CONFIG")}
    variables |= {name: os.environ.get(name) for name in configured}
    variables |= {
        "GIT_DIR": str(git_dir),
        "GIT_ALLOW_PROTOCOL": "file:git:https:ssh",
        "GIT_OPTIONAL_LOCKS": None,
    }
    kept = tuple(
        word for setting in _OVERRIDDEN if not setting.startswith("protocol.") for word in ("-c", setting)
    )
    return GitAccess(git_dir, kept, variables)


_SECONDS = 600


class Outcome(NamedTuple):
    """What a git command answered."""

    code: int
    out: bytes
    err: str

    @property
    def reason(self) -> str:
        """What git says went wrong, on one line: its last error, which may take several lines."""
        said = self.err.rpartition("fatal: ")[2] if "fatal: " in self.err else self.err.split("\n")[-1]
        return " ".join(said.split()) or f"git failed with code {self.code}"


def unreadable(folder: Path, outcome: Outcome) -> RepositoryError:
    """Return the error of a clone that git could not read."""
    cure = shell_line("git", "-C", folder, "fsck")
    if "unable to read" in outcome.err:
        whole = shell_line("git", "-C", folder, "fetch", "--refetch", "--no-filter", "origin")
        cure = f"{cure} (of a partial clone, fetch the rest: {whole})"
    return RepositoryError(f"git: {outcome.reason}", at=str(folder), hint=f"look for damage: {cure}")


def run(access: GitAccess, *arguments: str, given: bytes = b"") -> Outcome:
    """Run git. Raises ``RepositoryError`` only where git cannot be run at all."""
    try:
        done = subprocess.run(  # noqa: S603 - a list, and revisions are resolved ids by now
            access.command(arguments),
            input=given,
            capture_output=True,
            check=False,
            env=access.environment(),
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise RepositoryError("git is not installed", hint="install git, or use --source recorded") from None
    except subprocess.TimeoutExpired:
        raise RepositoryError(
            f"git {arguments[0]} did not end within {_SECONDS} s",
            at=str(access.folder),
            hint="look for damage: git fsck",
        ) from None
    return Outcome(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace").strip())


class PersistentProcess:
    """One git command that answers what comes on its stdin for as long as its owner lives: a start costs more than most answers.

    A fork opens its own. Hold ``lock`` from a question to the end of its answer.
    """

    def __init__(self, access: GitAccess, *arguments: str) -> None:
        self.lock = threading.Lock()
        self._access = access
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def streams(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return its stdin and stdout. Raises ``OSError`` or ``EOFError`` where git does not start."""
        if self._process is None or self._owner != os.getpid():
            self._owner = os.getpid()
            self._process = subprocess.Popen(  # noqa: S603 - a list without a word from outside
                self._access.command(self._arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._access.environment(),
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise EOFError
        return self._process.stdin, self._process.stdout

    def close(self) -> None:
        """End the process, if there is one; the next question starts another."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        process.wait()


class Stream:
    """The lines of what a git command prints, each with its line feed, as they come; ``code`` is known when they are all read."""

    def __init__(self, access: GitAccess, arguments: tuple[str, ...]) -> None:
        self.code: int | None = None
        self._access = access
        self._arguments = arguments

    def __iter__(self) -> Iterator[bytes]:
        try:
            process = subprocess.Popen(  # noqa: S603 - a list, and revisions are resolved ids by now
                self._access.command(self._arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._access.environment(),
            )
        except FileNotFoundError:
            raise RepositoryError(
                "git is not installed", hint="install git, or use --source recorded"
            ) from None
        with process:
            try:
                yield from process.stdout or ()
            finally:
                if process.poll() is None:
                    process.stdout and process.stdout.close()
                    process.wait()
        self.code = process.returncode


def stream(access: GitAccess, *arguments: str) -> Stream:
    """Run git and hand on its lines one by one: for what is too long to hold. Raises ``RepositoryError`` where git cannot be run at all."""
    return Stream(access, arguments)
