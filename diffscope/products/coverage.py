"""Rule coverage: parts of a tree that no rule, table or grammar covers, and groups of changes that rarely get a flag.

It is measured of a tree, its graph and judged changes: each blind spot with the changes that touched it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, Literal, get_args

import msgspec

from diffscope.assessment.document import Assessment, FileAssessment
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.structure import Registry
from diffscope.rules.model import Severity, every_flag
from diffscope.source.model import RepoPath, Value
from diffscope.source.profile import places
from diffscope.syntax.model import Outline
from diffscope.taxonomy.calls import KernelTable
from diffscope.taxonomy.model import OTHER, Taxonomy

SCHEMA: Final = "diffscope.coverage/1"

SpotKind = Literal["area", "language", "kernel", "registry", "twin", "silence"]
"""What cannot be seen: source files that no area claims; languages whose changed files name no symbol; functions under a decorator like
those of device code that ``kernels.yml`` does not know; tables of classes that ``registries.yml`` does not know; files of one name in
folders of several platforms of which changes edit one and no flag says so; groups of changes that stay without a flag."""

_SOURCE: Final = frozenset({"source", "native"})
_COSMETIC: Final = frozenset({"cosmetic", "rename-or-move", "deletion", "documentation"})
_LIKE_A_KERNEL: Final = frozenset({"jit", "kernel", "prim_func", "device_func"})
_OPERATORS: Final = ("register_fake", "custom_op", "impl_abstract")
"""Calls that register operators, which have facts of their own."""
_FEWEST_ROWS: Final = 2
_FEWEST_CHANGES: Final = 3
"""Changes that touch a blind spot before it is of weight."""
_FEWEST_JUDGED: Final = 8
"""Changes of a group before its silence is compared with that of all."""
_RARE: Final = 0.01
"""The probability, by the binomial distribution, below which silence is no accident."""
_FEWEST_LINES: Final = 5
_FOLDER_DEPTH: Final = 3
_BLIND: Final = 0.2
_MOST_EXAMPLES: Final = 5


class BlindSpot(Value, frozen=True, kw_only=True):
    """One thing that is not seen."""

    kind: SpotKind
    name: str
    files: int
    """Files of the tree that it consists of; 0 for groups of changes."""
    changes: int
    """Changes of the window that touched it."""
    silent: int
    """Those of them that have no flag at medium or above."""
    expected: float | None = None
    """Of a silent group: how many would be silent at the rate of all changes."""
    examples: tuple[str, ...]
    """Paths of the tree, or ``#number`` of changes; at most five."""


class Coverage(Value, frozen=True, kw_only=True):
    """What a tree and a window of changes show. Spots are sorted by kind, then by the changes that touched them."""

    schema: str = SCHEMA
    revision: str
    files: int
    """Source files of the tree."""
    changes: int
    """Judged changes of the window that change source code."""
    silent: int
    spots: tuple[BlindSpot, ...]

    @property
    def weighty(self) -> tuple[BlindSpot, ...]:
        """The spots that enough changes touched."""
        return tuple(spot for spot in self.spots if spot.changes >= _FEWEST_CHANGES)


class Tables(Value, frozen=True, kw_only=True):
    """What the rules know: the tables that ship with them."""

    taxonomy: Taxonomy
    kernels: KernelTable
    registries: tuple[Registry, ...]


def measure_coverage(
    paths: Sequence[RepoPath],
    graph: ModuleGraph,
    assessments: Sequence[Assessment],
    *,
    tables: Tables,
    revision: str,
) -> Coverage:
    """Return what the tables do not know of a tree of ``paths``, weighed by the judged changes of a window."""
    taxonomy = tables.taxonomy
    source = [path for path in paths if taxonomy.category_of(path) in _SOURCE]
    changes = _Changes([each for each in assessments if any(map(_is_logic, each.files))])
    spots = [
        *_unplaced(source, taxonomy, changes),
        *_blind_languages(source, taxonomy, changes),
        *_unknown_kernels(source, graph, tables.kernels, changes),
        *_unknown_registries(graph, tables.registries, changes),
        *_unwatched_twins(source, taxonomy, changes),
        *_silent_groups(taxonomy, changes),
    ]
    order = {kind: at for at, kind in enumerate(get_args(SpotKind))}
    spots.sort(key=lambda spot: (order[spot.kind], -spot.changes, -spot.files, spot.name))
    return Coverage(
        revision=revision,
        files=len(source),
        changes=len(changes.all),
        silent=sum(map(is_silent, changes.all)),
        spots=tuple(spots),
    )


