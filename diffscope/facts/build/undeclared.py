"""Import roots that a change brings and that nothing declares, and the optional extras of the project."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from diffscope.facts.base.base_index import TreeLookup
from diffscope.facts.change.changed_file import Placed
from diffscope.facts.model import DependencyFact, ImportFact
from diffscope.facts.parsed_text import parse_module
from diffscope.patterns import lazy_regex
from diffscope.project.model import Requirement
from diffscope.source.profile import places

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
