"""Flags of one cause are one flag: the most consequential is the head, the others stand under it, and nothing is lost."""

from __future__ import annotations

import itertools

import pytest

from diffscope.facts.model import Cause, CausePart
from diffscope.messages.model import Text
from diffscope.rules.engine.folding import fold
from diffscope.rules.model import Evidence, Flag, RuleCode, Severity, every_flag
from tests.rule_builders import rule_text, rules

LINE = "{call: {change: added}}"
SAID = '"{path}"'
CATALOGUE = rules(
    CP101=rule_text(family=None),
    CP102=rule_text(family=None),
    CC701=rule_text(family=None, evidence=LINE, says=SAID),
    CC702=rule_text(family=None, evidence=LINE, says=SAID, covers="['CF5*']"),
    CF501=rule_text(family=None, evidence="{option: {}}", says=SAID),
    TC201=rule_text(family=None),
    TC206=rule_text(family=None, evidence="{native: {}}", says=SAID),
    PF303=rule_text(family=None, evidence="{counterpart: {}}", says=SAID),
)
NOTE = Text(en="A note", zh="说明")


def at(symbol: str, line: int, path: str = "vllm/a.py", side: str = "new") -> Evidence:
    return Evidence(path=path, line=line, side=side, symbol=symbol, note=NOTE)


def flag(code: str, *places: Evidence, severity: Severity = Severity.MEDIUM, more_places: int = 0) -> Flag:
    rule = CATALOGUE.rule(code)
    assert rule is not None
    return Flag(
        code=RuleCode(code),
        name=rule.name,
        family=rule.family,
        severity=severity,
        title=NOTE,
        message=NOTE,
        advice=NOTE,
        evidence=places,
        more_places=more_places,
        fingerprint=code,
    )


def folded(*flags: Flag, causes: tuple[Cause, ...] = ()) -> dict[str, list[tuple[str, str | None]]]:
    """Return head -> what it covers and why, after a check that order is nothing and that no flag is lost."""
    found = fold(flags, causes, CATALOGUE)
    for other in itertools.permutations(flags):
        again = {head.code: head.covers for head in fold(other, causes, CATALOGUE)}
        assert again == {head.code: head.covers for head in found}
    assert sorted(each.code for each in every_flag(found)) == sorted(each.code for each in flags)
    return {head.code: [(each.code, each.covered_as) for each in head.covers] for head in found}