def is_silent(assessment: Assessment) -> bool:
    """Return whether a change has no flag at medium or above."""
    return all(flag.severity.rank < Severity.MEDIUM.rank for flag in assessment.flags)


def _is_logic(file: FileAssessment) -> bool:
    return file.category in _SOURCE and file.change_type not in _COSMETIC


class _Changes:
    """Judged changes, to be asked by path."""

    def __init__(self, assessments: Sequence[Assessment]) -> None:
        self.all = assessments
        self._by_path: dict[str, list[int]] = defaultdict(list)
        for at, each in enumerate(assessments):
            for file in each.files:
                if _is_logic(file):
                    self._by_path[file.path].append(at)

    def touching(self, paths: Iterable[str]) -> list[Assessment]:
        """Return the changes that edit any of the paths, oldest first."""
        found = sorted({at for path in paths for at in self._by_path.get(path, ())})
        return [self.all[at] for at in found]

    def spot(self, kind: SpotKind, name: str, paths: Sequence[str]) -> BlindSpot:
        """Return the spot of files of the tree."""
        touched = self.touching(paths)
        return BlindSpot(
            kind=kind,
            name=name,
            files=len(paths),
            changes=len(touched),
            silent=sum(map(is_silent, touched)),
            examples=tuple(sorted(paths)[:_MOST_EXAMPLES]),
        )


def _unplaced(source: Sequence[RepoPath], taxonomy: Taxonomy, changes: _Changes) -> Iterator[BlindSpot]:
    folders = _grouped(
        (path for path in source if taxonomy.main_area_of(path) == OTHER),
        lambda path: "/".join(path.split("/")[:-1][:_FOLDER_DEPTH]) or ".",
    )
    for folder, paths in folders.items():
        yield changes.spot("area", folder, paths)


def _blind_languages(
    source: Sequence[RepoPath], taxonomy: Taxonomy, changes: _Changes
) -> Iterator[BlindSpot]:
    """Yield languages of which hardly a changed file names a changed symbol."""
    edited, named = Counter[str](), Counter[str]()
    for assessment in changes.all:
        for file in assessment.files:
            if _is_logic(file) and file.additions + file.deletions >= _FEWEST_LINES:
                language = taxonomy.language_of(file.path)
                edited[language] += 1
                named[language] += bool(file.symbols)
    by_language = _grouped(source, taxonomy.language_of)
    for language, count in edited.items():
        if named[language] < _BLIND * count:
            yield changes.spot("language", language, by_language.get(language, []))


