"""The tests that reach a change by another name than its functions have: of a step, a registry, a command, a model in a table of tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import UNSET

from diffscope.facts.base.test_reach import is_skipped
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.classify.change_shape import subjects
from diffscope.facts.model import ChangeFacts, Nearest, SymbolFact
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
_SIZE: Final = lazy_regex(r"(?i)[-_x](\d+(?:\.\d+)?)b(?![a-z])")
_ON_ONE: Final = 20.0
"""Billions of parameters that one device holds."""
_DEVICES: Final = lazy_regex(
    r"(?:num_gpus|tensor_parallel_size|world_size|tp_size)\W{1,3}(\d+)|device_count\(\) *< *(\d+)"
)
_FEW: Final = 2
_LOADING: Final = lazy_regex(r"load_weights|weight_loader|Loader\b")
_OF_TOOLS: Final = "tools"
_OF_TITLE: Final = "the title's "
_SHORTEST: Final = 5
_COMMON: Final = 60
"""Files of tests that have a word, beyond which it names nothing."""
_MOST_SAYING: Final = 2
_MOST_STEPS: Final = 2
"""Imports from what changed to the models that have it."""
_MOST_MODELS: Final = 12
"""Files of models that use a layer, of which the tests are looked for."""


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
    placed = tuple(placed)
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
        found += _by_name(facts, graph, changed, logic, _tables(placed, graph))
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
    told = _with_engines(tuple(marked), facts, graph) if modules else nearest
    return msgspec.structs.replace(facts, nearest_tests=told)


def _with_engines(
    nearest: tuple[Nearest, ...], facts: ChangeFacts, graph: ModuleGraph
) -> tuple[Nearest, ...]:
    """Return the tests; where none of them may run what a server runs, those are marked that start one and have a word of the title."""
    asked = subjects(facts)
    if any(one.runs or one.may_run not in ("", "far", "copies") for one in nearest):
        return nearest
    # What is new is run where something asks for it by its name.
    is_edit = any(isinstance(one, SymbolFact) and "added" not in one.aspects for one in asked)
    if not is_edit or asked[0].runs == _OF_TOOLS:
        return nearest
    variable = (asked[0].asked_for if isinstance(asked[0], SymbolFact) else None) or ""
    starts = re.compile(_starting())
    starting = [one for one in nearest if starts.search(decode(graph.text_at(RepoPath(one.path)) or b""))]
    # Better those that are about what the title names.
    told = [one for one in starting if any(_OF_TITLE in reason for reason in one.reasons)] or starting
    return tuple(
        msgspec.structs.replace(one, may_run="engine", via=variable) if one in told else one
        for one in nearest
    )


def _starting() -> str:
    """Return the expression of a line, not commented out, that starts an engine, a server or a process."""
    return rf"(?m)^[^#\n]*\b(?:{'|'.join(profile().starters)}|subprocess)\b"


def _by_name(
    facts: ChangeFacts,
    graph: ModuleGraph,
    changed: list[Placed],
    logic: tuple[str, ...],
    tables: Mapping[str, str],
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
    registered = _registered(modules, graph)
    known = classes.union(*registered.values())
    # What a layer changes is run by the models that have it.
    models = _models(known, tables) or _models(_model_classes(facts, graph), tables)
    # Of several models the one that the title is about comes first, then what fits on one machine.
    about = frozenset(_PART.findall(facts.change.title.lower()))
    models.sort(key=lambda name: (-len(about & {*_PART.findall(name.lower())}), _is_large(name)))
    names = dict.fromkeys((*(each for names in registered.values() for each in names), *models))
    started: dict[str, str] = {}
    for name in names:
        if len(name) >= _SHORTEST and name not in classes:
            for path in _saying((name,), graph, logic, facts):
                started.setdefault(path, name)
    for path in sorted(started, key=lambda path: _is_large(started[path]) or _needs_many(path, graph)):
        yield Nearest(
            path=path,
            score=0.0,
            reasons=(),
            runs=(),
            may_run="named",
            by=started[path],
            how="name",
            via=started[path],
        )
    for row in profile().row_tests:
        is_for = re.search(row.only, " ".join(logic)) is not None
        if is_for and any(
            f'"{name}"' in tables[row.table]
            for name in known | _classes(_modules(changed, graph), graph) | _new_classes(changed, graph)
        ):
            yield Nearest(path=row.test, score=0.0, reasons=(), runs=(), may_run="rows")
            return


def _new_classes(changed: Iterable[Placed], graph: ModuleGraph) -> set[str]:
    """Return the classes of files that the change adds."""
    outlines = (
        one.material.python.after
        for one in changed
        if one.material.python is not None and graph.module_of(RepoPath(one.fact.path)) is None
    )
    definitions = (one for outline in outlines if outline is not None for one in outline.definitions)
    return {one.name for one in definitions if one.kind is DefinitionKind.CLASS}


def _is_large(model: str) -> bool:
    """Return whether the name of a model tells that one device does not hold it."""
    return any(float(size) > _ON_ONE for size in _SIZE.findall(model))


def _needs_many(path: str, graph: ModuleGraph) -> bool:
    """Return whether a test asks for more devices than a developer has."""
    text = decode(graph.text_at(RepoPath(path)) or b"")
    return any(int(first or second) > _FEW for first, second in _DEVICES.findall(text))


def _tables(placed: Iterable[Placed], graph: ModuleGraph) -> dict[str, str]:
    """Return the tables of tests, as the change leaves them."""
    after = {one.fact.path: one.material.after.text for one in placed if one.material.after}
    paths = dict.fromkeys(row.table for row in profile().row_tests)
    return {path: after.get(path) or decode(graph.text_at(RepoPath(path)) or b"") for path in paths}


def _models(classes: Iterable[str], tables: Mapping[str, str]) -> list[str]:
    """Return the names of models in the rows that tables of tests have for classes."""
    return [
        one
        for table in tables.values()
        for name in sorted(classes)
        if (found := re.search(rf'"{re.escape(name)}":.*\n(?:(?:     .*)?\n)*', table))
        for one in _MODEL.findall(found[0])
    ]


def _model_classes(facts: ChangeFacts, graph: ModuleGraph) -> set[str]:
    """Return the classes of the models that import what changed most, themselves or through one other module: of the first files by name."""
    most = next((one for one in subjects(facts) if one.symbol), None)
    module = graph.module_of(RepoPath(most.path)) if most else None
    if most is None or module is None:
        return set()
    named = graph.modules_naming(module, (most.symbol or "").partition(".")[0], {EdgeLayer.EAGER})
    # What nobody imports is called by something beside it.
    level = {*(named or graph.users(module).get(EdgeLayer.EAGER, ()))}
    for _ in range(_MOST_STEPS):
        models = sorted(user for user in level if ".models." in user)
        if models:
            return _classes(models[:_MOST_MODELS], graph)
        level = {user for each in level for user in graph.users(each).get(EdgeLayer.EAGER, ())}
    return set()


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
    starts = re.compile(_starting() + got)
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
