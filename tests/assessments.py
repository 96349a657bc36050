"""An assessment written by hand, with something in every corner, and ways to vary it."""

from __future__ import annotations

import msgspec

from diffscope.assessment.document import (
    AreaShare,
    Assessment,
    ChangeSummary,
    Completeness,
    FileAssessment,
    FixRisk,
    ModuleReach,
    Risk,
    RiskLevel,
    Score,
    ScorePart,
    SymbolAssessment,
    TestsAssessment,
    Tool,
    Waived,
    report_gap,
)
from diffscope.facts.model import (
    CiFacts,
    CiPipeline,
    GraphFacts,
    Nearest,
    OptionalStep,
    StepRun,
    StepSet,
    StepsNotRun,
)
from diffscope.messages.model import Text, message
from diffscope.project.answers import AmdState, Reason
from diffscope.rules.engine.missing import missing_field
from diffscope.rules.model import Evidence, Flag, RuleCode, Severity, UnknownRule
from diffscope.source.model import BlobId, CommitId, Gap, PullRequest, RepoPath, SourceKind
from tests.said import a_reported_gap, said

__all__ = ["BlobId", "a_flag", "an_assessment", "an_empty_assessment", "evidence", "hostile"]

BACKEND = "vllm/v1/attention/backends/ember_attn.py"
SELECTOR = "vllm/v1/attention/selector.py"
TEST = "tests/v1/attention/test_ember_attn.py"


def an_assessment(**fields: object) -> Assessment:
    """Return an assessment of a made-up bug fix in an attention backend; ``fields`` replace what it holds."""
    return msgspec.structs.replace(_FULL, **fields)


def an_empty_assessment(**fields: object) -> Assessment:
    """Return the assessment of a change of one documentation file: nothing flagged, nothing unknown."""
    return msgspec.structs.replace(_EMPTY, **fields)


def evidence(
    path: str = BACKEND, line: int = 41, *, note: str = "{path} changed", **fields: object
) -> Evidence:
    """Return one place."""
    text = Text(en=note, zh=f"{note}（变更）")
    return msgspec.structs.replace(Evidence(path=path, line=line, note=text), **fields)


def a_flag(code: str = "CP102", **fields: object) -> Flag:
    """Return a flag with one place."""
    place = evidence(note="EmberBackend.forward changed in an attention backend")
    flag = Flag(
        code=RuleCode(code),
        name="attention-backend",
        family="core-path",
        severity=Severity.HIGH,
        title=Text(en="Attention backend changed", zh="注意力后端变更"),
        message=place.note,
        advice=Text(en="Run the attention tests on every platform.", zh="请在每个平台上运行注意力测试。"),
        evidence=(place,),
        fingerprint=f"{code.lower()}f00d",
    )
    return msgspec.structs.replace(flag, **fields)


def hostile(text: str) -> Assessment:
    """Return the full assessment with ``text`` in every place where a pull request's author has the say."""
    flag = a_flag(
        message=Text(en=text, zh=text),
        evidence=(
            evidence(path=text, note=text, symbol=text, module=text),
            evidence(path=text, note=text, line=7),
        ),
    )
    return an_assessment(
        change=msgspec.structs.replace(
            _FULL.change, pull=msgspec.structs.replace(_FULL.change.pull, title=text, author=text, url=None)
        ),
        flags=(flag,),
        waived=(Waived(flag=flag, reason=text),),
        files=(
            msgspec.structs.replace(
                _FULL.files[0], path=text, old_path=text, owners=(text,), symbols=(text,)
            ),
        ),
        symbols=(msgspec.structs.replace(_FULL.symbols[0], path=text, name=text),),
        modules=(msgspec.structs.replace(_FULL.modules[0], module=text, path=text, chain=text),),
        tests=TestsAssessment(
            changed=(text,),
            nearest=(Nearest(path=text, score=1.0, reasons=(text,)),),
            unnamed_symbols=(text,),
        ),
        labels=(text,),
        completeness=Completeness(
            complete=False,
            gaps=(a_reported_gap("parse", text, text),),
            unplaced=(text,),
            notes=(said(text),),
        ),
    )


_PULL = PullRequest(
    repository="vllm-project/vllm",
    source=SourceKind.CLONE,
    title="[ROCm][Bugfix] Send cross attention to a backend that has it",
    number=90210,
    author="Ada Example",
    author_login="ada",
    merged_at="2026-03-29T05:08:03Z",
    base=CommitId("1" * 40),
    head=CommitId("2" * 40),
    url="https://github.com/vllm-project/vllm/pull/90210",
)

