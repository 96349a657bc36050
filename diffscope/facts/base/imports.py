"""Changed modules, with their place in the graph of the base; imports added to or removed from source files; import roots that nothing declares, and the optional extras of the project."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from diffscope.facts.base.base_index import AfterModule, TreeLookup
from diffscope.facts.change.changed_file import Placed, source_comparison
from diffscope.facts.change.changed_python import ChangedPython
from diffscope.facts.change.files import module_name
from diffscope.facts.model import DependencyFact, ImportFact, ModuleFact
from diffscope.facts.parsed_text import parse_module
from diffscope.patterns import lazy_regex
from diffscope.project.model import Requirement
from diffscope.source.profile import places
from diffscope.syntax.model import Import, ImportLayer


def collect_imports(placed: Iterable[Placed], lookup: TreeLookup | None = None) -> tuple[ImportFact, ...]:
    """Return the import facts of source files, by path and line. A name imported elsewhere in the same file as before is none."""
    facts = [
        fact
        for one in placed
        if (found := source_comparison(one))
        for fact in _imports_of_file(one, found, lookup)
    ]
    return tuple(
        sorted(facts, key=lambda fact: (fact.path, fact.line, fact.target, fact.name or "", fact.change))
    )


def modules_after(placed: Iterable[Placed]) -> dict[str, AfterModule]:
    """Return what each changed module binds and imports at its top after the change, by its name."""
    found = {}
    for one in placed:
        outline = one.material.python.after if one.material.python else None
        if outline is None or not one.fact.module or one.fact.status == "deleted":
            continue
        names = {definition.name for definition in outline.definitions if "." not in definition.name}
        imports = set()
        for item in outline.imports:
            if item.layer is ImportLayer.EAGER:
                module = absolute_module(one.fact.path, item)
                names.add(item.alias or item.name or item.module)
                imports |= {module, f"{module}.{item.name}"}
        found[one.fact.module] = AfterModule(frozenset(names), frozenset(imports))
    return found


def absolute_module(path: str, item: Import) -> str:
    """Return the module that an import of a file names, its leading dots resolved."""
    if not item.level:
        return item.module
    package = (module_name(path) or "").split(".")
    if not path.endswith("/__init__.py"):
        package = package[:-1]
    kept = package[: len(package) - (item.level - 1)]
    return ".".join([*kept, *([item.module] if item.module else [])])


def _imports_of_file(
    placed: Placed, comparison: ChangedPython, lookup: TreeLookup | None
) -> Iterator[ImportFact]:
    before = comparison.before.imports if comparison.before else ()
    known = {absolute_module(placed.fact.path, each) for each in before if each.layer is ImportLayer.EAGER}
    for change, imports in (("added", comparison.imports_added), ("removed", comparison.imports_removed)):
        for item in imports:
            target = absolute_module(placed.fact.path, item)
            # One more name of a module that was needed before needs nothing new, unless it is a module itself.
            is_needed = target in known and not (lookup and lookup.is_module(f"{target}.{item.name}"))
            is_new = change == "added" and item.layer is ImportLayer.EAGER and not is_needed
            yield ImportFact(
                **placed.spot(placed.new(item.line) if change == "added" else placed.old(item.line)),
                change=change,
                target=target,
                name=item.name,
                layer=item.layer.value,
                guard=item.guard,
                cycle=lookup.cycle(placed.fact.module, target, item.name)
                if is_new and lookup and placed.fact.module
                else None,
            )


def collect_modules(placed: Iterable[Placed], lookup: TreeLookup | None) -> tuple[ModuleFact, ...]:
    """Return a fact for each changed Python module of the product, by path. Without a graph its place in it is unknown."""
    chosen = (one for one in placed if one.fact.module and one.fact.category == "source")
    return tuple(sorted((_module(one, lookup) for one in chosen), key=lambda fact: fact.path))


def place_files(placed: Iterable[Placed], modules: Iterable[ModuleFact]) -> tuple[Placed, ...]:
    """Return the files with their module's distance from the serving path, and the files that their symbols came from."""
    distances = {module.path: module.distance for module in modules}
    listed = tuple(
        msgspec.structs.replace(
            one,
            fact=msgspec.structs.replace(one.fact, distance=distances.get(one.fact.path, one.fact.distance)),
        )
        for one in placed
    )
    by_path: dict[str, Placed] = {one.fact.path: one for one in listed}
    return tuple(
        msgspec.structs.replace(one, origins=tuple(by_path[path] for path in paths))
        if (paths := _left_for(one))
        else one
        for one in listed
    )


def _left_for(placed: Placed) -> tuple[str, ...]:
    """Return the other files that symbols of a file came from, sorted."""
    symbols = placed.material.python.symbols if placed.material.python is not None else ()
    paths = {one.moved_from.path for one in symbols if one.moved_from and one.moved_from.path}
    return tuple(sorted(paths - {placed.material.diff.path}))


