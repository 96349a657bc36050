"""Native sources and build files, all of a tree together -> their records: includes, calls, operators, source lists.

A binding names a function by its bare name, and which file defines it depends on all of them; so these records are made anew for the
whole of ``csrc/`` when any of it changes, unlike those of Python files. There are a few hundred.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import Final

from diffscope.graph.model import EdgeLayer
from diffscope.graph.resolve import SOURCES
from diffscope.graph.tables import ABSENT, LAYER_CODES, FileRecords, Record, Reference, ReferenceKind
from diffscope.source.model import RepoPath
from diffscope.source.profile import places
from diffscope.syntax.model import BuildOutline, BuildTarget, NativeOutline, OperatorBinding

_Lists = dict[str, dict[str, BuildTarget]]
"""Variable -> source -> the command that gave it."""


def extension_sources(
    builds: Mapping[RepoPath, BuildOutline], natives: Collection[str], binders: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the native sources of each extension module.

    Those of the main build file come first, then those of files further down; of one file those that bind operators, for an import of the
    module leads to the first.
    """
    alone = {path: _follow(build.targets, {})[0] for path, build in builds.items()}
    found: dict[str, dict[str, None]] = {}
    for path in sorted(builds, key=lambda path: (path.count("/"), path)):
        others = {
            name: held for other in sorted(alone) if other != path for name, held in alone[other].items()
        }
        for name, sources in _follow(builds[path].targets, others)[1].items():
            ordered = sorted(
                sources.intersection(natives),
                key=lambda each: (each not in binders, "bindings" not in each, each),
            )
            found.setdefault(name, {}).update(dict.fromkeys(ordered))
    return {name: tuple(sources) for name, sources in sorted(found.items())}


def _follow(targets: Iterable[BuildTarget], others: _Lists) -> tuple[_Lists, dict[str, set[str]]]:
    """Return what the variables of a file hold in the end, and the sources of its extensions.

    A variable that the file does not set is taken from ``others``.
    """
    lists: _Lists = {}
    extensions: dict[str, set[str]] = {}
    for target in targets:
        taken = {source for part in target.parts for source in lists.get(part, others.get(part, {}))}
        given = dict.fromkeys(sorted(taken.union(target.sources)), target)
        if target.destination or target.name in extensions:
            extensions.setdefault(target.name, set()).update(given)
            continue
        kept = {
            source: giver
            for source, giver in lists.get(target.name, {}).items()
            if target.is_appended or target.name in target.parts or _is_else_of(target, giver)
        }
        lists[target.name] = kept | given
    return lists, extensions


def _is_else_of(target: BuildTarget, former: BuildTarget) -> bool:
    """Say whether a command stands in the ``else`` of the ``if`` that a former one stands in: only one of the two is run."""
    if not target.guards or len(former.guards) < len(target.guards):
        return False
    *around, last = target.guards
    at = len(around)
    return list(former.guards[:at]) == around and last == f"not ({former.guards[at]})"


NativeFile = NativeOutline | BuildOutline | None
"""``None``: the bytes of the file are missing."""

_INCLUDE: Final = LAYER_CODES[EdgeLayer.INCLUDE]
_OP: Final = LAYER_CODES[EdgeLayer.OP]
_REGISTRY: Final = LAYER_CODES[EdgeLayer.REGISTRY]
_MACRO: Final = "TORCH_EXTENSION_NAME"
_DEFAULT_EXTENSION: Final = "_C"
_UNLINKED: Final = frozenset({"constexpr", "inline", "static"})
"""No other source can call these without including them. (A template can be instantiated for others.)"""
_MOST_DECLARED: Final = 16
"""Sources that a header may lead to by what it declares."""
_MOST_DEFINERS: Final = 3
"""A name defined in more files than that is a common word, and a call of it says nothing."""


def describe_natives(files: Mapping[RepoPath, NativeFile]) -> dict[RepoPath, FileRecords]:
    """Return the records of every native source and build file of a tree."""
    return _Join(files).run()


