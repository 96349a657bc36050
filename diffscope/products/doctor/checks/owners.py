"""CODEOWNERS lines that match nothing, never decide, or are skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from diffscope.products.doctor.findings import Finding, make_finding
from diffscope.project.model import Codeowners, OwnerRule, Project
from diffscope.project.owners import matched_paths
from diffscope.project.tree import TreeIndex
from diffscope.source.model import RepoPath


def check_owners(project: Project, tree: TreeIndex) -> Iterator[Finding]:
    """Yield what is wrong with each line of CODEOWNERS."""
    place = project.codeowners.path
    if place is None:
        return
    matched = {rule.line: matched_paths(rule, tree) for rule in project.codeowners.rules}
    winner: dict[RepoPath, OwnerRule] = {}
    for rule in project.codeowners.rules:
        winner.update(dict.fromkeys(matched[rule.line], rule))
    deciding = {rule.line for rule in winner.values()}
    for rule in project.codeowners.rules:
        if rule.defect is not None:
            yield make_finding("DR103", place, rule.line, f"GitHub skips '{rule.pattern}': {rule.defect}")
        elif not matched[rule.line]:
            yield _dead(rule, project.codeowners, place, tree)
        elif rule.line not in deciding:
            yield _shadowed(rule, matched[rule.line], winner, place)
        elif not rule.owners:
            count = len(matched[rule.line])
            message = f"'{rule.pattern}' names no owner, which leaves {_files(count)} without one"
            yield make_finding("DR104", place, rule.line, message)


def _dead(rule: OwnerRule, codeowners: Codeowners, place: RepoPath, tree: TreeIndex) -> Finding:
    owners = f"; {' '.join(rule.owners)} will not be asked" if rule.owners else ""
    nearest = tree.nearest(rule.pattern)
    suggestion = f"/{nearest}" if nearest and rule.pattern.startswith("/") else nearest
    if suggestion is not None and not _would_decide(suggestion, rule, codeowners, tree):
        suggestion = None
    message = f"'{rule.pattern}' matches no file{owners}"
    return make_finding("DR101", place, rule.line, message, suggestion=suggestion)


def _would_decide(pattern: str, rule: OwnerRule, codeowners: Codeowners, tree: TreeIndex) -> bool:
    """Say whether a line with another pattern would be the last that matches some file."""
    tried = msgspec.structs.replace(rule, pattern=pattern)
    later = [each for each in codeowners.rules if each.line > rule.line]
    taken = {path for each in later for path in matched_paths(each, tree)}
    return any(path not in taken for path in matched_paths(tried, tree))


def _shadowed(
    rule: OwnerRule, paths: tuple[RepoPath, ...], winner: dict[RepoPath, OwnerRule], place: RepoPath
) -> Finding:
    later = Counter((winner[path].line, winner[path].pattern) for path in paths)
    evidence = tuple(
        f"line {line} '{pattern}' takes {_files(count)}" for (line, pattern), count in sorted(later.items())
    )
    left_out = sorted(set(rule.owners) - {owner for path in paths for owner in winner[path].owners})
    so = f"; {' '.join(left_out)} will not be asked" if left_out else "; its owners are asked all the same"
    message = f"'{rule.pattern}' never decides: later lines match all of its {_files(len(paths))}{so}"
    hint = "move the line below those that shadow it, or remove it"
    return make_finding("DR102", place, rule.line, message, suggestion=hint, evidence=evidence)


def _files(count: int) -> str:
    return f"{count:,} file" if count == 1 else f"{count:,} files"
