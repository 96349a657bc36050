"""Reads the patches of a window from git: what authors say, what code decides of settings, and who edits whose lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from diffscope.adapters.git.log import Squash
from diffscope.adapters.git.process import run
from diffscope.adapters.git.repository import GitRepository
from diffscope.assessment.document import Assessment
from diffscope.diff.model import Diff
from diffscope.diff.parse import parse_diff
from diffscope.errors import DiffError
from diffscope.patterns import lazy_regex
from diffscope.products.report.authors_words import AuthorsWords, read_words, remarks_above, unset_variable
from diffscope.products.report.counts import number_of
from diffscope.products.report.decisions import (
    Decided,
    Resolved,
    acted_in,
    barred_in,
    capped_in,
    choices_in,
    decided_in,
    defaults_in,
    described_in,
    first_in,
    properties_of,
)
from diffscope.products.report.links.lines import Brought, Patch, Worked, find_worked, is_fix
from diffscope.render.change_summary import option_of
from diffscope.source.profile import places
from diffscope.source.text import decode, split_lines

_CAP: Final = lazy_regex(r"\bmax_\w*version ?=")
_MOST: Final = 600
"""Pull requests whose patches are read, the most important first: of a year those that a report can tell."""
_COMMIT: Final = lazy_regex(r"(?m)^commit ([0-9a-f]{40,64})$\n*")
_PATH: Final = lazy_regex(r"(?m)^--- a/(.+)$")
_OPTION: Final = r"[\"']--[a-z][a-z0-9-]+[\"']"
_DOCUMENTS: Final = ("docs", "README.md")
_LEFT_OPEN: Final = frozenset({"auto"})
"""Values that leave the choice to the code."""
_SIDES: Final = 2
_LONG_NAME: Final = 12
"""Letters of a class or function that no other one is likely to be called."""
_LEAST: Final = 8
"""Letters of a name that is looked for in later patches: shorter ones are words of anything."""


def read_patches(
    repository: GitRepository,
    assessments: Sequence[Assessment],
    later: Sequence[Squash] = (),
    earlier: Sequence[Assessment] = (),
) -> tuple[dict[int, AuthorsWords], Worked]:
    """Return by pull request what its author says and its code decides, and who works on whose lines; ``later`` was merged after, oldest first.

    ``earlier`` are those of whose lines a report may say that this window works on them.

    What git cannot tell is left out.
    """
    patches = _with_patches(repository, assessments)
    if not patches:
        return {}, Worked()
    settings = _settings(repository, patches[-1][0].change.pull.head or "HEAD")
    said = {
        number_of(one): _Reader(repository, one, diff, settings).words(_brought(one)) for one, diff in patches
    }
    before, own = (
        [Patch(number_of(one), one.change.pull.title, diff) for one, diff in some]
        for some in (_with_patches(repository, earlier), patches)
    )
    paths = sorted({file.path for patch in own for file in patch.files})
    return said, find_worked(
        [*before, *own],
        _later_fixes(repository, later, paths),
        _all_brought(repository, [one for one, _ in patches], said),
    )


def _with_patches(
    repository: GitRepository, assessments: Sequence[Assessment]
) -> list[tuple[Assessment, Diff]]:
    chosen = sorted(assessments, key=lambda one: -one.importance.value)[:_MOST]
    chosen.sort(key=lambda one: (one.change.pull.merged_at or "", number_of(one)))
    found = _patches(repository, [one.change.pull.head for one in chosen if one.change.pull.head])
    return [(one, found[head]) for one in chosen if (head := one.change.pull.head or "") in found]


def _later_fixes(repository: GitRepository, later: Sequence[Squash], paths: Sequence[str]) -> Iterator[Patch]:
    """Yield the fixes among later pull requests with what they change in some files, oldest first."""
    fixes = {each.commit: each for each in later if is_fix(each.subject)}
    found = _patches(repository, list(fixes), frozenset(paths)) if fixes and paths else {}
    for commit, squash in fixes.items():
        if commit in found:
            yield Patch(squash.number, squash.subject, found[commit])


def _all_brought(
    repository: GitRepository, assessments: Sequence[Assessment], said: Mapping[int, AuthorsWords]
) -> Brought:
    names, symbols, classes = dict[str, int](), dict[str, int](), dict[str, tuple[int, str]]()
    for one in assessments:
        number = number_of(one)
        for name in _brought(one):
            names.setdefault(name, number)
        for symbol in one.symbols:
            is_new = "added" in symbol.aspects and symbol.kind in ("class", "function")
            if is_new and not places().is_test(symbol.path) and len(symbol.name) >= _LONG_NAME:
                symbols.setdefault(symbol.name, number)
        for _, member, _ in said[number].orders:
            where = rf"^ +{member} = [\"'][a-z_][a-z0-9_.]*\.[A-Z]"
            for line in _grep(repository, one.change.pull.head or "HEAD", where):
                module, _, name = line.partition(" = ")[2].strip("\"', ").rpartition(".")
                classes.setdefault(f"{module.replace('.', '/')}.py", (number, name))
    return Brought(names, symbols, classes)


class _Reader:
    """Reads what the code of one pull request decides of settings, in the trees before and after it."""

    def __init__(
        self, repository: GitRepository, assessment: Assessment, diff: Diff, settings: frozenset[str]
    ) -> None:
        self._repository = repository
        self._assessment = assessment
        self._diff = diff
        self._settings = settings | _own(assessment)
        self._options = settings
        self._head = assessment.change.pull.head or ""

    def words(self, brought: Sequence[str]) -> AuthorsWords:
        """Return what the author says and the code decides."""
        values = [name for name in brought if "-" not in name]
        said = read_words(self._diff, self._settings, values)
        return msgspec.structs.replace(
            said,
            orders=tuple(found for path, name, _ in said.orders for found in self._firsts(path, name)),
            options=tuple(_options(self._repository, self._head, self._assessment, self._settings)),
            decided=tuple(self._decided(said.assigned)),
            fields=tuple(self._fields()),
            defaults=tuple(self._defaults([name for _, name in said.constants])),
            resolved=tuple(self._resolved()),
            acted=tuple(self._acted()),
            capped=tuple(self._capped()),
            unless=tuple(self._unless([value for value, _ in said.constants])),
            optional=tuple(sorted(_own(self._assessment) & self._options)),
        )

    def _shown(self, path: str, commit: str = "") -> str:
        return decode(run(self._repository.objects, "show", f"{commit or self._head}:{path}").out)

    def _added_in(self, path: str) -> set[int]:
        files = [file for file in self._diff.files if file.path == path]
        return {line.number for file in files for hunk in file.hunks for line in hunk.added}

    def _firsts(self, path: str, function: str) -> Iterator[tuple[str, str, str]]:
        """Yield of what a function tries first, where that is another one now: before, now, and under which conditions."""
        before, after = (
            first_in(self._shown(path, each), function) for each in (f"{self._head}~", self._head)
        )
        for under, was in before.items():
            now = after.get(under) or after.get("", was)
            if now != was:
                yield was, now, under

    def _decided(self, assigned: Sequence[tuple[str, int]]) -> Iterator[Decided]:
        """Yield settings that the code decides now, once each, with the numbers that were their defaults."""
        paths = dict.fromkeys(path for path, _ in assigned)
        known: dict[str, str] = {}
        if paths:
            python = [
                file for file in self._diff.files if file.path.endswith(".py") and "config" in file.path
            ]
            for file in python:
                known |= properties_of(self._shown(file.path))
        gone = " ".join(
            line.text for file in self._diff.files for hunk in file.hunks for line in hunk.removed
        )
        told = set[str]()
        for path in paths:
            text, before = self._shown(path), self._shown(path, f"{self._head}~")
            there = [_key(one) for one in decided_in(before, range(1, 10**6), self._settings, known)]
            lines = {line for each, line in assigned if each == path}
            for one in decided_in(text, lines, self._settings, known):
                # What code decided elsewhere before is only moved.
                is_moved = "'" in one.value and one.value.strip("'") in gone
                if one.name in told or _key(one) in there or is_moved:
                    continue
                # What code sets whatever was set, to what it is by default anyway, is met by hardly anybody.
                if not one.is_unset and one.value in self._default_before(one.name):
                    continue
                told.add(one.name)
                was = sorted(self._numbers(before, one.name)) if one.is_unset else ()
                yield msgspec.structs.replace(one, path=path, before=tuple(f"{each:g}" for each in was))

    def _numbers(self, text: str, name: str) -> set[float]:
        """Return the numbers that a setting had by default before: in the module that decides, and as constants of its class."""
        found = defaults_in(text, name)
        asks = rf"^ +DEFAULT_{name.upper()}\b.* = [0-9.]+$"
        lines = _grep(self._repository, f"{self._head}~", asks)
        return found | {float(line.rpartition("= ")[2]) for line in lines}

    def _fields(self) -> Iterator[tuple[str, str]]:
        """Yield settings of classes of settings that come or have another default, with their docstrings."""
        wanted: dict[str, set[str]] = {}
        for one in self._assessment.symbols:
            if one.role[:1] == ("config-field",) and one.role[1:2] != ("removed",):
                wanted.setdefault(one.path, set()).add(one.name.rpartition(".")[2])
        for path, names in wanted.items():
            described = described_in(self._shown(path)) if path.endswith(".py") else {}
            yield from (
                (name, described[name][0]) for name in sorted(names & {*described}) if described[name][0]
            )
        for one in self._assessment.symbols:
            if one.kind == "environment-variable" and one.aspects[:1] in (("added",), ("default",)):
                yield one.name, remarks_above(self._shown(one.path), one.name)

    def _defaults(self, options: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield options with what they are by default, by the field of the class of settings of that name."""
        for option in options:
            found = self._of_classes(option.removeprefix("--").replace("-", "_"), self._head)
            default = next((each for each in found if each != "None"), "")
            if default:
                yield option, default

    def _unless(self, values: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield constants with the variable of the environment without which the code before took them, where the code still reads it."""
        paths = [file.old_path or file.path for file in self._diff.files if values]
        texts = [self._shown(path, f"{self._head}~") for path in paths if path.endswith(".py")]
        for value in values:
            name = next(filter(None, (unset_variable(text, value) for text in texts)), "")
            if name and _grep(self._repository, self._head, rf"\b{name}\b"):
                yield value, name

    def _default_before(self, name: str) -> set[str]:
        return {*self._of_classes(name, f"{self._head}~")}

    def _of_classes(self, name: str, commit: str) -> Iterator[str]:
        """Yield what a field of classes is by default at a commit, as written."""
        asks = rf"^ {{4}}{name}: "
        found = run(self._repository.objects, "grep", "-l", "-E", "-e", asks, commit, "--", *_folders())
        for path in (line.partition(":")[2] for line in split_lines(decode(found.out)) if line):
            default = described_in(self._shown(path, commit)).get(name, ("", ""))[1]
            if default:
                yield default

    def _resolved(self) -> Iterator[tuple[str, Resolved]]:
        """Yield settings whose default leaves the choice to the code now, with what it chooses and where the value of before is refused."""
        for one in self._assessment.symbols:
            is_changed = "default" in (*one.aspects[:1], *one.role[1:2]) and len(one.role) > _SIDES
            before, after = one.role[-_SIDES:] if is_changed else ("", "")
            if after.strip("'\"") not in _LEFT_OPEN:
                continue
            name, was = one.name.rpartition(".")[2].removeprefix("--").replace("-", "_"), before.strip("'\"")
            paths = [file.path for file in self._diff.files if file.path.endswith(".py")]
            paths = [path for path in paths if not places().is_test(path)]
            texts = {path: self._shown(path) for path in paths}
            choices = next(
                filter(None, (choices_in(text, name, after.strip("'\"")) for text in texts.values())), []
            )
            barred = [
                each for path, text in texts.items() for each in barred_in(text, self._added_in(path), was)
            ]
            if choices or barred:
                yield one.name, Resolved(choices=tuple(choices), barred=tuple(dict.fromkeys(barred)))

    def _acted(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield variables that go, with what they acted with in the tree before."""
        gone = [
            one.name
            for one in self._assessment.symbols
            if one.kind == "environment-variable" and one.aspects[:1] == ("removed",)
        ]
        for file in (each for each in self._diff.files if gone and each.path.endswith(".py")):
            removed = [line for hunk in file.hunks for line in hunk.removed]
            for name in gone:
                if any(name in line.text for line in removed):
                    text = self._shown(file.path, f"{self._head}~")
                    found = acted_in(text, {line.number for line in removed}, name)
                    if found:
                        yield name, tuple(found)

    def _capped(self) -> Iterator[str]:
        """Yield what tests run only up to a version from now on."""
        whose = next(iter(places().product), "").strip("/")
        for file in self._diff.files:
            lines = [line.text for hunk in file.hunks for line in hunk.added]
            if places().is_test(file.path) and any(map(_CAP.search, lines)):
                yield from capped_in(self._shown(file.path), self._added_in(file.path), whose)


def _key(one: Decided) -> tuple[str, str, str]:
    return one.name, one.value, one.condition


def _grep(repository: GitRepository, commit: str, pattern: str) -> list[str]:
    found = run(repository.objects, "grep", "-h", "-E", "-e", pattern, commit, "--", *_folders())
    return [line.strip() for line in split_lines(decode(found.out)) if line.strip()]


def _options(
    repository: GitRepository, head: str, assessment: Assessment, settings: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Yield types that take new values, with the option of the command line that has the type."""
    for one in assessment.symbols:
        if one.role[:1] != ("value",) or not one.name.isidentifier():
            continue
        typed = rf"^ +[a-z_]+: {one.name}\b"
        found = run(repository.objects, "grep", "-h", "-o", "-E", "-e", typed, head, "--", *_folders())
        names = dict.fromkeys(line.strip().partition(":")[0] for line in split_lines(decode(found.out)))
        name = next((each for each in names if each in settings), None)
        if name is not None:
            yield one.name, f"--{name.replace('_', '-')}"


def _brought(assessment: Assessment) -> list[str]:
    """Return names of what a pull request lets users set: options, variables, fields, and values of settings."""
    found = []
    for one in assessment.symbols:
        if places().is_test(one.path):
            continue
        if one.role[:1] == ("value",):
            found += [value[1:] for value in one.role[1:] if value.startswith("+")]
        elif "added" in one.aspects and (
            one.kind in ("cli-flag", "environment-variable") or one.role[:2] == ("config-field", "added")
        ):
            found += (
                [one.name.rpartition(".")[2], option_of(one.name)]
                if one.kind == "variable"
                else [one.name, one.name.removeprefix("--").replace("-", "_")]
            )
    return [name for name in dict.fromkeys(found) if len(name) >= _LEAST and ("_" in name or "-" in name)]


def _own(assessment: Assessment) -> set[str]:
    """Return the fields that requests or configurations newly have."""
    return {
        one.name.rpartition(".")[2]
        for one in assessment.symbols
        if one.role[:1] in (("config-field",), ("protocol-field",))
    }


def _settings(repository: GitRepository, commit: str) -> frozenset[str]:
    """Return the options of the command line at a commit, as ``max_model_len``."""
    found = run(repository.objects, "grep", "-h", "-o", "-E", "-e", _OPTION, commit, "--", *_folders())
    return frozenset(
        line.strip("\"'").removeprefix("--").replace("-", "_") for line in split_lines(decode(found.out))
    )


def _folders() -> list[str]:
    return [folder.rstrip("/") for folder in places().packages]


def _patches(
    repository: GitRepository, heads: Sequence[str], among: frozenset[str] = frozenset()
) -> Mapping[str, Diff]:
    """Return the changes of commits by their names; with paths those that change one of them, of product code alone."""
    folders = [folder.rstrip("/") for folder in places().product]
    folders += [] if among else [*(folder.rstrip("/") for folder in places().tests), *_DOCUMENTS]
    options = ("-U0", "--first-parent", "--no-color", "--no-ext-diff", "--format=commit %H", "--stdin", "--")
    shown = run(repository.objects, "show", *options, *folders, given="\n".join(heads).encode())
    parts = _COMMIT.split(decode(shown.out))
    found: dict[str, Diff] = {}
    for commit, text in zip(parts[1::2], parts[2::2], strict=False):
        if among and among.isdisjoint(_PATH.findall(text)):
            continue
        try:
            found[commit] = parse_diff(text)
        except DiffError:
            continue
    return found