class _Join:
    def __init__(self, files: Mapping[RepoPath, NativeFile]) -> None:
        self._files = files
        self._natives = {
            path: each for path, each in sorted(files.items()) if isinstance(each, NativeOutline)
        }
        self._builds = {path: each for path, each in sorted(files.items()) if isinstance(each, BuildOutline)}
        self._builds_in: dict[str, list[tuple[RepoPath, BuildOutline]]] = {}
        for path, build in self._builds.items():
            self._builds_in.setdefault(dirname(path), []).append((path, build))
        self._definers = _definers(self._natives)
        sources = {path: each for path, each in self._natives.items() if path.endswith(SOURCES)}
        self._linked = _definers(sources, _UNLINKED)
        binders = {path for path, outline in self._natives.items() if outline.bindings}
        self._extension_sources = extension_sources(self._builds, self._natives, binders)
        # Of several extensions that a source is in the shortest names its operators: ``_C`` before ``_C_AVX2``.
        names = sorted(self._extension_sources, key=lambda name: (-len(name), name))
        self._extensions = {path: name for name in names for path in self._extension_sources[name]}
        self._by_tail = _by_tail(files)
        self._found: dict[RepoPath, set[Record]] = {path: set() for path in files}

    def run(self) -> dict[RepoPath, FileRecords]:
        for path, outline in self._natives.items():
            self._found[path].update(self._includes(path, outline))
            self._found[path].update(self._calls(path, outline))
            for binding in outline.bindings:
                self._bind(path, binding)
        for path, build in self._builds.items():
            self._found[path].update(self._lists(path, build))
        return {path: self._records(path, each) for path, each in sorted(self._files.items())}

    def _records(self, path: RepoPath, outline: NativeFile) -> FileRecords:
        if outline is None:
            return ABSENT
        # What the grammar cannot read is read line by line (see ``NativeOutline.problems``), so nothing is unparsed here.
        return FileRecords(records=tuple(sorted(self._found[path])))

    def _includes(self, path: RepoPath, outline: NativeOutline) -> Iterator[Record]:
        for include in outline.includes:
            target = self._included(path, include.path)
            if target is not None and target != path:
                guard = " and ".join(include.guards)
                yield Record(include.line, _INCLUDE, Reference(ReferenceKind.NODE, target), guard)

    def _included(self, path: str, written: str) -> str | None:
        """Find an included file: beside the source, from csrc/ or the root, else the only one whose path ends so."""
        for folder in (dirname(path), *places().native, ""):
            candidate = normpath(join(folder, written))
            if candidate in self._files:
                return candidate
        ending = f"/{normpath(written)}"
        name = written.rpartition("/")[2]
        found = [each for each in self._by_tail.get(name, ()) if each.endswith(ending)]
        return found[0] if len(found) == 1 else self._generator(path, outputs=name)

    def _generator(self, path: str, *, outputs: str = "", words: str = "") -> str | None:
        """Find the script beside a source that generates a file of that name, or code with that word."""
        for each, build in self._builds_in.get(dirname(path), ()):
            if outputs in build.outputs or words in build.words:
                return each
        return None

    def _calls(self, path: RepoPath, outline: NativeOutline) -> Iterator[Record]:
        # In a file of bindings, and in a header, what looks like a call is mostly a declaration. One of a few functions ties whoever
        # includes it to their sources; one of hundreds (ops.h) says nothing.
        bound = {(binding.function or "").rpartition("::")[2] for binding in outline.bindings}
        called = {call: self._called(path, call.name) for call in outline.calls if call.name not in bound}
        if path.endswith(SOURCES) or len(set(called.values())) <= _MOST_DECLARED:
            for call, target in called.items():
                if target is not None:
                    yield Record(call.line, _INCLUDE, Reference(ReferenceKind.NODE, target, call.name))

    def _called(self, path: str, name: str) -> str | None:
        if name not in self._definers:
            return self._generator(path, words=name)
        linked = self._linked.get(name, ())
        if path in self._definers[name] or not 0 < len(linked) <= _MOST_DEFINERS:
            return None
        target = min(linked, key=lambda each: (_distance(path, each), each))
        return target if _same_device(path, target) else None

    def _bind(self, path: RepoPath, binding: OperatorBinding) -> None:
        """Put an operator down in the file that implements it, and in the one that declares its schema."""
        namespace = self._namespace(path, binding.namespace)
        operator = binding.name.partition(".")[0]
        guard = " and ".join(filter(None, (binding.device, *binding.guards)))
        if binding.what == "schema":
            declared = Reference(ReferenceKind.DECLARES, namespace, operator)
            self._found[path].add(Record(binding.line, _OP, declared, guard))
            return
        provided = Reference(ReferenceKind.PROVIDES, namespace, operator)
        for target in self._implementers(path, (binding.function or "").rpartition("::")[2]):
            self._found[target].add(
                Record(binding.line, _OP, provided, guard, "" if target == path else path)
            )

    def _implementers(self, path: RepoPath, function: str) -> list[RepoPath]:
        """Return the files that define a bound function: the binding file itself, else the nearest one, or several as near as that."""
        definers = self._definers.get(function, ())
        if path in definers or not definers:
            return [path]
        nearest = min(_distance(path, each) for each in definers)
        return [each for each in definers if _distance(path, each) == nearest]

    def _namespace(self, path: str, written: str) -> str:
        if _MACRO not in written:
            return written
        return written.replace(_MACRO, self._extensions.get(path, _DEFAULT_EXTENSION))

    def _lists(self, path: RepoPath, build: BuildOutline) -> Iterator[Record]:
        for source in build.sources:
            target = self._listed(path, source.path)
            if target is not None and target != path:
                reference = Reference(ReferenceKind.NODE, target, source.variable)
                yield Record(source.line, _INCLUDE, reference, " and ".join(source.guards))
        for each in build.targets:
            sources = self._extension_sources.get(each.name)
            if each.destination and sources:
                module = f"{each.destination.replace('/', '.')}.{each.name}"
                yield Record(each.line, _INCLUDE, Reference(ReferenceKind.EXTENSION, module, sources[0]))
        for row in build.rows:
            for value in row.values:
                reference = Reference(ReferenceKind.DOTTED, value)
                yield Record(row.line, _REGISTRY, reference, bound=f"{row.table}:{row.key}")

    def _listed(self, path: str, written: str) -> str | None:
        """Find a listed source. A pattern of generated sources stands for the script beside them that generates them."""
        name = normpath(join(dirname(path), written) if written.startswith("./") else written)
        if "*" in name:
            folders = (dirname(name), dirname(dirname(name)))
            scripts = (each for folder in folders for each in sorted(self._builds) if dirname(each) == folder)
            return next((each for each in scripts if each.endswith(".py")), None)
        if name in self._files:
            return name
        return self._included(path, written) if path.endswith(".py") else None


