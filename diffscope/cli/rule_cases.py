"""Facts of a rule's case through the whole pipeline: a tree in memory, a patch between its two sides, the graph of its base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from diffscope.adapters.graphs import bundled_serving
from diffscope.adapters.outlines import read_outline
from diffscope.adapters.recorded import RecordedSource
from diffscope.adapters.rule_files import bundled_rules, case_texts, folder_texts, rule_texts
from diffscope.adapters.test_words import is_indexed
from diffscope.diff.make import make_patch
from diffscope.diff.parse import parse_diff
from diffscope.diff.values import FileSides, Sides
from diffscope.errors import InputError, NotFoundError
from diffscope.facts.collect import Knowledge, Surroundings
from diffscope.facts.values import ChangeFacts, GraphFacts
from diffscope.graph.build import build_graph
from diffscope.graph.model import ModuleGraph
from diffscope.graph.words import TestWords, index_words
from diffscope.pipeline import gather_facts
from diffscope.rules.cases import Case, CaseFile, read_cases
from diffscope.rules.catalogue import Catalogue, Rule
from diffscope.rules.load import load_catalogue
from diffscope.rules.reading import Mistake, mistakes_error
from diffscope.source.values import Change, PullRequest, RepoPath, SourceKind
from diffscope.syntax.outline import identifiers
from diffscope.workspace import load_knowledge

_Tree = dict[str, bytes]


def load_cases(folder: Path | None = None) -> tuple[Catalogue, list[tuple[Rule, Case]]]:
    """Return the rules of a folder (default: the bundled ones), and each of their cases with its rule.

    Raises:
        RuleError: a rule or a case is wrong; the message lists every mistake.
    """
    catalogue = load_catalogue(folder_texts(folder) if folder else rule_texts())
    texts = case_texts([rule.origin for rule in catalogue.rules])
    cases: list[tuple[Rule, Case]] = []
    mistakes: list[Mistake] = []
    for rule in catalogue.rules:
        if rule.origin in texts:
            read, wrong = read_cases(texts[rule.origin], at=f"{rule.origin.rpartition('/')[0]}/cases.yml")
            cases += [(rule, case) for case in read]
            mistakes += wrong
    if mistakes:
        raise mistakes_error(mistakes)
    return catalogue, cases


def case_collector() -> Callable[[Case], ChangeFacts | None]:
    """Return what collects the facts of cases; the tables that come with the rules are read once."""
    knowledge = load_knowledge(bundled_rules())
    recorded = RecordedSource()

    def collect(case: Case) -> ChangeFacts | None:
        if case.recorded is None:
            return case_facts(case, knowledge)
        try:
            return recorded.facts(case.recorded)
        except NotFoundError:
            return None

    return collect


def case_facts(case: Case, knowledge: Knowledge) -> ChangeFacts:
    """Return the facts of the change between a case's two sides.

    Raises:
        InputError: the two sides do not differ.
    """
    tree, before, after = (_bytes(files) for files in (case.tree, case.before, case.after))
    patch = make_patch(before, after)
    if not patch:
        raise InputError("both sides of the case are the same", hint="change something in 'after'")
    diff = parse_diff(patch)
    pull = PullRequest(
        repository="vllm-project/vllm",
        source=SourceKind.PATCH,
        title=case.title,
        body=case.body,
        labels=case.labels,
    )
    sides = tuple(
        FileSides(path=file.path, before=before.get(file.old_path or file.path), after=after.get(file.path))
        for file in diff.files
    )
    graph = _graph({**tree, **before})
    around = Surroundings(
        graph=graph,
        graph_facts=GraphFacts(commit=None, digest=graph.digest, modules=len(graph), exact=True),
    )
    return gather_facts(
        Change(pull=pull, patch=patch), diff, Sides(files=sides), knowledge=knowledge, around=around
    )


def _graph(tree: _Tree) -> ModuleGraph:
    outlines = {RepoPath(path): read_outline(RepoPath(path), data) for path, data in tree.items()}
    words = {RepoPath(path): identifiers(data) for path, data in tree.items() if is_indexed(path)}
    by_path = build_graph(outlines)
    return by_path.attach(
        outline_of=outlines.get, serving=bundled_serving(), test_words=lambda: TestWords(index_words(words))
    )


def _bytes(files: tuple[CaseFile, ...]) -> _Tree:
    return {file.path: file.text.encode() for file in files}
