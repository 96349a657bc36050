"""Small repositories served as GitHub, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path

from tests.builders import Commit, Files, git, git_repository, record, write_files
from tests.github_server import Account, HostedPull, Site

TOKEN = "t0ken"
NUMBER = 7


def hosted(
    folder: Path,
    before: Files,
    after: dict[str, str | bytes | None],
    *,
    number: int = NUMBER,
    **fields: object,
) -> Site:
    """Return a site with one pull request; main has moved on since it branched off."""
    git_repository(folder, before)
    git(folder, "branch", "topic")
    write_files(folder, {"elsewhere.txt": "moved on\n"})
    tip = record(folder, Commit("Something else", {}))
    git(folder, "checkout", "--quiet", "topic")
    write_files(folder, after)
    head = record(folder, Commit("The change", {}))
    git(folder, "checkout", "--quiet", "main")
    pull = HostedPull(number, base=tip, head=head, **fields)
    return Site(folder=folder, pulls={number: pull}, accounts={TOKEN: Account("ada")})


BEFORE: Files = {
    "vllm/edited.py": "one = 1\ntwo = 2\nthree = 3\n",
    "vllm/deleted.py": "gone = True\nno_newline = 1",
    "vllm/old_name.py": "".join(f"line_{n} = {n}\n" for n in range(20)),
    "vllm/moved_only.py": "".join(f"same_{n} = {n}\n" for n in range(20)),
    "vllm/crlf.py": "a = 1\r\nb = 2\r\n",
    "vllm/latin.py": b"name = '\xe9'\nvalue = 1\n",
    "docs/image.png": b"\x89PNG\0\1\2",
    "run.sh": "echo\n",
    "link": "-> vllm/edited.py",
    "docs/caf\u00e9.md": "hello\n",
    "untouched.py": "x = 1\n",
}
AFTER: dict[str, str | bytes | None] = {
    "vllm/edited.py": "one = 1\ntwo = 22\nthree = 3\nfour = 4\n",
    "vllm/added.py": "new = True\n",
    "vllm/empty.py": "",
    "vllm/deleted.py": None,
    "vllm/old_name.py": None,
    "vllm/new_name.py": "".join(f"line_{n} = {n}\n" for n in range(20)) + "more = 1\n",
    "vllm/moved_only.py": None,
    "vllm/moved_there.py": "".join(f"same_{n} = {n}\n" for n in range(20)),
    "vllm/crlf.py": "a = 1\r\nb = 3\r\n",
    "vllm/latin.py": b"name = '\xe9\xe8'\nvalue = 2\n",
    "docs/image.png": b"\x89PNG\0\3\4",
    "link": "-> vllm/added.py",
    "docs/caf\u00e9.md": "hello\nworld\n",
}


def many_files(count: int) -> tuple[dict[str, str], dict[str, str | bytes | None]]:
    """Return a tree of ``count`` modules and a change to each."""
    before = {f"vllm/m{n}.py": f"value = {n}\nother = {n}\n" for n in range(count)}
    return before, {path: content.replace("value", "worth") for path, content in before.items()}
