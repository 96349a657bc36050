"""The tests that reach a change by another name than its functions have: of a step, a registry, a command, a model in a table of tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec import UNSET

from diffscope.facts.base.test_reach import is_skipped
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.classify.change_shape import subjects
from diffscope.facts.model import ChangeFacts, Nearest
from diffscope.graph.model import EdgeLayer, ModuleName
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.resolve import is_test_file
from diffscope.patterns import lazy_regex
from diffscope.source.model import RepoPath
from diffscope.source.profile import profile
from diffscope.source.text import decode
from diffscope.syntax.model import DefinitionKind

_MOST: Final = 10
_NAME: Final = lazy_regex(r"[A-Za-z_]\w*")
_MODEL: Final = lazy_regex(r'"([\w.-]+/[\w.-]+)"')
_PART: Final = lazy_regex(r"[a-z0-9]+")
_WRITTEN: Final = lazy_regex(r"[\"'](\w+)[\"']")
_LOADING: Final = lazy_regex(r"load_weights|weight_loader|Loader\b")
_SHORTEST: Final = 5
_COMMON: Final = 60
"""Files of tests that have a word, beyond which it names nothing."""
_MOST_SAYING: Final = 2


def _is_part(module: ModuleName, user: ModuleName) -> bool:
    """Return whether a module is called after what imports it, or lies with it in a package of the models that is called after one."""
    package, _, last = module.rpartition(".")
    beside = (
        ".models." in f"{package}." and not package.endswith(".models") and user.startswith(f"{package}.")
    )
    return beside or last in user.split(".")


def with_row_tests(facts: ChangeFacts, placed: Iterable[Placed], graph: ModuleGraph | None) -> ChangeFacts:
    """Return the facts, where no test is found that runs the change, with those that reach it by another name: of a step in the title, of a registry, of a command, of a model in a table.

    Where there are none of them, what does not even import a changed module is marked.
    """
    nearest = facts.nearest_tests
    if nearest is UNSET or graph is None:
        return facts
    changed = [one for one in placed if one.fact.category == "source" and one.symbols]
    ordered = {each for one in changed for each in _commands(one)}
    if any(one.runs for one in nearest) and not ordered:
        return facts
    logic = tuple(change.name for one in changed for change in one.symbols if change.logic)
    found = [
        Nearest(
            path=path,
            score=0.0,
            reasons=(),
            runs=logic,
            by=" ".join(command),
            how="command",
            via=" ".join(command),
        )
        for command in sorted(ordered)
        for path in _saying(command, graph, logic, facts)
    ]
    if not any(one.runs for one in (*nearest, *found)):
        found += _by_name(facts, graph, changed, logic)
    if found:
        known = {one.path for one in found}
        rest = (one for one in nearest if one.path not in known)
        return msgspec.structs.replace(facts, nearest_tests=(*found, *rest)[:_MOST])
    if not any(one.runs for one in nearest) and _is_registered(facts, changed, graph):
        # An engine started without the registered name does not reach the change.
        nearest = tuple(
            msgspec.structs.replace(one, may_run="far") if one.may_run == "starts" else one for one in nearest
        )
    modules = _modules(changed, graph)
    reaching = {graph.path_of(test.test) for module in modules for test in graph.tests_reaching(module)}
    marked = (
        one if one.may_run or one.path in reaching else msgspec.structs.replace(one, may_run="far")
        for one in nearest
    )
    return msgspec.structs.replace(facts, nearest_tests=tuple(marked)) if modules else facts


def _by_name(
    facts: ChangeFacts, graph: ModuleGraph, changed: list[Placed], logic: tuple[str, ...]
) -> Iterator[Nearest]:
    """Yield tests that reach what changed by a step that the title names, by a name under which it is registered, or by a row of a table of models."""
    for spot in facts.ci.blind_spots if facts.ci is not UNSET else ():
        if spot.label.removesuffix(" %N") in facts.change.title:
            yield Nearest(
                path=spot.test,
                score=0.0,
                reasons=(),
                runs=(),
                may_run="named",
                by=spot.label,
                how="step",
                via=spot.label,
            )
    asked = {one.path for one in subjects(facts)}
    modules = _modules([one for one in changed if one.fact.path in asked] or changed, graph)
    classes = _classes(modules, graph)
    tables = {row.table: decode(graph.text_at(RepoPath(row.table)) or b"") for row in profile().row_tests}
    models = [
        one
        for table in tables.values()
        for name in sorted(classes)
        if (found := re.search(rf'"{re.escape(name)}":.*\n(?:(?:     .*)?\n)*', table))
        for one in _MODEL.findall(found[0])
    ]
    # Of several models the one that the title is about comes first.
    about = frozenset(_PART.findall(facts.change.title.lower()))
    models.sort(key=lambda name: -len(about & {*_PART.findall(name.lower())}))
    registered = _registered(modules, graph)
    for name in dict.fromkeys((*(each for names in registered.values() for each in names), *models)):
        if len(name) >= _SHORTEST and name not in classes:
            for path in _saying((name,), graph, logic, facts):
                yield Nearest(
                    path=path, score=0.0, reasons=(), runs=(), may_run="named", by=name, how="name", via=name
                )
    for row in profile().row_tests:
        is_for = re.search(row.only, " ".join(logic)) is not None
        if is_for and any(
            f'"{name}"' in tables[row.table] for name in _classes(_modules(changed, graph), graph)
        ):
            yield Nearest(path=row.test, score=0.0, reasons=(), runs=(), may_run="rows")
            return


def _registered(modules: Iterable[ModuleName], graph: ModuleGraph) -> dict[ModuleName, list[str]]:
    """Return the names by which tables of other modules know each module; those that no table knows are left out."""
    found: dict[ModuleName, list[str]] = {}
    known = frozenset(modules)
    for edge, target in graph.rows():
        if edge.row and target in known and edge.source != target:
            found.setdefault(target, []).append(edge.row.partition(":")[2])
    return found


def _is_registered(facts: ChangeFacts, changed: list[Placed], graph: ModuleGraph) -> bool:
    """Return whether all that changed most is reached by names of tables alone."""
    asked = {one.path for one in subjects(facts)}
    modules = set(_modules((one for one in changed if one.fact.path in asked), graph))
    return bool(modules) and modules <= _registered(modules, graph).keys()


def _modules(changed: Iterable[Placed], graph: ModuleGraph) -> list[ModuleName]:
    return [module for one in changed if (module := graph.module_of(RepoPath(one.fact.path))) is not None]


def _classes(modules: list[ModuleName], graph: ModuleGraph) -> set[str]:
    """Return the classes of modules, and of what is called after one of them and imports it."""
    users = (
        user
        for module in modules
        for user in graph.users(module).get(EdgeLayer.EAGER, ())
        if _is_part(module, user)
    )
    outlines = map(graph.outline_of, dict.fromkeys((*modules, *users)))
    definitions = (one for outline in outlines if outline is not None for one in outline.definitions)
    return {one.name for one in definitions if one.kind is DefinitionKind.CLASS}


def _commands(placed: Placed) -> Iterator[tuple[str, ...]]:
    """Yield the words of a command line that run changed code: the program and the name that the class of a subcommand has."""
    python, program = placed.material.python, profile().packages[:1]
    owners = {change.name.partition(".")[0] for change in placed.symbols if change.logic}
    for one in python.after.definitions if python is not None and python.after is not None else ():
        owner, _, last = one.name.rpartition(".")
        if owner in owners and last == "name" and program and (told := _WRITTEN.fullmatch(one.value or "")):
            yield program[0], told[1]


def _saying(
    names: tuple[str, ...], graph: ModuleGraph, logic: tuple[str, ...], facts: ChangeFacts
) -> list[str]:
    """Return the two tests, nearest by the words of their paths, that start something by a name in quotes, or by a member of that name."""
    word = max(_NAME.findall(names[-1]), key=len, default="")
    paths = graph.tests_naming(word) or ()
    said = r"[\"'],?\s*[\"']?".join(map(re.escape, names))
    is_said = re.compile(rf"[\"']{said}[\"' ]" if names[1:] else rf"[\"']{said}[\"']|\w\.{said}\b")
    is_model = "/" in names[-1]
    # A getter that takes a model's name returns its tokenizer or its configuration.
    got = "" if is_model else rf"|get_\w+\(\s*[\"']{said}"
    starts = re.compile(rf"(?m)^[^#\n]*\b(?:{'|'.join(profile().starters)}|subprocess)\b{got}")
    loads = any(_LOADING.search(one) for one in logic)
    own = frozenset(_PART.findall(" ".join((facts.change.title, *(one.path for one in facts.file))).lower()))
    found = []
    # A single word may name other things too, so its limit is low; a model's full name is unambiguous, so its limit is high.
    most = _COMMON // 3 if names[-1].isalpha() else _COMMON * 4 if is_model else _COMMON
    for path in paths if len(paths) <= most else ():
        text = decode(graph.text_at(path) or b"") if is_test_file(path) else ""
        # Weights that are made up are not loaded.
        is_dummy = loads and "dummy" in text
        if is_said.search(text) and starts.search(text) and not (is_dummy or is_skipped(text.encode())):
            found.append((-len(own & {*_PART.findall(path.lower())}), path))
    return [path for _, path in sorted(found)[:_MOST_SAYING]]
