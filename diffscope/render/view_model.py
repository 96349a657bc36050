"""The view of an assessment that several formats share: orders, counts and phrases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from msgspec import UNSET

from diffscope.assessment.document import Assessment, ModuleReach, ReadingPlace, SymbolAssessment
from diffscope.assessment.risk import group_unknown
from diffscope.messages.say import say_message, title
from diffscope.patterns import lazy_regex
from diffscope.render import tests_to_run
from diffscope.render.places import location, worst_first
from diffscope.render.sanitize import uri_path
from diffscope.render.sentences import what_it_does, what_to_check
from diffscope.render.words import Words, tag_title
from diffscope.rules.language.template import clip
from diffscope.rules.model import Evidence, Flag

_PULL_URL = lazy_regex(r"(https://[\w.-]+(?::\d+)?/[\w.-]+/[\w.-]+)/pull/\d+")
_FAR = 1_000_000
_LONGEST_CONDITION = 90
_MOST_NEAR = 3
_CALLED = frozenset({"called", "no-longer-called"})
_PRODUCT = frozenset({"source", "native"})
_SHOWN_PLACES = 3
_CATEGORIES = {"source": 0, "native": 1, "build": 2, "test": 9}
"""In which order symbols stand by the category of their file; any other comes between."""
_BETWEEN = 5


class AssessmentView:
    """One assessment as a format in one language reads it. Texts are not yet safe for any sink."""

    def __init__(self, assessment: Assessment, words: Words) -> None:
        self._assessment = assessment
        self._words = words

    @property
    def name(self) -> str:
        """``#38450 title``, or the title alone; a word for a change that has none."""
        pull = self._assessment.change.pull
        title = pull.title or self._words("untitled")
        return f"#{pull.number} {title}" if pull.number is not None else title

    @property
    def url(self) -> str:
        """The address of the pull request, if it looks like one; else nothing."""
        url = self._assessment.change.pull.url or ""
        return url if _PULL_URL.fullmatch(url) else ""

    @property
    def headline(self) -> tuple[str, ...]:
        """Repository, author, date, kind, areas, platforms, size and source, as far as they are known."""
        change, pull, words = self._assessment.change, self._assessment.change.pull, self._words
        size = words("files", count=change.files)
        assessment = self._assessment
        parts = (
            pull.repository,
            words("by", author=pull.author) if pull.author else "",
            words("merged", date=pull.merged_at[:10]) if pull.merged_at else "",
            self.kind_name,
            self.few([self.tag(share.area) for share in assessment.areas], limit=3),
            words.comma.join(map(self.tag, assessment.platforms)),
            f"{size} +{change.additions} -{change.deletions}",
            words(f"source-{pull.source.value}"),
        )
        return tuple(part for part in parts if part)

    @property
    def level_meaning(self) -> str:
        """The level and what it means."""
        level, words = self._assessment.risk.level.value, self._words
        return f"{words(level)}{words.colon}{words(f'level.{level}')}"

    @property
    def kind(self) -> tuple[str, ...]:
        """Kind, other tags and both scores."""
        assessment, words = self._assessment, self._words
        parts = (
            self.kind_name,
            words.comma.join(self.tag(tag) for tag in assessment.tags if tag != assessment.kind),
            words("importance", value=f"{assessment.importance.value:g}"),
            words("insight", value=f"{assessment.insight.value:g}"),
        )
        return tuple(part for part in parts if part)

    @property
    def kind_name(self) -> str:
        """The kind, and that it is a guess where nothing but the size and form of the diff speaks for it."""
        name, reasons = self.tag(self._assessment.kind), self._assessment.kind_reasons
        is_guess = any(one.code.startswith("kind-reason.guess") for one in reasons)
        return self._words("guessed", kind=name) if is_guess else name

    def tag(self, name: str) -> str:
        """Return how a kind, a tag, an area or a platform is called: in English as documents write it."""
        return tag_title(name, self._words.language)

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags."""
        return tuple(map(self.tag, self._assessment.tags))

    @property
    def areas(self) -> str:
        """Areas with their weights."""
        shares = (f"{self.tag(share.area)} {share.weight:.0%}" for share in self._assessment.areas)
        return self._words.comma.join(shares) or self._words("none")

    @property
    def families(self) -> dict[str, list[Flag]]:
        """Flags by family, worst first."""
        # Flags grouped by family; the family with the worst flag comes first, within it the worst flag.
        groups: dict[str, list[Flag]] = {}
        for flag in worst_first(self._assessment.flags):
            groups.setdefault(flag.family, []).append(flag)
        return groups

    @property
    def modules(self) -> list[ModuleReach]:
        """Changed modules, nearest to the serving path first, then by how many modules they reach."""

        def key(module: ModuleReach) -> tuple[int, int, str]:
            distance = module.distance if isinstance(module.distance, int) else _FAR
            reach = module.reach if isinstance(module.reach, int) else 0
            return distance, -reach, module.module

        return sorted(self._assessment.modules, key=key)

    def reach(self, module: ModuleReach) -> str:
        """Return what is known of a module's place in the graph; figures that are unknown are left out."""
        words, phrases = self._words, []
        if module.is_new:
            by = [words("imported-by", modules=self.few(module.importers))] if module.importers else []
            return words.comma.join((words("new-module"), *by))
        if module.distance is None:
            phrases.append(words("off-serving-path"))
        elif module.distance == 0:
            phrases.append(words("on-serving-path"))
        elif isinstance(module.distance, int):
            phrases.append(words("distance", count=module.distance))
        counts = (
            ("dependents", module.dependents),
            ("within-two", module.reach),
            ("lazy", module.lazy),
            ("registry", module.registry),
        )
        used = [words(key, count=count) for key, count in counts if isinstance(count, int) and count]
        if not used and module.dependents == 0:
            used.append(words("unused"))
        return words.comma.join((*phrases, *used))

    @property
    def symbols(self) -> list[SymbolAssessment]:
        """Changed symbols as a table shows them: those of the product's Python first, then native ones, others, and tests; what is only called last."""
        categories = {file.path: file.category for file in self._assessment.files}

        def key(symbol: SymbolAssessment) -> tuple[bool, int]:
            called = not _CALLED.isdisjoint(symbol.aspects)
            return called, _CATEGORIES.get(categories.get(symbol.path, ""), _BETWEEN)

        return sorted(self._assessment.symbols, key=key)

    @property
    def snapshot(self) -> str:
        """A sentence if the graph is not the one of the change's base, else nothing."""
        graph = self._assessment.graph
        if graph is UNSET or graph.exact:
            return ""
        return self._words("graph-snapshot", commit=(graph.commit or "?")[:9])

    @property
    def cycles(self) -> tuple[str, ...]:
        """Import cycles that the change closes."""
        graph = self._assessment.graph
        return () if graph is UNSET else graph.cycles_closed

    def link(self, place: Evidence) -> str:
        """Return the address of a place on GitHub; empty where the repository's address or the commit is unknown."""
        pull = self._assessment.change.pull
        root = _PULL_URL.fullmatch(pull.url or "")
        commit = pull.base if place.side == "old" else pull.head
        if not root or not commit:
            return ""
        line = f"#L{place.line}" if place.line else ""
        return f"{root[1]}/blob/{commit}/{uri_path(place.path)}{line}"

    @property
    def pytest_paths(self) -> list[str]:
        """At most ten test files to run, as ``runnable_tests`` returns them."""
        return tests_to_run.runnable_tests(self._assessment)

    @property
    def cargo_commands(self) -> list[str]:
        """Commands that run the tests of the changed Rust crates."""
        return tests_to_run.cargo_commands(self._assessment)

    @property
    def tests(self) -> tuple[str, ...]:
        """Tests changed, and what is not tested or not known."""
        return tests_to_run.test_phrases(self._assessment, self._words, self.few)

    @property
    def ways_to_tests(self) -> tuple[str, ...]:
        """How the first tests to run reach the change."""
        return tests_to_run.ways_to_tests(self._assessment, self._words)

    @property
    def owners(self) -> tuple[str, ...]:
        """Owners with their number of files, and the files that nobody owns."""
        known = [file for file in self._assessment.files if file.owners is not None]
        if not known:
            return (self._words("owners-unknown"),)
        counts = Counter(owner for file in known for owner in file.owners or ())
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        named = self.few([owner + self._words.aside(str(count)) for owner, count in ordered], limit=8)
        unowned = [file.path for file in known if not file.owners]
        orphaned = self._words("unowned", files=self.few(unowned)) if unowned else ""
        return tuple(part for part in (named, orphaned) if part)

    @property
    def ci(self) -> tuple[str, ...]:
        """What the target's CI does with the change; empty where that is unknown or it has no steps."""
        ci = self._assessment.ci
        if ci is UNSET:
            return ()
        spots = tests_to_run.blind_spots(ci, self._words, self.few)
        return (*self.ci_but_blind_spots, *([spots] if spots else ()))

    @property
    def not_run(self) -> tuple[str, ...]:
        """What of the target's CI should look at the change and does not; empty for nothing."""
        ci = self._assessment.ci
        spots = "" if ci is UNSET else tests_to_run.blind_spots(ci, self._words, self.few)
        return (spots,) if spots else ()

    @property
    def details(self) -> str:
        """What the terminal report leaves for ``--verbose``, with the figures that matter most."""
        words, assessment, modules = self._words, self._assessment, self.modules
        widest = max(
            modules, key=lambda each: each.dependents if isinstance(each.dependents, int) else 0, default=None
        )
        users = widest.dependents if widest and isinstance(widest.dependents, int) else 0
        ci = assessment.ci
        parts = (
            words("imports-of", count=users, module=widest.module) if widest and users else "",
            words("steps-run", count=ci.runs) if ci is not UNSET and ci.runs else "",
            words("verbose-rest"),
        )
        return " · ".join(part for part in parts if part)

    def also(self, flag: Flag) -> str:
        """Return the next two places of a flag, then how many more there are in which files; empty for none."""
        words = self._words
        # Two facts on one line are one place to look at.
        rest = list({location(place): place for place in flag.evidence}.values())[1:]
        if not rest:
            return ""
        shown, others = rest[: _SHOWN_PLACES - 1], rest[_SHOWN_PLACES - 1 :]
        first = words("also-at", places=words.comma.join(map(location, shown)))
        counts = Counter(place.path for place in others)
        more = [words("places-in", count=count, path=path) for path, count in counts.most_common()]
        unkept = words("more-places", count=flag.more_places) if flag.more_places else ""
        return words.semicolon.join(filter(None, (first, self.few(more, limit=3), unkept)))

    @property
    def ci_but_blind_spots(self) -> tuple[str, ...]:
        """The same without the steps that should look at the change and do not."""
        ci = self._assessment.ci
        return () if ci is UNSET else tests_to_run.ci_phrases(ci, self._words, self.few)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What was not had or not judged, a sentence each."""
        state = self._assessment.completeness
        words, language = self._words, self._words.language
        notes = [
            words.colon.join(
                (title("gap-what", gap.what, language), *filter(None, (gap.path,)), gap.reason.pick(language))
            )
            for gap in state.gaps
        ]
        if state.unplaced:
            notes.append(words("unplaced", files=self.few(state.unplaced)))
        return (*notes, *(note.pick(language) for note in state.notes))

    @property
    def unknown(self) -> tuple[str, ...]:
        """Why rules could not be judged, a sentence for each reason, with the rules that it left open."""
        assessment, words = self._assessment, self._words
        lines = {
            str(gap.path): line
            for gap in assessment.completeness.gaps
            if gap.what == "parse" and isinstance(line := gap.reason.arguments.get("line"), int)
        }
        groups = group_unknown(assessment.unknown, lines=lines, pull=assessment.change.pull)
        return tuple(
            say_message(group.message(), words.language) + (words("needs-base") if group.needs_tree else "")
            for group in groups
        )

    @property
    def unknown_count(self) -> str:
        """How many rules could not be judged, as a sentence."""
        return self._words("not-judged-count", count=len(self._assessment.unknown))

    def more(self, flag: Flag) -> str:
        """Return how many places a flag has beyond its first; empty for none."""
        rest = flag.places - 1
        return self._words("more-places", count=rest) if rest > 0 else ""

    @property
    def said(self) -> str:
        """What the change does, as a text of at most three sentences."""
        words = self._words
        return words.gap.join(f"{one}{words.full_stop}" for one in what_it_does(self._assessment, words))

    @property
    def checks(self) -> tuple[str, ...]:
        """What to check, a question each, two at most."""
        return what_to_check(self._assessment, self._words)

    def covered(self, flag: Flag) -> str:
        """Return the rules whose flags are one with a flag, each with its severity; empty for none."""
        words = self._words
        rules = [f"{one.code} {one.name}{words.aside(words(one.severity.value))}" for one in flag.covers]
        return words("covers", flags=words.comma.join(rules)) if rules else ""

    @property
    def fix_risk(self) -> str:
        """The chance of a later fix beside the usual one; empty where it is not known."""
        found = self._assessment.fix_risk
        if found is None:
            return ""
        return self._words("fix-risk-of", chance=f"{found.probability:.0%}", usual=f"{found.base_rate:.0%}")

    @property
    def fix_risk_told(self) -> str:
        """That chance with its strongest reason, where it is above the usual one; else nothing."""
        found = self._assessment.fix_risk
        if found is None or not found.reasons or found.probability <= found.base_rate:
            return ""
        return f"{self.fix_risk}{self._words.semicolon}{self._words.pick(found.reasons[0])}"

    @property
    def fix_risk_reasons(self) -> tuple[str, ...]:
        """The interval of that chance, and what moves it most."""
        found, words = self._assessment.fix_risk, self._words
        if found is None:
            return ()
        low, high = (f"{each:.0%}" for each in found.interval)
        return (words("fix-risk-between", low=low, high=high), *words.picked(found.reasons))

    def look_first(self, limit: int = 3) -> list[tuple[ReadingPlace, str]]:
        """The places to read first, each with its three weightiest reasons in words, that it is public aside, and the rules that flag it."""
        words, files, codes = self._words, self._assessment.files, defaultdict[object, list[str]](list)
        for flag in worst_first(self._assessment.flags):
            for at in dict.fromkeys((place.path, place.symbol) for place in flag.evidence):
                codes[at].append(flag.code)
        # Tests stand under Tests; they and tools are told here where the change has nothing else.
        others = {file.path for file in files if file.category not in _PRODUCT}
        has_product, found = len(others) < len(files), []
        for one in self._assessment.look_first:
            if one.score > 0 and not (has_product and one.path in others):
                why = [part.why for part in one.parts if part.value > 0 and part.name != "public"]
                rules = words.comma.join(codes[one.path, one.symbol])
                told = words.comma.join(words.picked(why[:3]))
                found.append((one, f"{told}{words.aside(rules) if rules else ''}".strip()))
        return found[:limit]

    @property
    def near(self) -> tuple[str, ...]:
        """The gravest rules without a flag that would have had one, a phrase each: where, and what was missing."""
        words, every = self._words, self._assessment.near
        phrases = []
        for one in every[:_MOST_NEAR]:
            rule = f"{one.code} {one.name}{words.aside(words(one.severity.value))}"
            why, told = f"near-{one.status}", {}
            if one.failed is not None:
                # Conditions are in the words of rule files, which are English.
                why = words.either("near-failed", "near-by-one")
                told = {"failed": clip(one.failed, _LONGEST_CONDITION)}
            phrases.append(words(why, rule=rule, place=location(one.place), **told))
        rest = len(every) - _MOST_NEAR
        return (*phrases, words("and-more", count=rest)) if rest > 0 else tuple(phrases)

    def few(self, names: Iterable[str], limit: int = 4) -> str:
        """Return the first names and how many more there are."""
        listed, words = list(names), self._words
        shown = words.comma.join(listed[:limit])
        rest = len(listed) - limit
        return f"{shown}{words.comma}{words('and-more', count=rest)}" if rest > 0 else shown
