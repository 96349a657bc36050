"""Why each tag applies, in a sentence: the same conditions that gave it, asked again of the facts."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from diffscope.assessment.document import TagReason
from diffscope.facts.classify.change_shape import area_shares, measure, shapes_of
from diffscope.facts.classify.kinds import SHAPE_REASONS
from diffscope.facts.model import ChangeFacts
from diffscope.messages.model import Message, message
from diffscope.messages.say import sentence
from diffscope.taxonomy.model import Taxonomy
from diffscope.taxonomy.tables import TagRule
from diffscope.taxonomy.words import tokens_of

_MOST = 3


def explain_tags(facts: ChangeFacts, taxonomy: Taxonomy) -> tuple[TagReason, ...]:
    """Return a reason for each tag of the change, in the order of the tags; none for a tag that the table no longer knows."""
    asked = _Asked(facts, taxonomy)
    found = []
    for rule in taxonomy.tables.tags:
        reasons = list(asked.reasons(rule))[:_MOST] if rule.name in facts.change.tags else []
        if reasons:
            found.append(TagReason(tag=rule.name, reasons=tuple(map(sentence, reasons))))
    return tuple(found)


class _Asked:
    """What the conditions of tags ask, worked out once for a change."""

    def __init__(self, facts: ChangeFacts, taxonomy: Taxonomy) -> None:
        change = facts.change
        self._change = change
        self._labels = () if change.labels is UNSET else change.labels
        self._titled = frozenset(taxonomy.tag_titles.owners_in(tokens_of(change.title)))
        self._paths: dict[str, str] = {}
        for file in facts.file:
            for tag in taxonomy.tag_paths.owners_of(file.path):
                self._paths.setdefault(tag, file.path)
        self._shapes = shapes_of(facts.file, facts.symbol, measure(facts.file, facts.symbol), facts.registry)
        self._shares = area_shares(facts.file, change.title, taxonomy)
        self._areas = {rule.name: rule.title.zh for rule in taxonomy.tables.areas.areas}

    def reasons(self, rule: TagRule) -> Iterator[Message]:
        """Yield what speaks for a tag, the author's own words first."""
        if rule.name in self._titled:
            yield message("tag-reason.title")
        yield from (message("tag-reason.label", label=one) for one in rule.labels if one in self._labels)
        kind, platforms = self._change.kind, self._change.platforms
        if kind in rule.kinds:
            yield message("tag-reason.kind", kind=kind)
        yield from (
            message("tag-reason.platform", platform=one) for one in rule.platforms if one in platforms
        )
        for shape in rule.shapes:
            if shape in self._shapes:
                yield message(SHAPE_REASONS[shape])
        if path := self._paths.get(rule.name):
            yield message("tag-reason.path", path=path)
        for share in self._shares:
            if share.area in rule.areas and share.weight >= rule.share:
                name = self._areas.get(share.area, share.area)
                yield message("tag-reason.area", share=share.weight, area=share.area, area_zh=name)
