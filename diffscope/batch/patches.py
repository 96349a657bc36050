"""The patches of a window, asked of git in one question, and what they say of settings and of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.diff.model import Diff
from diffscope.diff.parse import parse_diff
from diffscope.errors import DiffError
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import (
    AuthorsWords,
    Mended,
    find_mended,
    order_in,
    read_words,
)
from diffscope.products.report.counts import number_of
from diffscope.render.change_summary import option_of
from diffscope.source.profile import places
from diffscope.source.text import decode, split_lines

_MOST: Final = 600
"""Pull requests whose patches are read, the most important first: of a year those that a report can tell."""
_COMMIT: Final = lazy_regex(r"(?m)^commit ([0-9a-f]{40,64})$\n*")
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
        orders = tuple(_in_order(repository, head, *each) for each in words.orders)
        options = tuple(_options(repository, head, one, settings))
        if orders or options:
            said[number_of(one)] = msgspec.structs.replace(words, orders=orders, options=options)
    return said, tuple(find_mended([(number_of(one), diff) for one, diff in patches], brought))


def _in_order(repository: GitRepository, head: str, path: str, function: str) -> tuple[str, str]:
    """Return a function with what it names in another order now, as it was and as it is; nothing where what it names is not the same."""
    before, after = (
        order_in(decode(run(repository.objects, "show", f"{commit}:{path}").out), function)
        for commit in (f"{head}~", head)
    )
    moved = [at for at, (was, now) in enumerate(zip(before, after, strict=False)) if was != now]
    if not moved or sorted(before) != sorted(after):
        return function, ""
    sides = (each[moved[0] :] for each in (before, after))
    return function, " → ".join(", ".join(side) for side in sides)


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
