"""The codes of messages, by stage: made from diffscope/messages/texts/ by `just generate`."""

from __future__ import annotations

from typing import Literal

# fmt: off
CategoryCode = Literal[
    "category.build", "category.config", "category.docs", "category.example", "category.infra",
    "category.test",
]
CheckCode = Literal[
    "check.allowed-next", "check.asked-first", "check.asks-both", "check.asks-less", "check.asks-more",
    "check.assert", "check.assert-bound", "check.assert-of-client", "check.assert-of-option",
    "check.assert-start", "check.asserted", "check.at-bound", "check.attribute", "check.between",
    "check.branch", "check.branch-else", "check.branch-next", "check.carried", "check.case", "check.choice",
    "check.comparison-of-client", "check.comparison-of-option", "check.compiled", "check.decided-both",
    "check.decided-gained", "check.decided-lost", "check.decorated", "check.default-holds", "check.demanded",
    "check.differs", "check.due", "check.entry", "check.entry-allowed", "check.except", "check.except-partly",
    "check.except-turned", "check.exit-to-assert", "check.filled", "check.given-otherwise", "check.gives",
    "check.gives-on", "check.goes-on-next", "check.handed", "check.has-attribute", "check.index",
    "check.index-of-client", "check.index-of-option", "check.kept", "check.kept-elsewhere", "check.keyed",
    "check.keyed-anew", "check.keyed-no-more", "check.left", "check.left-calls", "check.left-out",
    "check.limit", "check.limit-length", "check.limit-number", "check.line", "check.listed", "check.loop",
    "check.loop-ends", "check.loops", "check.missing", "check.moves", "check.narrowed", "check.narrowed-next",
    "check.needed", "check.needs-entry", "check.no-branch", "check.no-longer", "check.no-longer-handed",
    "check.not-caught", "check.number", "check.of-command", "check.of-depends", "check.of-docs",
    "check.of-gone", "check.of-infra", "check.of-label", "check.of-option", "check.of-other", "check.of-pin",
    "check.of-source", "check.of-steps", "check.of-test", "check.of-test-case", "check.of-test-gone",
    "check.of-timeout", "check.of-wording", "check.off-by-default", "check.offset", "check.on-by-default",
    "check.order", "check.other-library", "check.parameter", "check.parameter-default",
    "check.parameter-gone", "check.partly", "check.passed-over", "check.passed-over-next", "check.place",
    "check.place-other", "check.platforms-gained", "check.platforms-lost", "check.raised", "check.raised-new",
    "check.raised-request", "check.raised-start", "check.raised-start-told", "check.reader",
    "check.refusal-of-client", "check.refusal-of-option", "check.region", "check.renamed-out",
    "check.replaces", "check.request-switch", "check.return", "check.returned-both", "check.returned-gained",
    "check.returned-lost", "check.returned-to", "check.row", "check.runs", "check.runs-at-start",
    "check.runs-each-step", "check.says-no", "check.says-yes", "check.sides", "check.sized", "check.skipped",
    "check.skipped-next", "check.skipped-tested", "check.splits", "check.takes-over", "check.unasserted",
    "check.unbounded-length", "check.unbounded-number", "check.undecorated", "check.unlisted",
    "check.unraised", "check.unread", "check.unset", "check.variable", "check.version", "check.via",
    "check.where", "check.widened", "check.widened-or", "check.within", "check.wraps", "check.written",
    "check.zero",
]
EffectCode = Literal[
    "effect.and-less", "effect.and-more", "effect.argument-added", "effect.argument-carried",
    "effect.argument-case", "effect.argument-changed", "effect.argument-choice", "effect.argument-removed",
    "effect.asked", "effect.assert-added", "effect.assert-changed", "effect.assert-removed", "effect.at",
    "effect.branch-changed", "effect.built", "effect.call-added", "effect.call-case", "effect.call-changed",
    "effect.call-other", "effect.call-removed", "effect.condition-added", "effect.condition-asks-both",
    "effect.condition-asks-less", "effect.condition-asks-more", "effect.condition-both",
    "effect.condition-break", "effect.condition-changed", "effect.condition-else", "effect.condition-ends",
    "effect.condition-exit-gone", "effect.condition-gained", "effect.condition-guards",
    "effect.condition-lost", "effect.condition-part", "effect.condition-raise", "effect.condition-raise-gone",
    "effect.condition-removed", "effect.condition-return", "effect.condition-splits", "effect.condition-stop",
    "effect.condition-unguards", "effect.decorator-added", "effect.decorator-changed",
    "effect.decorator-removed", "effect.element-added", "effect.element-changed", "effect.element-removed",
    "effect.entry-added", "effect.entry-changed", "effect.entry-removed", "effect.except-added",
    "effect.except-changed", "effect.except-removed", "effect.exit-to-assert", "effect.file-added",
    "effect.file-changed", "effect.file-part-added", "effect.file-part-changed", "effect.file-part-removed",
    "effect.file-removed", "effect.handed", "effect.loop-added", "effect.loop-changed", "effect.loop-less",
    "effect.loop-more", "effect.loop-removed", "effect.narrower", "effect.of-module", "effect.often",
    "effect.one_platform", "effect.or-less", "effect.or-more", "effect.order-added", "effect.order-removed",
    "effect.other-from", "effect.other-set", "effect.other-value", "effect.parameter-added",
    "effect.parameter-changed", "effect.parameter-compiled", "effect.parameter-default",
    "effect.parameter-optional", "effect.parameter-removed", "effect.place-changed", "effect.places",
    "effect.platforms-gained", "effect.platforms-lost", "effect.raise-added", "effect.raise-changed",
    "effect.raise-removed", "effect.region-changed", "effect.return-added", "effect.return-both",
    "effect.return-case", "effect.return-changed", "effect.return-choice", "effect.return-gained",
    "effect.return-lost", "effect.return-removed", "effect.sets", "effect.start_up", "effect.statement-added",
    "effect.statement-changed", "effect.statement-removed", "effect.step-of", "effect.step-renamed",
    "effect.steps-added", "effect.under", "effect.value-added", "effect.value-case", "effect.value-changed",
    "effect.value-choice", "effect.value-from", "effect.value-from-new", "effect.value-new",
    "effect.value-removed", "effect.variable-changed", "effect.variable-version", "effect.wider",
    "effect.with-added", "effect.with-changed", "effect.with-others", "effect.with-removed", "effect.wording",
]
FamilyCode = Literal[
    "family.ci-coverage", "family.concurrency", "family.config-default", "family.core-path",
    "family.dependency-version", "family.feature-interaction", "family.global-side-effect", "family.history",
    "family.insufficient-tests", "family.interface-change", "family.kernel-safety", "family.missing-tests",
    "family.platform-compat", "family.quantization-numerics", "family.review-hygiene", "family.security",
]
FixRiskCode = Literal[
    "fix-risk.added", "fix-risk.branches", "fix-risk.fixes", "fix-risk.lowers", "fix-risk.moved",
    "fix-risk.new", "fix-risk.unfinished",
]
GapWhatCode = Literal[
    "gap-what.base-tree", "gap-what.blame", "gap-what.blob", "gap-what.change", "gap-what.closed-issues",
    "gap-what.closed-pulls", "gap-what.comments", "gap-what.declarations", "gap-what.diff-path",
    "gap-what.diff-truncated", "gap-what.files", "gap-what.fix", "gap-what.graph", "gap-what.history",
    "gap-what.internal", "gap-what.metadata", "gap-what.new-issues", "gap-what.new-pulls",
    "gap-what.not-text", "gap-what.parse", "gap-what.registry", "gap-what.repository", "gap-what.window",
]
GapCode = Literal[
    "gap.base-unknown", "gap.blame-unknown", "gap.blob-missing", "gap.change-empty", "gap.change-failed",
    "gap.change-unavailable", "gap.changes-empty", "gap.clone-too-old", "gap.comments-cut",
    "gap.comments-left-out", "gap.comments-left-out-ask", "gap.declaration-blobs-missing",
    "gap.declaration-not-read", "gap.declarations-failed", "gap.file-unparsed", "gap.file-unparsed-at",
    "gap.file-unread", "gap.filtered", "gap.foreign-change", "gap.generic-profile", "gap.github-failed",
    "gap.github-files-cut", "gap.github-hunks-left-out", "gap.github-needs-token", "gap.github-no-base",
    "gap.github-no-comparison", "gap.github-no-content", "gap.github-tree-cut", "gap.graph-blobs-missing",
    "gap.graph-failed", "gap.graph-file-missing", "gap.graph-file-unparsed", "gap.history-cut-off",
    "gap.history-short", "gap.history-too-young", "gap.internal-error", "gap.internal-error-elsewhere",
    "gap.large-file", "gap.large-new-file", "gap.lines-left-out", "gap.new-side-missing", "gap.no-base-tree",
    "gap.no-base-tree-no-graph", "gap.no-clone", "gap.no-declarations", "gap.no-graph", "gap.no-history",
    "gap.no-metadata", "gap.no-steps", "gap.not-regular", "gap.not-regular-new", "gap.not-text",
    "gap.old-side-missing", "gap.patch-damaged", "gap.path-refused", "gap.paths-cut", "gap.paths-unknown",
    "gap.paths-unknown-ask", "gap.pushed-meanwhile", "gap.registry-empty", "gap.search-timed-out",
    "gap.series-damaged", "gap.series-does-not-follow", "gap.series-not-held", "gap.several-commits",
    "gap.stated", "gap.steps-by-base", "gap.steps-not-read", "gap.too-large", "gap.unreadable",
    "gap.window-cut-off", "gap.worker-called-off", "gap.worker-ended", "gap.worker-ended-with",
    "gap.worker-not-started", "gap.worker-timed-out", "gap.workflow-not-read",
]
KindReasonCode = Literal[
    "kind-reason.guess-adds", "kind-reason.guess-moves", "kind-reason.guess-small", "kind-reason.label",
    "kind-reason.phrase", "kind-reason.share", "kind-reason.tag", "kind-reason.verb",
]
ListCode = Literal[
    "list.more",
]
NotJudgedCode = Literal[
    "not-judged.at", "not-judged.needs-base", "not-judged.rules", "not-judged.unparsed",
]
NoteCode = Literal[
    "note.families", "note.families-at",
]
PatchCode = Literal[
    "patch.hunk-cut-off", "patch.hunk-empty", "patch.hunk-header", "patch.hunk-long", "patch.hunk-no-change",
    "patch.hunk-short", "patch.hunks-unreadable", "patch.no-change", "patch.no-file-named", "patch.one-sided",
    "patch.path-absolute", "patch.path-dot", "patch.path-empty", "patch.path-git", "patch.path-leaves",
    "patch.path-nul", "patch.path-too-long",
]
PlaceCode = Literal[
    "place.added", "place.branches", "place.calls", "place.category", "place.conditions", "place.constructor",
    "place.numerics", "place.opt-in", "place.public", "place.signature", "place.tuning", "place.untouched",
    "place.variable",
]
PointCode = Literal[
    "point.about", "point.asserted", "point.attribute", "point.by", "point.default", "point.demanded",
    "point.detail", "point.due", "point.field", "point.kept", "point.kept-all", "point.left",
    "point.limit-ge", "point.limit-gt", "point.limit-le", "point.limit-lt", "point.limit-max_length",
    "point.limit-min_length", "point.moved", "point.moved-module", "point.moves", "point.needed",
    "point.no-bounds", "point.none-left", "point.option", "point.partly", "point.renamed", "point.request",
    "point.response", "point.unbounded", "point.unset", "point.was", "point.with", "point.written",
]
RiskCode = Literal[
    "risk.after-nothing", "risk.failed-more", "risk.flag", "risk.logic-unknown", "risk.logic-unknown-more",
    "risk.none", "risk.not-judged", "risk.not-judged-at",
]
RuleCode = Literal[
    "rule.field-not-computed", "rule.missing-facts", "rule.missing-family", "rule.missing-family-at",
    "rule.missing-field", "rule.missing-field-more", "rule.missing-field-of-change",
]
ScoreCode = Literal[
    "score.adopters", "score.bend", "score.branches", "score.breadth", "score.centre", "score.dependency",
    "score.description", "score.faults", "score.folders", "score.foundation", "score.infrastructure",
    "score.kind", "score.logic", "score.merged", "score.minor", "score.modules", "score.numerics",
    "score.option", "score.platform", "score.rework", "score.size", "score.size-only", "score.steps",
    "score.surfaces", "score.symbols", "score.tests",
]
SeverityCode = Literal[
    "severity.critical", "severity.high", "severity.info", "severity.low", "severity.medium",
]
ShapeCode = Literal[
    "shape.adds-option", "shape.adds-symbols", "shape.adds-tests", "shape.deletes", "shape.moves",
    "shape.registers-model", "shape.rewrites",
]
TagReasonCode = Literal[
    "tag-reason.area", "tag-reason.kind", "tag-reason.label", "tag-reason.path", "tag-reason.platform",
    "tag-reason.title",
]
WaiverCode = Literal[
    "waiver.malformed", "waiver.no-reason", "waiver.too-many", "waiver.unknown-rule",
    "waiver.unknown-rule-near", "waiver.unused",
]
MessageCode = Literal[CategoryCode, CheckCode, EffectCode, FamilyCode, FixRiskCode, GapWhatCode, GapCode, KindReasonCode, ListCode, NotJudgedCode, NoteCode, PatchCode, PlaceCode, PointCode, RiskCode, RuleCode, ScoreCode, SeverityCode, ShapeCode, TagReasonCode, WaiverCode]
