"""Histories as files of each commit -> what git makes of them: the series of mails, and the diff of the two ends. The oracle of test_series."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

Tree = Mapping[str, tuple[str, bytes]]
"""Path -> mode and content."""


class Told(NamedTuple):
    """What git says of a history."""

    mails: str
    net: str


def tell(folder: Path, trees: Sequence[Tree], *options: str, net_options: Sequence[str] = ("-M",)) -> Told:
    """Return ``git format-patch`` of a history and ``git diff`` from its first tree to its last. ``options`` are of the mails."""
    if not (folder / "HEAD").exists():
        run(folder.parent, "init", "-q", "--bare", str(folder))
    run(folder, "fast-import", "--quiet", "--force", given=b"".join(stream(trees)))
    mails = run(
        folder, "format-patch", "--stdout", "--no-signature", *options, f"main~{len(trees) - 1}..main"
    )
    net = run(folder, "diff", *net_options, "--full-index", f"main~{len(trees) - 1}", "main")
    return Told(mails.decode("utf-8", "backslashreplace"), net.decode("utf-8", "backslashreplace"))


def stream(trees: Sequence[Tree]) -> list[bytes]:
    """Return a history as ``git fast-import`` reads it."""
    parts = [b"reset refs/heads/main\n"]
    for number, tree in enumerate(trees, start=1):
        parts.append(
            b"commit refs/heads/main\nmark :%d\ncommitter t <t@e.x> %d +0000\n"
            % (number, 1_700_000_000 + number)
        )
        parts.append(b"data 8\ncommit %d\n" % (number % 10))
        parts += [b"from :%d\n" % (number - 1)] if number > 1 else []
        parts.append(b"deleteall\n")
        for path, (mode, content) in tree.items():
            parts.append(
                b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), path.encode(), len(content), content)
            )
    return parts


def run(folder: Path, *words: str, given: bytes | None = None) -> bytes:
    """Return what a git command prints, without any setting of this machine."""
    command = ["git", "-c", "core.abbrev=12", "-c", "diff.renames=true", *words]
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return subprocess.run(
        command, cwd=folder, input=given, env=environment, check=True, capture_output=True
    ).stdout
