"""Source dependencies of steps and mirrors that match nothing, stand twice, or that another entry covers."""

from __future__ import annotations

from collections.abc import Iterator

from diffscope.products.doctor.checks.places import StepPlace, unique_steps
from diffscope.products.doctor.findings import Edit, Finding, Weight, make_finding
from diffscope.project.ci.selection import ALWAYS_RUN_KEYS, TEMPLATE_RUN_ALL, TEMPLATE_RUN_ALL_EXCLUDE
from diffscope.project.matching.matching import first_regex, matches_dependency
from diffscope.project.model import Dialect, Listed, Project
from diffscope.project.tree import TreeIndex


def check_dependencies(project: Project, tree: TreeIndex) -> Iterator[Finding]:
    """Yield what is wrong with the dependency lists of each step and mirror."""
    for place in unique_steps(project):
        lists = [("", place.step.dependencies)]
        lists += [(f" (mirror '{mirror.name}')", mirror.dependencies) for mirror in place.step.mirrors]
        for note, listed in lists:
            yield from _check_list(place, note, listed or (), tree)
        yield from _check_empty(place)


def _check_list(
    place: StepPlace, note: str, listed: tuple[Listed, ...], tree: TreeIndex
) -> Iterator[Finding]:
    first: dict[str, Listed] = {}
    for entry in listed:
        known = first.setdefault(_plain(entry.text, place.dialect), entry)
        if known is not entry:
            message = f"'{entry.text}' stands twice in '{place.step.label}'{note}, first on line {known.line}"
            edit = Edit(line=entry.line, old=entry.text)
            yield make_finding("DR302", place.step.file, entry.line, message, edit=edit)
        elif _is_exclusion(entry, place.dialect):
            yield from _check_exclusion(place, note, entry, listed, tree)
        elif not _matches_any(entry.text, place.dialect, tree):
            if not _is_under_run_all(place, entry):
                yield _dead(place, note, entry, listed, tree)
        else:
            yield from _check_covered(place, note, entry, listed)


def _is_under_run_all(place: StepPlace, entry: Listed) -> bool:
    """Say whether whatever comes to lie under an entry runs the whole pipeline anyway: whether the entry is dead matters to nobody."""
    below = f"{entry.text.rstrip('/')}/"
    if place.dialect is Dialect.AMD_TEMPLATE:
        is_out = entry.text.startswith(TEMPLATE_RUN_ALL_EXCLUDE)
        return entry.text.startswith(TEMPLATE_RUN_ALL) and not is_out
    return bool(place.pipelines) and all(
        first_regex(each.run_all, below) is not None and first_regex(each.run_all_exclude, below) is None
        for each in place.pipelines
    )


def _dead(place: StepPlace, note: str, entry: Listed, listed: tuple[Listed, ...], tree: TreeIndex) -> Finding:
    message = f"'{entry.text}' in '{place.step.label}'{note} matches no file"
    nearest = tree.nearest(entry.text)
    edit = None
    if nearest == f"{entry.text.strip('/')}.py":
        message = f"{message}: the name lacks '.py'"
        is_known = any(
            matches_dependency(each.text, nearest, place.dialect) for each in listed if each is not entry
        )
        edit = Edit(line=entry.line, old=entry.text, new=None if is_known else nearest)
    if any(char in entry.text for char in "*?["):
        message = f"{message}: entries are paths, not globs"
    return make_finding("DR301", place.step.file, entry.line, message, suggestion=nearest, edit=edit)


def _check_covered(
    place: StepPlace, note: str, entry: Listed, listed: tuple[Listed, ...]
) -> Iterator[Finding]:
    if any(_is_exclusion(each, place.dialect) for each in listed):
        return
    plain = _plain(entry.text, place.dialect)
    cover = next(
        (
            each
            for each in listed
            if _plain(each.text, place.dialect) != plain
            and matches_dependency(each.text, plain, place.dialect)
        ),
        None,
    )
    if cover is not None:
        message = f"'{entry.text}' in '{place.step.label}'{note} adds nothing to '{cover.text}' on line {cover.line}"
        edit = Edit(line=entry.line, old=entry.text)
        yield make_finding("DR303", place.step.file, entry.line, message, edit=edit)


def _check_exclusion(
    place: StepPlace, note: str, entry: Listed, listed: tuple[Listed, ...], tree: TreeIndex
) -> Iterator[Finding]:
    excluded = _matched(entry.text[1:], place.dialect, tree)
    includes = [each.text for each in listed if not _is_exclusion(each, place.dialect)]
    where = f"'{entry.text}' in '{place.step.label}'{note}"
    if not excluded:
        message = f"{where} excludes a path that does not exist"
        nearest = tree.nearest(entry.text[1:])
        suggestion = f"!{nearest}" if nearest else None
        yield make_finding("DR301", place.step.file, entry.line, message, suggestion=suggestion)
    elif not any(matches_dependency(each, path) for each in includes for path in excluded):
        yield make_finding(
            "DR315", place.step.file, entry.line, f"{where} excludes nothing that the list includes"
        )


def _check_empty(place: StepPlace) -> Iterator[Finding]:
    step = place.step
    if step.optional or step.dependencies or (step.key or "").startswith("image-build"):
        return
    if step.key in ALWAYS_RUN_KEYS:
        return
    if step.dialect is Dialect.AMD_TEMPLATE:
        so = "it runs for every change that is not documentation"
    elif step.watches_own_file:
        so = f"it runs only when {step.file} changes" + (" or everything runs" if place.runs_all else "")
    elif place.runs_all:
        so = "it runs only when a run_all pattern of its pipeline matches"
    else:
        so = "the generator never runs it by itself"
    weight = Weight.INFO if place.runs_all else Weight.MEDIUM
    message = f"'{step.label}' has no dependencies: {so}"
    yield make_finding("DR304", step.file, step.line, message, weight=weight)


def _is_exclusion(entry: Listed, dialect: Dialect) -> bool:
    return dialect is Dialect.GENERATOR and entry.text.startswith("!")


def _plain(text: str, dialect: Dialect) -> str:
    return text if dialect is Dialect.AMD_TEMPLATE else text.rstrip("/")


def _matches_any(entry: str, dialect: Dialect, tree: TreeIndex) -> bool:
    if dialect is Dialect.AMD_TEMPLATE:
        return bool(tree.starting_with(entry))
    return tree.exists(entry.rstrip("/")) and bool(entry.rstrip("/"))


def _matched(entry: str, dialect: Dialect, tree: TreeIndex) -> tuple[str, ...]:
    start = entry if dialect is Dialect.AMD_TEMPLATE else entry.rstrip("/")
    return tuple(path for path in tree.starting_with(start) if matches_dependency(entry, path, dialect))