def _unknown_kernels(
    source: Sequence[RepoPath], graph: ModuleGraph, kernels: KernelTable, changes: _Changes
) -> Iterator[BlindSpot]:
    """Yield decorators named like those of device code, by the package that they come from, where the table does not know them."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in source:
        outline = graph.outline_at(path)
        if outline is None:
            continue
        for decorator in _decorators(outline):
            is_like_one = decorator.rpartition(".")[2] in _LIKE_A_KERNEL
            if is_like_one and kernels.role_of(decorator) is None:
                found[decorator].add(path)
    for decorator, paths in found.items():
        yield changes.spot("kernel", f"@{decorator}", sorted(paths))


def _decorators(outline: Outline) -> Iterator[str]:
    """Yield the dotted names of decorators with import aliases resolved."""
    aliases: dict[str, str] = {}
    for each in outline.imports:
        name = each.alias or each.name or each.module.partition(".")[0]
        whole = f"{each.module}.{each.name}" if each.name else each.module
        aliases[name] = whole if each.alias or each.name else name
    for definition in outline.definitions:
        for decorator in definition.decorators:
            first, dot, rest = decorator.partition("(")[0].strip().partition(".")
            yield f"{aliases.get(first, first)}{dot}{rest}"


def _unknown_registries(
    graph: ModuleGraph, registries: tuple[Registry, ...], changes: _Changes
) -> Iterator[BlindSpot]:
    """Yield tables whose rows lead to modules of the tree and which no registry names."""
    rows: dict[tuple[str, str], set[str]] = defaultdict(set)
    for edge, target in graph.rows():
        path = graph.path_of(edge.source)
        if target is None or edge.row is None or path is None or places().is_test(path):
            continue
        if edge.row.partition(":")[0].endswith(_OPERATORS):
            continue
        if not any(each.has(edge) for each in registries):
            table, _, key = edge.row.partition(":")
            rows[table, path].add(key)
    for (table, holder), keys in rows.items():
        if len(keys) >= _FEWEST_ROWS:
            spot = changes.spot("registry", table, [holder])
            yield msgspec.structs.replace(spot, examples=(holder, *sorted(keys)[: _MOST_EXAMPLES - 1]))


def _unwatched_twins(
    source: Sequence[RepoPath], taxonomy: Taxonomy, changes: _Changes
) -> Iterator[BlindSpot]:
    """Yield folders with files of one name for several platforms, where changes edit one of them without a flag."""
    beside: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in source:
        parts = path.split("/")
        if len(parts) > 2 and parts[-1] != "__init__.py" and taxonomy.platforms_in(parts[-2]):
            beside["/".join(parts[:-2]), parts[-1]].append(path)
    groups: dict[str, list[str]] = defaultdict(list)
    for (folder, _), twins in beside.items():
        if len({taxonomy.platforms_in(PurePosixPath(twin).parts[-2]) for twin in twins}) > 1:
            groups[_pattern(folder)] += twins
    for folder, twins in groups.items():
        alone = [each for each in changes.touching(twins) if _edits_one_alone(each, twins)]
        yield BlindSpot(
            kind="twin",
            name=f"{folder}/{{platform}}/",
            files=len(twins),
            changes=len(alone),
            silent=sum(map(is_silent, alone)),
            examples=tuple(sorted(twins)[:_MOST_EXAMPLES]),
        )


def _pattern(folder: str) -> str:
    parent, _, _ = folder.rpartition("/")
    return f"{parent}/*" if parent else folder


def _edits_one_alone(assessment: Assessment, twins: Sequence[str]) -> bool:
    """Return whether a change edits a file, does not edit one of its twins, and has no flag on the file."""
    edited = {file.path for file in assessment.files}
    flagged = {place.path for flag in every_flag(assessment.flags) for place in flag.evidence}
    for path in edited & set(twins):
        own = PurePosixPath(path)
        others = {
            twin
            for twin in twins
            if twin != path
            and PurePosixPath(twin).name == own.name
            and PurePosixPath(twin).parts[:-2] == own.parts[:-2]
        }
        if others - edited and path not in flagged:
            return True
    return False


def _silent_groups(taxonomy: Taxonomy, changes: _Changes) -> Iterator[BlindSpot]:
    """Yield groups of changes (by main area, by language) that stay without a flag far more often than all changes do."""
    rate = sum(map(is_silent, changes.all)) / max(1, len(changes.all))
    for name, group in sorted(_by_area_and_language(taxonomy, changes.all).items()):
        silent = [each for each in group if is_silent(each)]
        if len(group) >= _FEWEST_JUDGED and binomial_tail(len(silent), len(group), rate) < _RARE:
            yield BlindSpot(
                kind="silence",
                name=name,
                files=0,
                changes=len(group),
                silent=len(silent),
                expected=round(rate * len(group), 1),
                examples=tuple(_name(each) for each in silent[:_MOST_EXAMPLES]),
            )


def _by_area_and_language(
    taxonomy: Taxonomy, assessments: Sequence[Assessment]
) -> Mapping[str, list[Assessment]]:
    groups: dict[str, list[Assessment]] = defaultdict(list)
    for each in assessments:
        if each.areas:
            groups[f"area {each.areas[0].area}"].append(each)
        lines = Counter[str]()
        for file in each.files:
            if _is_logic(file):
                lines[taxonomy.language_of(file.path)] += file.additions + file.deletions
        if lines:
            groups[f"language {max(sorted(lines), key=lambda name: lines[name])}"].append(each)
    return groups


def binomial_tail(at_least: int, of: int, rate: float) -> float:
    """Return the probability of ``at_least`` hits or more among ``of`` independent trials of the given rate."""
    if at_least <= 0 or rate >= 1:
        return float(at_least <= of)
    if rate <= 0:
        return 0.0
    # By logarithms: the coefficients of a thousand trials are beyond a float.
    whole, hit, miss = math.lgamma(of + 1), math.log(rate), math.log1p(-rate)
    return sum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * hit + (of - k) * miss)
        for k in range(at_least, of + 1)
    )


def _name(assessment: Assessment) -> str:
    pull = assessment.change.pull
    return f"#{pull.number}" if pull.number else str(pull.head or "")[:12]


def _grouped(paths: Iterable[RepoPath], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[key(path)].append(path)
    return groups
