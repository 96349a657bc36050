"""The cases of a rule folder and the facts that they are judged by, through the whole pipeline on a tree in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from diffscope.adapters.config.knowledge import load_knowledge
from diffscope.adapters.config.rule_files import case_texts, folder_texts, rule_texts
from diffscope.adapters.graphs.outlines import is_indexed, read_outline
from diffscope.diff.model import FileSides, Sides
from diffscope.diff.parse import parse_diff
from diffscope.diff.reconstruct import make_patch
from diffscope.errors import InputError, NotFoundError
from diffscope.facts.knowledge import Knowledge, Surroundings
from diffscope.facts.model import ChangeFacts, GraphFacts
from diffscope.graph.derive import build_graph
from diffscope.graph.query.graph import ModuleGraph
from diffscope.graph.query.serving import ServingPath
from diffscope.graph.word_index import TestWords, index_words
from diffscope.pipeline import gather_facts
from diffscope.rules.authoring.cases import Case, read_cases
from diffscope.rules.language.catalogue import Catalogue, Rule
from diffscope.rules.language.load import load_catalogue
from diffscope.source.model import Change, PullRequest, RepoPath, SourceKind
from diffscope.source.profile import in_force, repository_name
from diffscope.syntax.model import Outline
from diffscope.syntax.outline.outline import identifiers
from diffscope.yaml.reading import Mistake, mistakes_error


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
    """Return what collects the facts of cases that do not state them; ``None`` for a recorded change that is not here."""

    # Cases of facts alone need neither syntax trees nor a graph, and start-up is hot.
    @cache
    def knowledge() -> Knowledge:

        return bundled_knowledge()

    def collect(case: Case) -> ChangeFacts | None:
        if case.recorded is None:
            return case_facts(case, knowledge())
        from diffscope.adapters.changes.files import RecordedSource

        try:
            return RecordedSource().facts(case.recorded)
        except NotFoundError:
            return None

    return collect


_Tree = dict[str, bytes]


def bundled_knowledge() -> Knowledge:
    """Return the tables that come with the rules."""
    return load_knowledge()


def case_facts(case: Case, knowledge: Knowledge) -> ChangeFacts:
    """Return the facts of the change between a case's two sides.

    Raises:
        InputError: the two sides do not differ.
    """
    with in_force(knowledge.profile):
        return _case_facts(case, knowledge)


def _case_facts(case: Case, knowledge: Knowledge) -> ChangeFacts:
    tree, before, after = (
        {file.path: file.text.encode() for file in files} for files in (case.tree, case.before, case.after)
    )
    patch = make_patch(before, after)
    if not patch:
        raise InputError("both sides of the case are the same", hint="change something in 'after'")
    diff = parse_diff(patch)
    pull = PullRequest(
        repository=repository_name(),
        source=SourceKind.PATCH,
        title=case.title,
        body=case.body,
        labels=case.labels,
    )
    sides = tuple(
        FileSides(path=file.path, before=before.get(file.old_path or file.path), after=after.get(file.path))
        for file in diff.files
    )
    graph = _graph({**tree, **before}, knowledge.serving)
    around = Surroundings(
        graph=graph, graph_facts=GraphFacts(commit=None, digest=graph.digest, modules=len(graph), exact=True)
    )
    return gather_facts(
        Change(pull=pull, patch=patch), diff, Sides(files=sides), knowledge=knowledge, around=around
    )


def _graph(tree: _Tree, serving: ServingPath) -> ModuleGraph:
    outlines = {RepoPath(path): read_outline(RepoPath(path), data) for path, data in tree.items()}
    python = {path: outline for path, outline in outlines.items() if isinstance(outline, Outline)}
    words = {RepoPath(path): identifiers(data) for path, data in tree.items() if is_indexed(path)}
    by_path = build_graph(outlines)
    return by_path.attach(
        outline_of=python.get,
        text_of=tree.get,
        serving=serving,
        test_words=lambda: TestWords(index_words(words)),
    )