def _module(placed: Placed, lookup: TreeLookup | None) -> ModuleFact:
    fact, status = placed.fact, placed.fact.status
    module = ModuleFact(
        **placed.spot(),
        is_new=status in ("added", "copied"),
        is_removed=status == "deleted",
        logic=fact.logic is True,
    )
    if lookup is None:
        return module
    # A renamed module stands in the base's graph under its old name.
    path = fact.old_path if status == "renamed" and fact.old_path else fact.path
    return lookup.locate(module, path)


_DISTRIBUTIONS: Final = {
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "fitz": "pymupdf",
    "google": "protobuf",
    "grpc": "grpcio",
    "grpc_health": "grpcio-health-checking",
    "grpc_reflection": "grpcio-reflection",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "multipart": "python-multipart",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Import roots whose distribution has another name."""
_NO_OTHERS: Final = frozenset({"benchmarks", "setuptools", "pkg_resources", "__future__"})
_NAME: Final = lazy_regex(r"^\s*([A-Za-z0-9][\w.-]*?)\s*(?:\[[^\]]*\])?\s*(?:(?=[<>=!~;@ ])(.*))?$")


def undeclared_imports(
    placed: Iterable[Placed],
    imports: Iterable[ImportFact],
    known: Callable[[], Iterable[Requirement]],
    lookup: TreeLookup | None,
) -> Iterator[DependencyFact]:
    """Yield the first import of each root that source files import anew, that no requirement file names and no module of the base imports."""
    by_path = {one.fact.path: one for one in placed}
    told: set[str] = set()
    for fact in imports:
        root = fact.target.partition(".")[0]
        if fact.change != "added" or fact.layer == "typing" or root in told or lookup is None:
            continue
        if not root or root in places().own or root in _NO_OTHERS or root in sys.stdlib_module_names:
            continue
        told.add(root)
        place, requirements = by_path.get(fact.path), tuple(known())
        # Without the requirements of the base nothing can be told to be missing from them.
        if place is None or not requirements or _is_declared(root, requirements, by_path.values()):
            continue
        if lookup.imports_root(root):
            continue
        yield DependencyFact(
            **place.spot(place.new(fact.line), symbol=None),
            name=distribution_of(root),
            change="imported",
            after=fact.guard or ("inside a function" if fact.layer == "lazy" else None),
            kind="import",
        )


def read_extras(path: str, text: str) -> Iterator[tuple[str, str, str, int]]:
    """Yield extra, name, specifier and line of each optional requirement of a ``setup.py`` or ``pyproject.toml``; nothing for one that does not parse."""
    found = _of_setup(text) if path == "setup.py" else _of_project(text) if path == "pyproject.toml" else ()
    for extra, requirement, line in found:
        match = _NAME.match(requirement)
        if match is not None:
            yield extra, _normal(match[1]), (match[2] or "").partition(";")[0].strip(), line


def _of_setup(text: str) -> Iterator[tuple[str, str, int]]:
    tree = parse_module(text)
    for node in ast.walk(tree) if tree is not None else ():
        if (
            isinstance(node, ast.keyword)
            and node.arg == "extras_require"
            and isinstance(node.value, ast.Dict)
        ):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, (ast.List, ast.Tuple)):
                    for each in value.elts:
                        if isinstance(each, ast.Constant) and isinstance(each.value, str):
                            yield str(key.value), each.value, each.lineno


def _of_project(text: str) -> Iterator[tuple[str, str, int]]:
    import tomllib  # noqa: PLC0415 - few changes touch such a file, and start-up is hot

    try:
        project = tomllib.loads(text).get("project", {})
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    extras = project.get("optional-dependencies", {}) if isinstance(project, dict) else {}
    for extra, listed in extras.items() if isinstance(extras, dict) else ():
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, str):
                at = text.find(each)
                yield str(extra), each, text.count("\n", 0, at) + 1 if at >= 0 else 1


def _is_declared(root: str, requirements: Iterable[Requirement], placed: Iterable[Placed]) -> bool:
    name = distribution_of(root)
    if any(each.name and (each.name == name or each.name.startswith(f"{name}-")) for each in requirements):
        return True
    word = re.compile(rf"(?im)(?:^|[\s'\"/]){re.escape(name).replace('-', '[-_.]')}(?![\w])")
    declaring = ("setup.py", "pyproject.toml", "requirements/", "docker/")
    return any(
        one.fact.path.startswith(declaring) and word.search(one.material.after.text)
        for one in placed
        if one.material.after is not None
    )


def distribution_of(root: str) -> str:
    """Return the normalised name under which an import root is installed."""
    return _DISTRIBUTIONS.get(root, _normal(root))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
