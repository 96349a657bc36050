"""Whose lines later fixes change, and which variables of the environment were read before a change: asked of git, a question each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.adapters.git.log import Squash
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.patterns import lazy_regex
from diffscope.products.report.counts import number_of
from diffscope.render.change_summary import option_of
from diffscope.source.profile import places
from diffscope.source.text import decode, split_lines

_FIX: Final = lazy_regex(r"(?i)\b(?:bug ?fix(?:es)?|fix(?:es|ed)?|hot ?fix)\b")
_MOST_PAIRS: Final = 48
"""Of a later fix and a file of the window: two or three questions to git each."""
_HUNK: Final = lazy_regex(r"^@@ -(\d+)(?:,(\d+))? ")
_REMARK: Final = lazy_regex(r"(?:^|\s)(?:#|//|/\*).*$|^\s*\*(?:\s.*)?$")
"""A comment to the end of a line."""
_PART: Final = 0.4
"""Part of the lines of product code that a fix changes, from which on it is a word on who wrote these lines."""


def find_later_fixes(
    repository: GitRepository, inside: Sequence[Assessment], later: Mapping[Squash, tuple[str, ...]]
) -> dict[Squash, list[tuple[int, str]]]:
    """Return by later fix the pull requests of the window, with a file that each added, of whose lines of code it changes some."""
    # Of code that came from elsewhere nobody knows by the file who wrote it.
    moved = {symbol.path for one in inside for symbol in one.symbols if symbol.moved_from}
    added = {
        file.path: one
        for one in inside
        for file in one.files
        if file.status == "added" and file.category in ("source", "native") and file.path not in moved
    }
    pairs = [
        (squash, path)
        for squash, paths in later.items()
        if _FIX.search(squash.subject)
        for path in paths
        if path in added
    ]
    found: defaultdict[Squash, list[tuple[int, str]]] = defaultdict(list)
    for squash, path in pairs[:_MOST_PAIRS]:
        head = added[path].change.pull.head
        if head is not None and _is_mended(repository, squash.commit, path, head):
            found[squash].append((number_of(added[path]), path))
    return found


class _Hunk(NamedTuple):
    """Lines of a file that a commit takes away or replaces: the first and the last, and how many change."""

    first: int
    last: int
    changed: int


def _is_mended(repository: GitRepository, commit: str, path: str, head: str) -> bool:
    """Return whether much of the code that a commit changes are lines that ``head`` wrote in a file; what is only put between them mends nothing of theirs."""
    hunks = _hunks(repository, commit, path)
    asked = [f"-L{hunk.first},{hunk.last}" for hunk in hunks]
    blamed = (
        run(repository.objects, "blame", "-C", "-l", "-s", *asked, f"{commit}~", "--", path)
        if asked
        else None
    )
    if blamed is None or blamed.code != 0:
        return False
    owners = {}
    for line in split_lines(decode(blamed.out)):
        name, _, rest = line.partition(" ")
        number = re.search(r"(\d+)\)", rest)
        if number is not None:
            owners[int(number[1])] = name.lstrip("^")
    own = sum(
        hunk.changed
        for hunk in hunks
        if all(owners.get(at) == head for at in range(hunk.first, hunk.last + 1))
    )
    stats = run(repository.objects, "diff", "--numstat", f"{commit}~", commit, "--", *_origin_folders())
    whole = 0
    for line in split_lines(decode(stats.out)) if stats.code == 0 else ():
        whole += sum(int(part) for part in line.split("\t")[:2] if part.isdigit())
    return bool(own) and own >= _PART * whole


def _hunks(repository: GitRepository, commit: str, path: str) -> list[_Hunk]:
    """Return where a commit changes the code of a file, in lines of the file before it; other comments are no change."""
    found = run(repository.objects, "diff", "-U0", f"{commit}~", commit, "--", path)
    hunks, at, sides = list[_Hunk](), None, dict[str, list[str]]()
    for line in [*split_lines(decode(found.out)), "@@ -0,0 "] if found.code == 0 else ():
        head = _HUNK.search(line)
        if head is None:
            if at is not None and line[:1] in "+-":
                sides.setdefault(line[:1], []).append(_REMARK.sub("", line[1:]).strip())
            continue
        lines = {mark: [text for text in texts if text] for mark, texts in sides.items()}
        if at is not None and lines.get("-", []) != lines.get("+", []):
            hunks.append(_Hunk(*at, sum(map(len, sides.values()))))
        start, count = int(head[1]), int(head[2] if head[2] is not None else 1)
        at, sides = (start, start + count - 1) if count else None, {}
    return hunks


_READS: Final = 32
"""Names that are looked for, a question to git each."""
_WRITTEN: Final = ("docs", "examples", "README.md")


def as_users_meet_them(
    repository: GitRepository, assessments: Sequence[Assessment]
) -> tuple[Assessment, ...]:
    """Return assessments with what users meet otherwise than the change alone tells.

    A variable of the environment that the code read before is declared, and not new. A field of a configuration that went, and that neither
    an option of the change nor a page of the documents before it names, was nobody's to set.
    """
    asked = 0
    kept = []
    for one in assessments:
        options = {
            option_of(each.name) for each in one.symbols if each.name.startswith(places().code.arguments)
        }
        options |= {each.name for each in one.symbols if each.kind == "cli-flag"}
        symbols = []
        for symbol in one.symbols:
            is_new = symbol.kind == "environment-variable" and "added" in symbol.aspects
            is_gone = symbol.role[:2] == ("config-field", "removed") and option_of(symbol.name) not in options
            if (is_new or is_gone) and asked < _READS:
                asked += 1
                head, last = one.change.pull.head, symbol.name.rpartition(".")[2]
                if is_new and _is_named(repository, head, last, _origin_folders()):
                    symbol = msgspec.structs.replace(symbol, aspects=("declared",))  # noqa: PLW2901
                elif is_gone and not _is_named(repository, head, last, _WRITTEN):
                    symbol = msgspec.structs.replace(symbol, role=())  # noqa: PLW2901
            symbols.append(symbol)
        kept.append(msgspec.structs.replace(one, symbols=tuple(symbols)))
    return tuple(kept)


def _is_named(repository: GitRepository, head: str | None, name: str, folders: Sequence[str]) -> bool:
    """Return whether a file of the folders named something before a change."""
    if head is None or not folders:
        return False
    found = run(repository.objects, "grep", "-q", "-w", "-F", "-e", name, f"{head}~", "--", *folders)
    return found.code == 0


def _origin_folders() -> list[str]:
    return [folder.rstrip("/") for folder in places().product]