def _definers(
    natives: Mapping[RepoPath, NativeOutline], without: frozenset[str] = frozenset()
) -> dict[str, tuple[RepoPath, ...]]:
    """Return bare function name -> files that define a host function of it, but for those with certain qualifiers."""
    found: dict[str, set[RepoPath]] = {}
    for path, outline in natives.items():
        for function in outline.functions:
            is_device = "__device__" in function.qualifiers and "__host__" not in function.qualifiers
            if not function.is_kernel and not is_device and without.isdisjoint(function.qualifiers):
                found.setdefault(function.name.rpartition("::")[2], set()).add(path)
    return {name: tuple(sorted(paths)) for name, paths in found.items()}


def _distance(path: str, other: str) -> tuple[bool, bool, int]:
    """Rank a definer: one for the same device first, a source before a header, then by the folders that both share."""
    shared = 0
    for left, right in zip(path.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        shared += 1
    return not _same_device(path, other), not other.endswith(SOURCES), -shared


def _same_device(path: str, other: str) -> bool:
    cpu = tuple(f"{folder}cpu/" for folder in places().native)
    return path.startswith(cpu) == other.startswith(cpu)


def _by_tail(files: Mapping[RepoPath, NativeFile]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted(files):
        found.setdefault(path.rpartition("/")[2], []).append(path)
    return found
