"""The globs of diffscope's own rule files, with their lines, to try on a tree and on a history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import read_text
from diffscope.diff.names import decode_name
from diffscope.errors import ConfigurationError, InputError, RepositoryError
from diffscope.patterns import compile_glob
from diffscope.products.doctor.findings import RuleGlob
from diffscope.source.model import RepoPath
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode, parse_strict

_LARGEST = 1_000_000
_PROSE = frozenset(
    {
        "title",
        "why",
        "remedy",
        "check",
        "says",
        "limits",
        "about",
        "holds",
        "fails",
        "unknown",
        "reason",
        "en",
        "zh",
        "words",
        "texts",
        "titles",
        "symbols",
    }
)


def read_rule_globs(folder: Path) -> tuple[RuleGlob, ...]:
    """Return every glob below a rules folder that names a place: one with a literal folder in front.

    ``**/*.cu`` and its like name kinds of files, and are no claim about a tree. A file that cannot be read holds none:
    loading the rules reports it.
    """
    found: list[RuleGlob] = []
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*/rule.yml")]):
        try:
            root, _ = parse_strict(read_text(path, most=_LARGEST, hint="diffscope rules validate"))
        except ConfigurationError:
            continue
        name = RepoPath(f"rules/{path.relative_to(folder).as_posix()}")
        found += [
            RuleGlob(path=name, line=node.line, text=node.text)
            for node in _texts(root)
            if _names_place(node.text)
        ]
    return tuple(found)


def paths_ever(repository: GitRepository, revision: str) -> frozenset[str]:
    """Return every path that the line of first parents to a revision ever added. Raises ``RepositoryError``."""
    commit = repository.resolve(revision)
    found = run(
        repository.objects,
        *("log", "-z", "--first-parent", "--no-renames", "--diff-filter=A", "--name-only", "--format="),
        *("--end-of-options", commit),
    )
    if found.code != 0:
        raise RepositoryError(
            f"git: {found.err.strip()}", at=str(repository.path), hint="diffscope rules validate"
        )
    return frozenset(decode_name(name) for cell in found.out.split(b"\0") if (name := cell.lstrip(b"\n")))


def _texts(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        yield node
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _texts(item)
    elif isinstance(node, MapNode):
        for entry in node.entries:
            if entry.key not in _PROSE:
                yield from _texts(entry.value)


def _names_place(text: str) -> bool:
    if "/" not in text or any(char.isspace() for char in text) or any(char in text for char in "^$()|\\"):
        return False
    if "*" not in text and "." not in text.rpartition("/")[2]:
        return False
    try:
        return "/" in compile_glob(text).prefix
    except InputError:
        return False
