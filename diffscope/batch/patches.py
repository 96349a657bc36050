"""The patches of a window, asked of git in one question, and what they say of settings and of each other."""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from diffscope.adapters.git.log import Squash
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.diff.model import Diff
from diffscope.diff.parse import parse_diff
from diffscope.errors import DiffError
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import AuthorsWords, Mended, find_mended, read_words
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


_MOST: Final = 600
"""Pull requests whose patches are read, the most important first: of a year those that a report can tell."""
_COMMIT: Final = lazy_regex(r"(?m)^commit ([0-9a-f]{40,64})$\n*")
_MEMBER: Final = lazy_regex(r"\b[A-Z]\w*[a-z]\.([A-Z][A-Z0-9_]+)\b")
_OPTION: Final = r"[\"']--[a-z][a-z0-9-]+[\"']"
_DOCUMENTS: Final = ("docs", "README.md")
_LEAST: Final = 8
"""Letters of a name that is looked for in later patches: shorter ones are words of anything."""


def read_patches(
    repository: GitRepository, assessments: Sequence[Assessment]
) -> tuple[dict[int, AuthorsWords], tuple[Mended, ...]]:
    """Return by pull request what its author says, and who works on whose lines. What git cannot tell is left out."""
    chosen = sorted(assessments, key=lambda one: -one.importance.value)[:_MOST]
    chosen.sort(key=lambda one: (one.change.pull.merged_at or "", number_of(one)))
    found = _patches(repository, [one.change.pull.head for one in chosen if one.change.pull.head])
    patches = [(one, found[head]) for one in chosen if (head := one.change.pull.head or "") in found]
    if not patches:
        return {}, ()
    settings = _settings(repository, chosen[-1].change.pull.head or "HEAD")
    brought: dict[str, int] = {}
    for one, _ in patches:
        for name in _brought(one):
            brought.setdefault(name, number_of(one))
    said = {
        number_of(one): read_words(
            diff, settings | _own(one), [name for name in _brought(one) if "-" not in name]
        )
        for one, diff in patches
    }
    for one, _ in patches:
        words, head = said[number_of(one)], one.change.pull.head or ""
        said[number_of(one)] = msgspec.structs.replace(
            words,
            orders=tuple(
                found for path, name, _ in words.orders for found in _firsts(repository, head, path, name)
            ),
            options=tuple(_options(repository, head, one, settings)),
            decided=tuple(
                msgspec.structs.replace(
                    each, is_unset=is_of_unset(_shown(repository, head, each.path), each.line, each.name)
                )
                for each in words.decided
            ),
        )
    return said, tuple(find_mended([(number_of(one), diff) for one, diff in patches], brought))


def _firsts(repository: GitRepository, head: str, path: str, function: str) -> Iterator[tuple[str, str, str]]:
    """Yield of what a function tries first, where that is another one now: before, now, and under which conditions."""
    before, after = (first_in(_shown(repository, each, path), function) for each in (f"{head}~", head))
    yield from ((was, after[at], at) for at, was in before.items() if after.get(at, was) != was)


def _shown(repository: GitRepository, commit: str, path: str) -> str:
    return decode(run(repository.objects, "show", f"{commit}:{path}").out)


def _options(
    repository: GitRepository, head: str, assessment: Assessment, settings: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Yield types that take new values, with the option of the command line that has the type."""
    for one in assessment.symbols:
        if one.role[:1] != ("value",) or not one.name.isidentifier():
            continue
        typed = rf"^ +[a-z_]+: {one.name}\b"
        found = run(repository.objects, "grep", "-h", "-o", "-E", "-e", typed, head, "--", *_folders())
        names = dict.fromkeys(line.strip().partition(":")[0] for line in split_lines(decode(found.out)))
        name = next((each for each in names if each in settings), None)
        if name is not None:
            yield one.name, f"--{name.replace('_', '-')}"


def _brought(assessment: Assessment) -> list[str]:
    """Return names of what a pull request lets users set: options, variables, fields, and values of settings."""
    found = []
    for one in assessment.symbols:
        if places().is_test(one.path):
            continue
        if one.role[:1] == ("value",):
            found += [value[1:] for value in one.role[1:] if value.startswith("+")]
        elif "added" in one.aspects and (
            one.kind in ("cli-flag", "environment-variable") or one.role[:2] == ("config-field", "added")
        ):
            found += (
                [one.name.rpartition(".")[2], option_of(one.name)]
                if one.kind == "variable"
                else [one.name, one.name.removeprefix("--").replace("-", "_")]
            )
    return [name for name in dict.fromkeys(found) if len(name) >= _LEAST and ("_" in name or "-" in name)]


def _own(assessment: Assessment) -> set[str]:
    """Return the fields that requests or configurations newly have."""
    return {
        one.name.rpartition(".")[2]
        for one in assessment.symbols
        if one.role[:1] in (("config-field",), ("protocol-field",))
    }


def _settings(repository: GitRepository, commit: str) -> frozenset[str]:
    """Return the options of the command line at a commit, as ``max_model_len``."""
    found = run(repository.objects, "grep", "-h", "-o", "-E", "-e", _OPTION, commit, "--", *_folders())
    return frozenset(
        line.strip("\"'").removeprefix("--").replace("-", "_") for line in split_lines(decode(found.out))
    )


def _folders() -> list[str]:
    return [folder.rstrip("/") for folder in places().packages]


def _patches(repository: GitRepository, heads: Sequence[str]) -> Mapping[str, Diff]:
    folders = [folder.rstrip("/") for folder in (*places().product, *_DOCUMENTS)]
    options = ("-U0", "--first-parent", "--no-color", "--no-ext-diff", "--format=commit %H", "--stdin", "--")
    shown = run(repository.objects, "show", *options, *folders, given="\n".join(heads).encode())
    parts = _COMMIT.split(decode(shown.out))
    found: dict[str, Diff] = {}
    for commit, text in zip(parts[1::2], parts[2::2], strict=False):
        try:
            found[commit] = parse_diff(text)
        except DiffError:
            continue
    return found


def first_in(text: str, function: str) -> dict[str, str]:
    """Return the member of an enumeration that a function of a module tries first, by the conditions that it is under: none, or ``use_mla``."""
    found = [each for each in ast.walk(_parsed(text)) if isinstance(each, ast.FunctionDef)]
    return dict(_members(next((each.body for each in found if each.name == function), []), ()))


def _members(body: Sequence[ast.stmt], under: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    plain = [ast.unparse(each) for each in body if not isinstance(each, ast.If)]
    first = next((member[1] for each in plain for member in _MEMBER.finditer(each)), "")
    if first:
        yield " and ".join(under), first
    for each in body:
        if isinstance(each, ast.If):
            asked = ast.unparse(each.test)
            yield from _members(each.body, (*under, asked))
            yield from _members(each.orelse, (*under, f"not ({asked})"))


def is_of_unset(text: str, line: int, name: str) -> bool:
    """Return whether a line of a module stands under a condition that asks whether a setting is ``None``."""
    asks = re.compile(rf"\b{re.escape(name)} is None\b")
    return any(
        isinstance(each, ast.If)
        and each.body[0].lineno <= line <= (each.body[-1].end_lineno or 0)
        and asks.search(ast.unparse(each.test))
        for each in ast.walk(_parsed(text))
    )


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])
