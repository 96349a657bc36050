"""File facts: category, area, platforms, and how much of the logic changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import UNSET, UnsetType

from diffscope.diff.model import FileDiff, FileKind, FileStatus
from diffscope.facts.change.changed_file import FileMaterial, has_no_content
from diffscope.facts.change.changed_python import ChangedPython, ChangedSymbol
from diffscope.facts.model import FileFact
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import places, profile
from diffscope.source.text import LineCount
from diffscope.syntax.model import Aspect, DefinitionKind
from diffscope.taxonomy.model import Taxonomy

_COMMENT_MARKS = dict.fromkeys(("cuda", "cpp", "rust"), ("//", "/*", "*"))
_DEFAULT_MARKS = ("#",)
_FUNCTIONS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.METHOD})
_DATACLASS = lazy_regex(r"(?:^|\.)(?:dataclass|define|frozen|attrs|config)\b")
_CONTRACT = lazy_regex(
    r"(?:BaseModel|Struct|TypedDict|NamedTuple|Enum|Flag|Protocol|Config|(?:Request|Response)(?:Mixin)?)$"
)
_VISIBLE = frozenset(
    {
        *(Aspect.ADDED, Aspect.REMOVED, Aspect.SIGNATURE, Aspect.DEFAULT),
        *(Aspect.BASES, Aspect.DECORATORS, Aspect.FIELD_ORDER),
    }
)
_TYPES_OF_CATEGORIES = {
    "test": "test-coverage",
    "docs": "documentation",
    "infra": "infrastructure",
    "build": "infrastructure",
    "config": "configuration",
    "data": "configuration",
}
_LOGIC_CATEGORIES = frozenset(
    {"source", "native", "test", "config", "infra", "build", "example", "benchmark"}
)


def collect_files(
    files: Iterable[FileMaterial],
    taxonomy: Taxonomy,
    owners: Callable[[RepoPath], tuple[str, ...] | UnsetType] | None = None,
) -> tuple[FileFact, ...]:
    """Return a fact for each changed file, by path. ``owners`` answers by CODEOWNERS at the base; without it owners are unknown."""
    listed = tuple(files)
    removed = _removed_in_moves(listed)
    facts = (_file(file, taxonomy, owners, removed.get(file.diff.path, LineCount(0))) for file in listed)
    return tuple(sorted(facts, key=lambda fact: fact.path))


def _removed_in_moves(files: tuple[FileMaterial, ...]) -> dict[RepoPath, LineCount]:
    """Return how many lines of each file were edited out of what moved to another one."""
    found: Counter[RepoPath] = Counter()
    for file in files:
        for change in file.python.symbols if file.python is not None else ():
            origin = change.moved_from.path if change.moved_from is not None else None
            if origin is not None and not _is_own(file, change):
                found[origin] += change.code_removed
    return {path: LineCount(count) for path, count in found.items()}


def _is_own(file: FileMaterial, change: ChangedSymbol) -> bool:
    """Return whether the lines that a symbol lost were lines of its file."""
    return change.old_text is file.before


def bare_file(diff: FileDiff) -> FileFact:
    """Return what a diff alone tells of a file: for one of which nothing else could be told."""
    return FileFact(
        path=diff.path,
        line=_first_line(diff),
        side="old" if diff.status is FileStatus.DELETED else "new",
        old_path=diff.old_path,
        status=diff.status.value,
        content=diff.kind.value,
        change_type="core-logic",
        language="other",
        additions=diff.additions,
        deletions=diff.deletions,
        code_added=diff.additions,
        code_removed=diff.deletions,
    )


def _file(
    material: FileMaterial,
    taxonomy: Taxonomy,
    owners: Callable[[RepoPath], tuple[str, ...] | UnsetType] | None,
    removed_in_moves: LineCount,
) -> FileFact:
    diff = material.diff
    areas = taxonomy.areas_of(diff.path)
    category = taxonomy.category_of(diff.path)
    language = taxonomy.language_of(diff.path)
    added, removed = _code_lines(material, language, removed_in_moves)
    logic = _logic(material, category, added, removed)
    return FileFact(
        path=diff.path,
        line=_first_line(diff),
        side="old" if diff.status is FileStatus.DELETED else "new",
        # A link is a path, whatever its name ends in: it is imported from where it leads to.
        module=None if diff.kind is FileKind.SYMLINK else module_name(diff.path),
        area=areas[0],
        areas=areas,
        category=category,
        platforms=taxonomy.platforms_of(diff.path),
        old_path=diff.old_path,
        status=diff.status.value,
        content=diff.kind.value,
        language=language,
        change_type=_change_type(material, category, logic=logic),
        logic=logic,
        additions=diff.additions,
        deletions=diff.deletions,
        code_added=added,
        code_removed=removed,
        owners=owners(diff.path) if owners else UNSET,
    )


def _first_line(diff: FileDiff) -> int:
    """Return the first line that changes, on the side that the file is on; where lines only go, the one that they stood before."""
    for hunk in diff.hunks[:1]:
        if diff.status is FileStatus.DELETED:
            return max(1, hunk.old_start)
        if hunk.added:
            return hunk.added[0].number
        return max(1, hunk.new_start + (hunk.removed[0].number - hunk.old_start if hunk.removed else 0))
    return 0


def module_name(path: str) -> str | None:
    """Return the dotted module of a Python path: ``pool/engine/__init__.py`` is ``pool.engine``."""
    return places().module(path) if path.endswith(".py") else None


def _code_lines(material: FileMaterial, language: str, removed_in_moves: LineCount) -> tuple[int, int]:
    if material.python is not None and not material.python.problems:
        symbols = material.python.symbols
        come = (change for change in symbols if change.logic or Aspect.ADDED in change.aspects)
        gone = (change for change in symbols if change.logic or Aspect.REMOVED in change.aspects)
        removed = sum(change.code_removed for change in gone if _is_own(material, change))
        return sum(change.code_added for change in come), removed + removed_in_moves
    if language == "rust" and material.native is not None and not material.native.problems:
        # Counted for items of the product and for code outside of items, without `use` and tests.
        changed = [each for each in material.native.functions if each.logic and not each.is_test]
        return sum(each.code_added for each in changed), sum(each.code_removed for each in changed)
    if not material.read and not material.diff.hunks:
        return material.diff.additions, material.diff.deletions
    marks = _COMMENT_MARKS.get(language, _DEFAULT_MARKS)
    return _count(material.diff, marks, "added"), _count(material.diff, marks, "removed")


def _count(diff: FileDiff, marks: tuple[str, ...], side: str) -> int:
    lines = (line for hunk in diff.hunks for line in (hunk.added if side == "added" else hunk.removed))
    return sum(1 for line in lines if (text := line.text.strip()) and not text.startswith(marks))


def _logic(material: FileMaterial, category: str, added: int, removed: int) -> bool | UnsetType:
    if category not in _LOGIC_CATEGORIES:
        return False
    if has_no_content(material) or material.failed:
        return UNSET
    if material.diff.status is FileStatus.TYPE_CHANGED or material.diff.kind is not FileKind.TEXT:
        return material.diff.kind is FileKind.SUBMODULE or _leads_elsewhere(material.diff)
    if material.python is not None and not material.python.problems:
        return any(change.logic for change in material.python.symbols) or _imports_changed(material.python)
    return _logic_of_lines(material, has_lines=bool(added or removed))


def _logic_of_lines(material: FileMaterial, *, has_lines: bool) -> bool | UnsetType:
    """Return whether the logic of a file changed that is no Python file that parses."""
    if material.native is not None and material.diff.path.endswith(".rs") and not material.native.problems:
        return any(change.logic for change in material.native.functions)
    return UNSET if has_lines and material.diff.path.endswith(".py") else has_lines


def _leads_elsewhere(diff: FileDiff) -> bool:
    """Return whether a path holds something else than before: a link to another place, or a link instead of a file."""
    is_link = diff.kind is FileKind.SYMLINK and diff.status is FileStatus.MODIFIED
    return diff.status is FileStatus.TYPE_CHANGED or (is_link and bool(diff.hunks))


def _imports_changed(comparison: ChangedPython) -> bool:
    # A name that came or went can change what runs; the same names in another order cannot.
    come = {item.module for item in comparison.imports_added}
    return come != {item.module for item in comparison.imports_removed}


def _change_type(material: FileMaterial, category: str, *, logic: bool | UnsetType) -> str:
    diff = material.diff
    if diff.status is FileStatus.DELETED:
        return "deletion"
    lines = material.after.data.count(b"\n") if material.after is not None else 0
    if diff.status is FileStatus.RENAMED and diff.additions + diff.deletions <= max(4, lines // 5):
        return "rename-or-move"
    if category in _TYPES_OF_CATEGORIES:
        return _TYPES_OF_CATEGORIES[category]
    if logic is False:
        return "cosmetic"
    if material.python is None:
        return "core-logic"
    changed = [change for change in material.python.symbols if change.logic]
    return _of_whole(changed) or _of_parts(material.python, material.diff.path, changed)


def _of_whole(changed: list[ChangedSymbol]) -> str | None:
    if changed and all(Aspect.MOVED in change.aspects for change in changed):
        return "rename-or-move"
    if _functions(changed) and all(Aspect.REMOVED in change.aspects for change in changed):
        return "deletion"
    return None


def _of_parts(comparison: ChangedPython, path: str, changed: list[ChangedSymbol]) -> str:
    functions, contracts = _functions(changed), _contracts(comparison)
    fields = [
        change
        for change in changed
        if change.kind is DefinitionKind.VARIABLE and change.name.rpartition(".")[0] in contracts
    ]
    if _is_configuration(path) and len(fields) >= len(functions):
        return "configuration"
    if len(fields) > len(functions) or (_is_contract(path) and any(map(_changes_contract, changed))):
        return "data-contract"
    if not functions and (comparison.imports_added or comparison.imports_removed or _is_wiring(path)):
        return "dependency-wiring"
    return "entrypoint" if "/cli/" in path or path.endswith(profile().code.entries) else "core-logic"


def _functions(changed: list[ChangedSymbol]) -> list[ChangedSymbol]:
    return [change for change in changed if change.kind in _FUNCTIONS]


def _contracts(comparison: ChangedPython) -> frozenset[str]:
    """Return the classes of the file whose fields others rely on: dataclasses, structs, models of a protocol, enumerations."""
    outlines = [outline for outline in (comparison.before, comparison.after) if outline is not None]
    return frozenset(
        definition.name
        for outline in outlines
        for definition in outline.definitions
        if definition.kind is DefinitionKind.CLASS
        and (
            any(_DATACLASS.search(text) for text in definition.decorators)
            or any(_CONTRACT.search(base.partition("[")[0]) for base in definition.bases)
        )
    )


def _changes_contract(change: ChangedSymbol) -> bool:
    """Return whether what others see of a symbol changed: not the body of what was there before."""
    return bool(_VISIBLE & set(change.aspects)) or change.kind is DefinitionKind.VARIABLE


def _is_configuration(path: str) -> bool:
    code = places().code
    is_environment = path.rpartition("/")[2] == code.environment_file
    return "/config/" in path or is_environment or path.endswith(code.names.argument_files)


def _is_contract(path: str) -> bool:
    return path.endswith(
        ("protocol.py", "/outputs.py", "/inputs.py", "_interface.py", "/interface.py", "/interfaces.py")
    )


def _is_wiring(path: str) -> bool:
    return path.endswith(("/__init__.py", "/registry.py", "_registry.py"))
