"""``diffscope rules``: list, show, validate, convert, test and start rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from diffscope.cli import options
from diffscope.cli.console import DONE, FINDINGS, Console
from diffscope.errors import UsageError, shell_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from diffscope.adapters.config.profiles import Chosen
    from diffscope.rules.authoring.run_cases import CaseResult
    from diffscope.rules.language.catalogue import Catalogue, Rule
    from diffscope.yaml.reading import Mistake

_FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.group(cls=options.CommandGroup)
def rules() -> None:
    """List, show, validate, convert, test and create rules."""


@rules.command("list")
@options.rules_option
@options.language_option
@options.form_option
def list_rules(*, rule_folders: tuple[Path, ...], lang: str, form: str) -> int:
    """List every rule: code, severity, status, family, title."""
    from diffscope.adapters.config.rule_files import load_rules

    catalogue = load_rules(rule_folders)
    _write(_as_json([_row(rule) for rule in catalogue.rules]) if form == "json" else _table(catalogue, lang))
    return DONE


@rules.command()
@click.argument("code")
@options.rules_option
@options.language_option
@options.form_option
def show(*, code: str, rule_folders: tuple[Path, ...], lang: str, form: str) -> int:
    """Show one rule: what it finds, why, an example, what to do, how often it fires."""
    from diffscope.adapters.config.rule_files import case_texts, load_rules, read_statistics
    from diffscope.rules.authoring.cases import read_cases
    from diffscope.rules.authoring.pages import rule_page, rule_record
    from diffscope.rules.model import parse_statistics

    rule = find_rule(load_rules(rule_folders), code)
    text = case_texts([rule.origin]).get(rule.origin)
    cases = read_cases(text, at=rule.origin)[0] if text else ()
    measured = read_statistics()
    statistics = parse_statistics(measured) if measured else None
    if form == "json":
        _write(_as_json(rule_record(rule, cases=cases, statistics=statistics)))
        return DONE
    _write(rule_page(rule, cases=cases, statistics=statistics, language=lang))
    return DONE


@rules.command()
@click.argument("folder", required=False, type=_FOLDER)
@options.repository_option
@click.option(
    "--at",
    "revision",
    metavar="REVISION",
    default="HEAD",
    show_default=True,
    help="Commit of the clone to look at.",
)
def validate(*, folder: Path | None, repo: Path | None, revision: str) -> int:
    """Check the rules, cases, predicates and tables of a folder (default: the bundled ones): every mistake at once.

    With --profile the folder of that profile is checked, including its profile.yml and files or lists that nothing reads.

    With --repo, globs that match no file of the clone are reported too. Globs of rules and lists must match the tree at
    --at; globs of tables may also match a file of an earlier commit. Exit code 1 if there is anything to correct.
    """
    from diffscope.adapters.config.rule_files import (
        bundled_rules,
        case_texts,
        check_holds_rules,
        folder_texts,
        rule_texts,
        shown_name,
    )
    from diffscope.adapters.config.rule_tables import profile_mistakes, table_mistakes
    from diffscope.adapters.read_file import is_there
    from diffscope.rules.authoring.lint import lint_catalogue
    from diffscope.rules.language.load import RULE_FILE, check_catalogue, read_names
    from diffscope.yaml.reading import in_order, mistake_line

    profile = _asked_folder() if folder is None else None
    if folder is not None:
        check_holds_rules(folder, is_itself_one=True)
    unread: list[Mistake] = []
    if profile is not None:
        texts = rule_texts(profiles=profile.rule_folders, unread=unread)
        folder = Path(profile.folder)
    else:
        texts = folder_texts(folder, unread=unread) if folder else rule_texts(unread=unread)
    cases = case_texts(_rule_files(texts), unread=unread)
    catalogue, mistakes = check_catalogue(texts)
    names = read_names(texts)[0]
    linted = lint_catalogue(catalogue, names, cases, is_whole=not unread, is_alone=folder is None)
    # That a file which cannot be read lacks everything is no second mistake.
    lost = {each.path for each in unread}
    found = [*unread, *(each for each in (*mistakes, *linted) if each.path not in lost)]
    is_rule = folder is not None and is_there(folder / RULE_FILE)
    # What lies beside a single rule belongs to other rules too.
    own = f"{shown_name(folder)}/" if folder else ""
    found = [each for each in found if each.path.startswith(own)]
    found += [] if is_rule else table_mistakes(folder or bundled_rules())
    found += profile_mistakes(folder) if profile is not None and folder is not None else []
    lines = [mistake_line(each) for each in in_order(found)]
    dead, elsewhere = _dead_globs(folder or bundled_rules(), repo, revision) if repo is not None else ([], 0)
    if profile is not None and repo is not None:
        dead += _absent(profile, repo, revision)
    lines = list(dict.fromkeys([*lines, *dead]))
    note = [f"globs of tables that match files of other commits alone: {elsewhere}"] if elsewhere else []
    count = f"{_counted(len(catalogue.rules))}, {len(lines)} to correct"
    _write("\n".join([*lines, *note, count]) + "\n")
    return FINDINGS if lines else DONE


@rules.command()
@options.repository_option
@click.option("--since", metavar="DAY", help="First day: 2026-03-01.  [default: thirty days before --until]")
@click.option("--until", metavar="DAY", help="Last day, included.  [default: that of the newest commit]")
@click.option(
    "--tz",
    default="+08:00",
    show_default=True,
    metavar="OFFSET",
    help="Time zone of the days, as an offset from UTC.",
)
@options.workers_option
@options.form_option
@options.cache_option
@options.verbosity_options
def coverage(*, form: str, console: Console, **asked: Any) -> int:
    """List parts of a clone's tree that no rule, table or grammar covers, by the changes of a window that touched them.

    These are: source files without an area, languages whose changes name no symbol, unknown decorators of device code and
    unknown registries, files of the same name for several platforms, and groups of changes that have a flag far less often than
    others. Exit code 1 if something that three or more changes touched is found.
    """
    from diffscope.cli.rules.coverage import CoverageRequest, coverage_text, find_coverage
    from diffscope.render.formats.json import indented

    found = find_coverage(CoverageRequest(**asked), console)
    _write(indented(found) if form == "json" else coverage_text(found))
    return FINDINGS if found.weighty else DONE


@rules.command()
@click.argument("folder", type=_FOLDER)
@click.option("--dry-run", is_flag=True, help="Print what would be written, and write nothing.")
def convert(*, folder: Path, dry_run: bool) -> int:
    """Convert the rules of a folder from format 1 to format 2: rule.yml and zh.yml; cases stay as they are.

    FOLDER is a folder of rules or one rule. The meaning of a rule does not change; comments above its lines are kept.
    Rules that cannot be converted are named and left as they are: exit code 1.
    """
    from diffscope.adapters.config.rule_files import overwrite_files, rules_to_convert
    from diffscope.rules.authoring.convert import convert_rule
    from diffscope.yaml.reading import mistake_line

    lines, failed, count = [], False, 0
    for path, text in rules_to_convert(folder):
        converted = convert_rule(text, at=path.as_posix())
        if converted is None:
            continue
        failed = failed or bool(converted.mistakes)
        lines += [mistake_line(each) for each in converted.mistakes]
        count += not converted.mistakes
        if not converted.mistakes and not dry_run:
            overwrite_files({path.with_name(name): content for name, content in converted.files.items()})
    verb = "to convert" if dry_run else "converted"
    _write("\n".join([*lines, f"{_counted(count)} {verb}"]) + "\n")
    return FINDINGS if failed else DONE


@rules.command("test")
@click.argument("folder", required=False, type=_FOLDER)
@click.option("-k", "word", metavar="WORD", help="Run only cases whose CODE-name contains the word.")
@options.form_option
def run_tests(*, folder: Path | None, word: str | None, form: str) -> int:
    """Run the cases of the rules in a folder (default: the bundled ones). Exit code 1 if a case fails."""
    from diffscope.cli.rules.cases import case_collector, load_cases
    from diffscope.rules.authoring.run_cases import CaseStatus, run_case

    catalogue, cases = load_cases(folder)
    collect = case_collector()
    results = [
        run_case(rule, case, collect=collect, words=catalogue.words)
        for rule, case in cases
        if (word or "") in f"{rule.code}-{case.name}"
    ]
    if not results:
        raise UsageError("no case to run", hint="add cases.yml beside rule.yml, or use another -k")
    _write(_as_json(results) if form == "json" else _results(results))
    return FINDINGS if any(result.status is CaseStatus.FAILED for result in results) else DONE


@rules.command()
@click.argument("code")
@click.argument("slug")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("rules"),
    show_default=True,
    help="Folder of rules.",
)
def new(*, code: str, slug: str, into: Path) -> int:
    """Create a rule: a folder CODE-slug with a rule.yml that loads, its zh.yml, and a cases.yml to fill in."""
    from diffscope.adapters.config.profiles import default_profile
    from diffscope.adapters.config.rule_files import load_rules, write_new_files
    from diffscope.rules.authoring.scaffold import scaffold_rule
    from diffscope.version import VERSION

    catalogue = load_rules([into] if into.is_dir() else [])
    folder = into / f"{code}-{slug}"
    package = next(iter((_asked_folder() or default_profile()).names().packages), "package")
    files = scaffold_rule(code, slug, catalogue=catalogue, version=VERSION, package=package)
    write_new_files({folder / name: text for name, text in files.items()})
    written = "".join(f"{folder / name}\n" for name in files)
    _write(f"{written}next: {shell_line('diffscope', 'rules', 'test', folder)}\n")
    return DONE


def _rule_files(texts: Mapping[str, str]) -> list[str]:
    from diffscope.rules.language.load import RULE_FILE

    return [path for path in texts if path.endswith(f"/{RULE_FILE}")]


def find_rule(catalogue: Catalogue, word: str) -> Rule:
    """Return the rule of a code or a name, in any case.

    Raises:
        UsageError: there is none; the hint is the nearest.
    """
    from diffscope.yaml.reading import nearest

    for rule in catalogue.rules:
        if word.casefold() in (rule.code.casefold(), rule.name.casefold()):
            return rule
    words = [text for rule in catalogue.rules for text in (rule.code, rule.name)]
    hint = nearest(word.upper(), words) or nearest(word, words) or "diffscope rules list"
    raise UsageError(f"there is no rule '{word}'", hint=hint)


def _asked_folder() -> Chosen | None:
    """Return the profile that the command line names, as a folder to look at: it may be wrong in every way."""
    from diffscope.adapters.config.profiles import Chosen, profile_folder

    named = options.asked_profile()
    return Chosen(folder=str(profile_folder(named))) if named is not None else None


def _absent(profile: Chosen, repo: Path, revision: str) -> list[str]:
    """Return a line for each folder that a profile names and the tree does not have; its other mistakes are reported already."""
    from diffscope.adapters.config.profiles import PROFILE_FILE
    from diffscope.adapters.config.rule_files import shown_name
    from diffscope.adapters.config.rule_tables import absent_folders, places_in_profile
    from diffscope.adapters.git.repository import GitRepository
    from diffscope.errors import DiffscopeError
    from diffscope.project.tree import TreeIndex

    try:
        names = profile.names()
    except DiffscopeError:
        return []
    with GitRepository(repo) as repository:
        paths = {entry.path for entry in repository.entries(revision)}
    file = f"{shown_name(Path(profile.folder))}/{PROFILE_FILE}"
    lines, tree = places_in_profile(Path(profile.folder)), TreeIndex(paths)
    found = []
    for each in absent_folders(names, paths):
        near = tree.nearest(each)
        hint = f" (did you mean {near!r}?)" if near else ""
        found.append(f"{file}:{lines.get(each, 1)}: {each!r} is not in {repo} at {revision}{hint}")
    return found


def _dead_globs(folder: Path, repo: Path, revision: str) -> tuple[list[str], int]:
    """Return a line for each dead glob, and how many of those in tables match files of other commits alone."""
    from diffscope.adapters.config.profiles import generic_profile
    from diffscope.adapters.config.rule_tables import paths_ever, read_rule_globs
    from diffscope.adapters.git.repository import GitRepository
    from diffscope.patterns import compile_glob
    from diffscope.rules.language.load import LISTS_FILE, PREDICATES_FILE, RULE_FILE

    with GitRepository(repo) as repository:
        paths = [entry.path for entry in repository.entries(revision)]
        # The words of any repository, which a first profile is written with, are no claim about this one.
        general = {each.text for each in read_rule_globs(generic_profile())}
        globs = [
            (each, compile_glob(each.text).matches)
            for each in read_rule_globs(folder)
            if each.text not in general
        ]
        dead = [(each, matches) for each, matches in globs if not any(map(matches, paths))]
        of_tables = [
            each for each, _ in dead if not each.path.endswith((RULE_FILE, LISTS_FILE, PREDICATES_FILE))
        ]
        ever = paths_ever(repository) if of_tables else frozenset()
    elsewhere = [each for each, matches in dead if each in of_tables and any(map(matches, ever))]
    lines = [
        f"{each.path}:{each.line}: the glob {each.text!r} matches no file of {repo} at {revision}"
        for each, _ in dead
        if each not in elsewhere
    ]
    return lines, len(elsewhere)


def _row(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "family": rule.family,
        "severity": rule.severity.value,
        "status": rule.status.stage.value,
        "since": rule.status.since,
        "title": {"en": rule.title.en, "zh": rule.title.zh},
        "origin": rule.origin,
    }


def _table(catalogue: Catalogue, language: str) -> str:
    rows = [
        (rule.code, rule.severity.value, rule.status.stage.value, rule.family, getattr(rule.title, language))
        for rule in catalogue.rules
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    ]
    return "\n".join([*lines, f"{_counted(len(rows))}, {catalogue.digest}"]) + "\n"


def _counted(number: int) -> str:
    return f"{number} rule{'' if number == 1 else 's'}"


def _results(results: list[CaseResult]) -> str:
    from diffscope.rules.authoring.run_cases import CaseStatus

    lines = []
    for result in results:
        if result.status is not CaseStatus.PASSED:
            lines.append(f"{result.status.value} {result.code}-{result.case}")
            lines += [f"  {difference}" for difference in result.differences]
    counts = [f"{sum(result.status is status for result in results)} {status.value}" for status in CaseStatus]
    return "\n".join([*lines, ", ".join(counts)]) + "\n"


def _as_json(value: object) -> str:
    from diffscope.render.formats.json import indented

    return indented(value)


def _write(text: str) -> None:
    from diffscope.cli.publish import write_stdout

    write_stdout(text, is_for_people=True)
