"""The page of a backtest: what is significant, what is not, what is too little to say."""

from __future__ import annotations

import json

import jsonschema
import msgspec

from diffscope.assessment.document import RiskLevel
from diffscope.cli.generate.schema import schema_text
from diffscope.products.backtest.model import (
    Backtest,
    BacktestScope,
    LevelMeasure,
    Lift,
    Measure,
    Ranking,
    Rankings,
    RuleMeasure,
    Share,
    Stratum,
)
from diffscope.products.backtest.render import FORMATS
from diffscope.render.style import Style
from tests.said import a_reported_gap

STRONG = Lift(ratio=2.5, low=1.5, high=4.0, flagged=30, flagged_fixed=12)
WEAK = Lift(ratio=1.25, low=0.5, high=3.0, flagged=12, flagged_fixed=3)


def rule(code: str, name: str, fired: int, lift: Lift | None, unknown: int = 0) -> RuleMeasure:
    seen = Measure(fired=fired, followed=fired, fixed=0, lift=lift)
    return RuleMeasure(code=code, name=name, family="core-path", unknown=unknown, any=seen, medium=seen)


FOUND = Backtest(
    frame=BacktestScope(
        repository="vllm-project/vllm",
        window="2026-03-08/2026-04-19",
        since="2026-03-08T00:00:00Z",
        until="2026-04-19T00:00:00Z",
        as_of="2026-04-19T16:00:00Z",
        within_days=30,
        rules_hash="cafe",
    ),
    changes=1200,
    flags_a_change=0.64,
    base=Share(count=63, of=375, low=0.134, high=0.209),
    hot=Share(count=31, of=375, low=0.059, high=0.115),
    levels=(
        LevelMeasure(level=RiskLevel.NONE, changes=700, fixed=Share(count=14, of=200, low=0.042, high=0.114)),
        LevelMeasure(level=RiskLevel.HIGH, changes=500, fixed=Share(count=0, of=0, low=0.0, high=1.0)),
    ),
    flags_per_100_unfixed=61.2,
    strata=(Stratum(smallest=1, largest=3249, changes=375, fixed=63),),
    rankings=Rankings(
        importance=Ranking(auc=0.722, low=0.651, high=0.793),
        added_lines=Ranking(auc=0.55, low=0.45, high=0.65),
        difference=Ranking(auc=-0.04, low=-0.084, high=0.003),
    ),
    rules=(
        rule("CP101", "engine-step-path", 120, STRONG),
        rule("CP102", "attention-backend", 60, WEAK, unknown=2),
        rule("CP103", "quantization-kernel-path", 6, None),
        rule("CP104", "moe-execution", 0, None),
    ),
    families=(rule("core-path", "Core-path change", 180, STRONG),),
    gaps=(a_reported_gap("change", "#1 could not be judged: it changes nothing"),),
)


def test_the_page_tells_what_is_significant() -> None:
    """A reader can tell a lift from noise in each line, and how much chance alone would give."""
    lines = FORMATS["text"](FOUND, Style(width=118)).splitlines()
    assert lines == [
        "vllm-project/vllm, 2026-03-08/2026-04-19: 1,200 changes",
        "merged 2026-03-08T00:00:00Z to 2026-04-19T00:00:00Z; fixes known before 2026-04-19T16:00:00Z",
        "base rate: 63 of 375 (16.8%, 95% 13.4%-20.9%) changes that wrote source had lines of theirs changed by a fix within 30",
        "days, 31 within a week",
        "flags of medium and above: 0.64 a change; 61 for each 100 changes that were not fixed",
        "",
        "level                 changes    fixed, of those followed",
        "none                      700    14 of 200 (7.0%, 95% 4.2%-11.4%)",
        "high                      500    none followed",
        "",
        "source lines added    changes    fixed",
        "1-3,249                   375    63 (16.8%)",
        "",
        "AUC for a later fix",
        "importance            0.722 (95% 0.651 to 0.793)",
        "source lines added    0.550 (95% 0.450 to 0.650), not significant",
        "difference            -0.040 (95% -0.084 to 0.003), not significant",
        "",
        "family                                          fired      medium+   lift (95% interval)",
        "Core-path change                           180  15.0%   180  15.0%   2.50 (1.50-4.00)",
        "",
        "rule                                            fired      medium+   lift (95% interval)",
        "CP101   engine-step-path                   120  10.0%   120  10.0%   2.50 (1.50-4.00)",
        "CP102   attention-backend                   60   5.0%    60   5.0%   1.25 (0.50-3.00) not significant; unknown on 2",
        "CP103   quantization-kernel-path             6   0.5%     6   0.5%   too few",
        "CP104   moe-execution                        0   0.0%     0   0.0%   never fired",
        "",
        "Lift is the risk of a later fix with the flag over that without it, among changes of about the same size, at any",
        "severity. It describes this window; it does not predict. Of 2 rules with a lift 1 are significant; about 0.1 would be",
        "by chance alone.",
        "1 thing could not be judged (gaps in the JSON).",
    ]


def test_the_document_meets_its_schema() -> None:
    """By an implementation that is not ours, and it reads back as it was."""
    text = FORMATS["json"](FOUND, Style())
    jsonschema.Draft202012Validator(json.loads(schema_text("backtest"))).validate(json.loads(text))
    assert msgspec.json.decode(text, type=Backtest) == FOUND
