"""A folder of rules, read to find what is wrong with it: its tables as the types that they are declared as, and its globs with their lines.

Every mistake of every file is found; the globs are tried on a tree and on a history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from diffscope.adapters.config.profiles import PROFILE_FILE, ignored_files, shown_file, table_file
from diffscope.adapters.config.rule_files import bundled_rules, shown_name
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.read_file import is_there, read_text
from diffscope.errors import ConfigurationError, InputError, RepositoryError
from diffscope.graph.query.serving import SERVING
from diffscope.graph.query.structure import REGISTRIES, Registry, load_registries
from diffscope.patterns import compile_glob
from diffscope.products.doctor.findings import RuleGlob
from diffscope.source.model import RepoPath
from diffscope.source.profile import USUAL_TESTS, Profile
from diffscope.source.text import decode_whole
from diffscope.taxonomy.calls import KERNELS, ROLES
from diffscope.taxonomy.consequence import CONSEQUENCE, REACH
from diffscope.taxonomy.counterparts import COUNTERPARTS, TWINS
from diffscope.taxonomy.model import FILES, check_tables
from diffscope.yaml.reading import Mistake
from diffscope.yaml.strict import ListNode, MapNode, Node, ScalarNode, parse_strict
from diffscope.yaml.typed import check_file, keys_of

_LARGEST: Final = 1_000_000
_TYPES: Final[dict[str, Any]] = {
    "roles.yml": ROLES,
    "counterparts.yml": COUNTERPARTS,
    "twins.yml": TWINS,
    "kernels.yml": KERNELS,
    "serving.yml": SERVING,
    "registries.yml": REGISTRIES,
    "reach.yml": REACH,
    "consequence.yml": CONSEQUENCE,
}


def read_registries(profile: Path) -> tuple[Registry, ...]:
    """Return the registries that are known by name: those of the ``registries.yml`` of a profile."""
    file = table_file(profile, "registries.yml")
    return load_registries(_read(file), at=shown_file(file))


def table_mistakes(folder: Path) -> list[Mistake]:
    """Return every mistake in the tables of a folder. Tables that it lacks are the bundled ones."""
    name = shown_name(folder)
    found: list[Mistake] = []
    own = {
        file: text
        for file in FILES
        if is_there(folder / file) and (text := _text(folder / file, f"{name}/{file}", found)) is not None
    }
    if own:
        bundled = {file: _read(bundled_rules() / file) for file in FILES if file not in own}
        at = {file: f"{name}/{file}" for file in FILES}
        mistakes = check_tables(bundled | own, at=at, borrowed=bundled)[1]
        # What is wrong with a bundled table is no mistake of who wrote this folder.
        found += [each for each in mistakes if each.path.removeprefix(f"{name}/") in own]
    for file, type_ in _TYPES.items():
        if is_there(folder / file) and (text := _text(folder / file, f"{name}/{file}", found)) is not None:
            found += check_file(type_, text, at=f"{name}/{file}")[1]
    return found


def profile_mistakes(folder: Path) -> list[Mistake]:
    """Return every mistake in the names of a profile, and every file of it that nothing would read."""
    name, found = shown_name(folder), ignored_files(folder)
    text = _text(folder / PROFILE_FILE, f"{name}/{PROFILE_FILE}", found)
    if text is not None:
        found += check_file(Profile, text, at=f"{name}/{PROFILE_FILE}", known=_declared(folder))[1]
    return found


def _declared(folder: Path) -> dict[str, Collection[str]]:
    """Return the words of tables that names of a profile refer to; of a table that cannot be read any will do."""
    known: dict[str, Collection[str]] = {}
    for section, word in (("areas", "area"), ("platforms", "platform"), ("surfaces", "surface")):
        text = _text(table_file(folder, f"{section}.yml"), section, [])
        root = parse_strict(text)[0] if text is not None else None
        known |= {word: keys_of(root, section)} if root is not None else {}
    return known


def absent_folders(profile: Profile, paths: Collection[str]) -> list[str]:
    """Return the folders and files that a profile names and a tree with these paths does not have."""
    # The usual folder of tests is where they will be.
    tests = () if profile.tests == USUAL_TESTS else profile.tests
    named = (*profile.packages, *tests, *profile.native, *profile.source_roots)
    more = (profile.environment.file,) if profile.environment else ()
    return [
        each
        for each in (*named, *more)
        if each not in paths and not any(path.startswith(f"{each.rstrip('/')}/") for path in paths)
    ]


def places_in_profile(folder: Path) -> dict[str, int]:
    """Return the line of each text that ``profile.yml`` of a folder holds; of one that stands in two places the first."""
    root, _ = parse_strict(_read(folder / PROFILE_FILE))
    found: dict[str, int] = {}
    for node in _texts(root):
        found.setdefault(node.text, node.line)
    return found


def _text(path: Path, name: str, found: list[Mistake]) -> str | None:
    try:
        return _read(path)
    except ConfigurationError as error:
        found.append(Mistake(path=name, line=1, message=error.message, hint=error.hint or ""))
        return None


def _read(path: Path) -> str:
    return read_text(path, most=_LARGEST, hint="put a text file there, or split it")


_LARGEST_RULE_FILE = 1_000_000
_PROSE = frozenset({
    "title", "why", "remedy", "check", "says", "limits", "about", "holds", "fails", "unknown", "reason",
    "en", "zh", "words", "texts", "titles", "symbols",
})  # fmt: skip


def read_rule_globs(folder: Path) -> tuple[RuleGlob, ...]:
    """Return every glob below a rules folder that names a place: one with a literal folder in front.

    ``**/*.cu`` and its like name kinds of files, and are no claim about a tree. A file that cannot be read holds none:
    loading the rules reports it.
    """
    found: list[RuleGlob] = []
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*/rule.yml")]):
        try:
            root, _ = parse_strict(read_text(path, most=_LARGEST_RULE_FILE, hint="diffscope rules validate"))
        except ConfigurationError:
            continue
        name = RepoPath(f"{shown_name(folder)}/{path.relative_to(folder).as_posix()}")
        found += [
            RuleGlob(path=name, line=node.line, text=node.text)
            for node in _texts(root)
            if _names_place(node.text)
        ]
    return tuple(found)


def paths_ever(repository: GitRepository) -> frozenset[str]:
    """Return every path that the line of first parents to ``HEAD`` ever added. Raises ``RepositoryError``."""
    commit = repository.resolve("HEAD")
    found = run(
        repository.objects,
        *("log", "-z", "--first-parent", "--no-renames", "--diff-filter=A", "--name-only", "--format="),
        *("--end-of-options", commit),
    )
    if found.code != 0:
        raise RepositoryError(
            f"git: {found.err.strip()}", at=str(repository.path), hint="diffscope rules validate"
        )
    return frozenset(decode_whole(name) for cell in found.out.split(b"\0") if (name := cell.lstrip(b"\n")))


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