F, G, F_LINE = at("f", 3), at("g", 20), at("f", 5)
SAME = "same-place"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        pytest.param(
            (flag("CP101", F), flag("CP102", F, severity=Severity.LOW)),
            {"CP101": [("CP102", SAME)]},
            id="two rules at one symbol are one flag, the graver its head",
        ),
        pytest.param(
            (flag("CP101", F), flag("CC701", F_LINE)),
            {"CC701": [("CP101", SAME)]},
            id="of equal severity what is said of a line is the head",
        ),
        pytest.param(
            (flag("CP101", F), flag("CC701", F_LINE, severity=Severity.LOW)),
            {"CP101": [("CC701", SAME)]},
            id="of lower severity it is not",
        ),
        pytest.param(
            (flag("CP101", F), flag("CP102", G)),
            {"CP101": [], "CP102": []},
            id="two symbols are two flags",
        ),
        pytest.param(
            (flag("CP101", F, G), flag("CP102", F)),
            {"CP101": [("CP102", SAME)]},
            id="all places of one lie among those of the other",
        ),
        pytest.param(
            (flag("CP101", F, G), flag("CP102", F, at("h", 40))),
            {"CP101": [], "CP102": []},
            id="each has a place of its own",
        ),
        pytest.param(
            (flag("CP101", G, F), flag("CC701", F_LINE)),
            {"CP101": [], "CC701": []},
            id="a line hides under no symbol of its rank whose head is elsewhere",
        ),
        pytest.param(
            (flag("CP101", G, F, severity=Severity.HIGH), flag("CC701", F_LINE)),
            {"CP101": [], "CC701": []},
            id="nor under a graver one that looks elsewhere first",
        ),
        pytest.param(
            (flag("CP101", F, G, severity=Severity.HIGH), flag("CC701", F_LINE)),
            {"CP101": [("CC701", SAME)]},
            id="but under a graver one that looks there first",
        ),
        pytest.param(
            (flag("CC701", F_LINE), flag("CP101", F, *(at(name, 30) for name in "ghi"))),
            {"CC701": [], "CP101": []},
            id="what is said of many symbols is more than a line of one",
        ),
        pytest.param(
            (flag("CC701", F_LINE), flag("CF501", at("f", 6))),
            {"CC701": [], "CF501": []},
            id="two lines of one function are two flags",
        ),
        pytest.param(
            (flag("CC701", F_LINE), flag("CF501", F_LINE)),
            {"CC701": [("CF501", SAME)]},
            id="one line is one flag",
        ),
        pytest.param(
            (flag("CC702", F_LINE), flag("CC701", F_LINE), flag("CF501", F_LINE)),
            {"CC702": [("CC701", SAME), ("CF501", SAME)]},
            id="of equals the one that is declared to cover another is the head",
        ),
        pytest.param(
            (flag("CP101", F), flag("TC201", F)),
            {"CP101": [], "TC201": []},
            id="a missing test is another question than the change",
        ),
        pytest.param(
            (flag("TC201", F), flag("TC206", F)),
            {"TC201": [("TC206", SAME)]},
            id="two questions after tests are one",
        ),
        pytest.param(
            (flag("CP101", F), flag("PF303", F, severity=Severity.LOW)),
            {"CP101": [], "PF303": []},
            id="a twin that was forgotten is never said by the change itself",
        ),
        pytest.param(
            (flag("CP101", at("C", 1)), flag("CP102", at("C.run", 4), severity=Severity.LOW)),
            {"CP101": [("CP102", SAME)]},
            id="a method lies in its class",
        ),
        pytest.param(
            (flag("CP101", at("C", 1)), flag("CP102", at("Cell", 1), severity=Severity.LOW)),
            {"CP101": [], "CP102": []},
            id="a name that begins alike does not",
        ),
        pytest.param(
            (flag("CP101", F), flag("CP102", *(at("f", line) for line in range(10)), severity=Severity.LOW)),
            {"CP101": [("CP102", SAME)]},
            id="of ten places that are kept the first and most lie there",
        ),
        pytest.param(
            (
                flag("CP101", G, F),
                flag("CP102", *(at("f", line) for line in range(10)), severity=Severity.LOW, more_places=1),
            ),
            {"CP101": [], "CP102": []},
            id="of ten places that lie elsewhere first there may be more",
        ),
        pytest.param(
            (flag("CP101", F, G, at("h", 40)), flag("CP102", F, at("i", 50))),
            {"CP101": [], "CP102": []},
            id="one first place beside others elsewhere is two flags",
        ),
    ],
)
def test_flags_of_one_place_are_one(
    flags: tuple[Flag, ...], expected: dict[str, list[tuple[str, str | None]]]
) -> None:
    """Whichever comes first."""
    assert folded(*flags) == expected


GONE = at("Config.use_x", 2, "vllm/config.py", "old")
TAKEN = CausePart(path="vllm/a.py", first=4, last=9, side="old")


def test_what_went_with_an_option_is_told_with_it() -> None:
    """All places of a flag must lie in what went; another one of its own keeps it a flag."""
    cause = Cause(
        what="goes-along", name="Config.use_x", path="vllm/config.py", line=2, side="old", parts=(TAKEN,)
    )
    option, inside = flag("CF501", GONE), at("f", 5, side="old")
    assert folded(option, flag("CC701", inside), causes=(cause,)) == {"CF501": [("CC701", "goes-along")]}
    assert folded(option, flag("CC701", inside, G), causes=(cause,)) == {"CF501": [], "CC701": []}
    assert folded(option, flag("CC701", at("f", 5)), causes=(cause,)) == {"CF501": [], "CC701": []}
    graver = flag("CC701", inside, severity=Severity.HIGH)
    assert folded(option, graver, causes=(cause,)) == {"CC701": [], "CF501": []}


def test_the_order_of_flags_is_kept_and_severity_never_rises() -> None:
    """Heads stand as they came; a covered flag is no graver than its head."""
    flags = (flag("TC201", G), flag("CP101", F), flag("CP102", F, severity=Severity.LOW))
    found = fold(flags, (), CATALOGUE)
    assert [each.code for each in found] == ["TC201", "CP101"]
    assert all(below.severity.rank <= head.severity.rank for head in found for below in head.covers)