_DEFAULT = Flag(
    code=RuleCode("CF501"),
    name="default-changed",
    family="config-default",
    severity=Severity.MEDIUM,
    title=Text(en="Default changed", zh="默认值变更"),
    message=Text(
        en="`AttentionConfig.use_ember` goes from False to True (and 1 more place)",
        zh="`AttentionConfig.use_ember` 由 False 改为 True（另有 1 处）",
    ),
    advice=Text(en="Say it in the release notes.", zh="请写入发布说明。"),
    evidence=(
        Evidence(
            path="vllm/config/attention.py",
            line=17,
            symbol="AttentionConfig.use_ember",
            module="vllm.config.attention",
            note=Text(
                en="`AttentionConfig.use_ember` goes from False to True",
                zh="`AttentionConfig.use_ember` 由 False 改为 True",
            ),
        ),
        Evidence(
            path="vllm/envs.py",
            line=203,
            side="old",
            symbol="VLLM_USE_EMBER",
            note=Text(en="`VLLM_USE_EMBER` lost its default", zh="`VLLM_USE_EMBER` 失去默认值"),
        ),
    ),
    confidence="medium",
    fingerprint="cf501beef",
)

_FULL = Assessment(
    change=ChangeSummary(pull=_PULL, additions=120, deletions=31, files=4),
    kind="bugfix",
    kind_reasons=(said("title tag [Bugfix]"),),
    tags=("bugfix", "rocm", "v1"),
    areas=(
        AreaShare(area="attention", weight=0.8, files=(BACKEND, SELECTOR, TEST)),
        AreaShare(area="config", weight=0.2, files=("vllm/config/attention.py",)),
    ),
    platforms=("rocm",),
    risk=Risk(
        level=RiskLevel.HIGH,
        because=(said("CP102 attention-backend (high)"), said("CF501 default-changed (medium)")),
    ),
    importance=Score(
        value=6.5,
        formula="importance/1",
        parts=(
            ScorePart(name="reach", value=4.0, why=said("4 steps from serving")),
            ScorePart(name="size", value=2.5, why=said("+120")),
        ),
    ),
    insight=Score(
        value=4.0, formula="insight/1", parts=(ScorePart(name="symbols", value=4.0, why=said("2 symbols")),)
    ),
    fix_risk=FixRisk(
        probability=0.09,
        base_rate=0.141,
        interval=(0.058, 0.109),
        reasons=(said("120 source lines added"), said("9 fixes to these files in 90 days")),
        formula="fix-risk/1",
    ),
    flags=(a_flag(), _DEFAULT),
    waived=(
        Waived(
            flag=a_flag("TC205", name="fix-without-test", severity=Severity.LOW), reason="covered on hardware"
        ),
    ),
    unknown=(UnknownRule(code=RuleCode("CP109"), missing=(missing_field("change", "logic_areas", [""]),)),),
    files=(
        FileAssessment(
            path=BACKEND,
            old_path=None,
            status="modified",
            category="source",
            change_type="core-logic",
            area="attention",
            module="vllm.v1.attention.backends.ember_attn",
            owners=("@gil", "@hana"),
            additions=70,
            deletions=21,
            importance=8.0,
            symbols=("EmberBackend.forward", "EmberBackend.supports_attn_type"),
        ),
        FileAssessment(
            path=SELECTOR,
            old_path="vllm/attention/selector.py",
            status="renamed",
            category="source",
            change_type="rename-or-move",
            area="attention",
            module="vllm.v1.attention.selector",
            owners=("@gil",),
            additions=10,
            deletions=10,
            importance=5.0,
            symbols=(),
        ),
        FileAssessment(
            path="vllm/config/attention.py",
            old_path=None,
            status="modified",
            category="source",
            change_type="data-contract",
            area="config",
            module="vllm.config.attention",
            owners=(),
            additions=1,
            deletions=0,
            importance=4.0,
            symbols=("AttentionConfig.use_ember",),
        ),
        FileAssessment(
            path=TEST,
            old_path=None,
            status="added",
            category="test",
            change_type="test-coverage",
            area="attention",
            module="tests.v1.attention.test_ember_attn",
            owners=None,
            additions=39,
            deletions=0,
            importance=2.0,
            symbols=(),
        ),
    ),
    symbols=(
        SymbolAssessment(
            path=BACKEND,
            line=41,
            name="EmberBackend.forward",
            kind="method",
            aspects=("signature", "body"),
            logic=True,
        ),
        SymbolAssessment(
            path=BACKEND,
            line=90,
            name="EmberBackend.supports_attn_type",
            kind="method",
            aspects=("added",),
            logic=True,
        ),
        SymbolAssessment(
            path="vllm/config/attention.py",
            line=17,
            name="AttentionConfig.use_ember",
            kind="variable",
            aspects=("default",),
            logic=True,
        ),
    ),
    graph=GraphFacts(
        commit="1" * 40, digest="abc", modules=1733, exact=True, cycles_closed=("vllm.a -> vllm.b -> vllm.a",)
    ),
    modules=(
        ModuleReach(
            module="vllm.v1.attention.backends.ember_attn",
            path=BACKEND,
            distance=4,
            chain="vllm.v1.engine.core -> vllm.v1.executor -> vllm.v1.worker.gpu_worker -> vllm.v1.attention.backends.ember_attn",
            dependents=3,
            reach=11,
            lazy=2,
            registry=1,
        ),
        ModuleReach(
            module="vllm.config.attention",
            path="vllm/config/attention.py",
            distance=None,
            chain=None,
            dependents=40,
            reach=212,
        ),
    ),
    tests=TestsAssessment(
        changed=(TEST,),
        nearest=(
            Nearest(
                path=TEST,
                score=3.0,
                reasons=("imports vllm.v1.attention.backends.ember_attn", "names EmberBackend"),
            ),
            Nearest(path="tests/v1/attention/test_backends.py", score=1.5, reasons=("two imports away",)),
        ),
        unnamed_symbols=("EmberBackend.supports_attn_type",),
    ),
    ci=CiFacts(
        pipelines=(CiPipeline(name="vllm_ci", runs=2, steps=3),),
        steps=(
            StepRun(
                pipeline="vllm_ci",
                reason=Reason.DEPENDENCY,
                entry="vllm/v1/attention",
                path=RepoPath("vllm/v1/attention/backends/ember_attn.py"),
                on=(
                    StepSet(queue="h100", amd=AmdState.MISSING, steps=("v1-attention",)),
                    StepSet(queue="gpu", amd=AmdState.PRESENT, steps=("v1-others",)),
                ),
            ),
        ),
        not_run=(StepsNotRun(reason=Reason.OPTIONAL, steps=1),),
        optional=(
            OptionalStep(
                pipeline="vllm_ci",
                step="kernels-nightly",
                queue="b200",
                entry="vllm/v1/attention",
                path=RepoPath("vllm/v1/attention/backends/ember_attn.py"),
            ),
        ),
        minutes=70,
    ),
    labels=("rocm", "v1"),
    completeness=Completeness(
        complete=False,
        gaps=(
            report_gap(
                Gap(
                    what="parse",
                    message=message("gap.graph-file-unparsed", line=12),
                    path=RepoPath("vllm/odd.py"),
                )
            ),
        ),
        unplaced=("NOTICE.odd",),
    ),
    tool=Tool(version="0.1.0", rules_hash="0123abcd", graph_hash="abc"),
)

_EMPTY = Assessment(
    change=ChangeSummary(
        pull=PullRequest(repository="vllm-project/vllm", source=SourceKind.PATCH, title="Mend a sentence"),
        additions=1,
        deletions=1,
        files=1,
    ),
    kind="docs",
    kind_reasons=(said("only documentation changed"),),
    tags=("documentation",),
    areas=(AreaShare(area="docs", weight=1.0, files=("docs/a.md",)),),
    platforms=(),
    risk=Risk(level=RiskLevel.NONE, because=()),
    importance=Score(value=0.0, formula="importance/1", parts=()),
    insight=Score(value=0.0, formula="insight/1", parts=()),
    flags=(),
    files=(
        FileAssessment(
            path="docs/a.md",
            old_path=None,
            status="modified",
            category="docs",
            change_type="documentation",
            area="docs",
            module=None,
            owners=None,
            additions=1,
            deletions=1,
            importance=0.0,
            symbols=(),
        ),
    ),
    symbols=(),
    tests=TestsAssessment(changed=()),
    completeness=Completeness(complete=True, gaps=()),
    tool=Tool(version="0.1.0", rules_hash="0123abcd", graph_hash=None),
)
