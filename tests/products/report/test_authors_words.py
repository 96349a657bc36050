"""What patches say: errors, warnings, remarks, what tests give up."""

from __future__ import annotations

import pytest

from diffscope.diff.parse import parse_diff
from diffscope.products.report.authors_words import read_words, unset_variable

PATH = "vllm/config/lamp.py"
SETTINGS = frozenset({"most_wicks", "burn_oil"})


def a_patch(added: str, removed: str = "", *, path: str = PATH, section: str = "class LampConfig:") -> str:
    gone, come = removed.splitlines(), added.splitlines()
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
    hunk = f"@@ -10,{len(gone)} +10,{len(come)} @@ {section}\n"
    return head + hunk + "".join(f"-{line}\n" for line in gone) + "".join(f"+{line}\n" for line in come)


RAISES = """\
            raise ValueError(
                f"Cannot burn {count} wicks. "
                "Set --most-wicks to allow more."
            )"""
SAID = "Cannot burn … wicks. Set --most-wicks to allow more."


@pytest.mark.parametrize(
    ("patch", "field", "said"),
    [
        pytest.param(a_patch(RAISES), "errors", (SAID,), id="an error that names an option"),
        pytest.param(a_patch(RAISES, RAISES.replace("ValueError", "TypeError")), "errors", (), id="an error that said so before"),
        pytest.param(a_patch(RAISES, RAISES.replace('wicks. "\n                "Set', 'wicks. "\n                f"Set').replace("ValueError", "TypeError")), "errors", (), id="an error that moved, its parts written otherwise"),
        pytest.param(a_patch("    - Dimming is not supported (`dim` must be off)."), "limits", ("Dimming is not supported",), id="what a docstring says it cannot"),
        pytest.param(a_patch('    raise ValueError("No wick")'), "errors", (), id="an error that names nothing"),
        pytest.param(a_patch('    raise ValueError("most_wicks must be in [0, 1]")'), "errors", (), id="which values something takes at all"),
        pytest.param(a_patch('    raise ValueError("%s broke most_wicks" % name'), "errors", (), id="a call that does not end"),
        pytest.param(a_patch("    raise ValueError(" + "(" * 4000 + "most_wicks"), "errors", (), id="nested without an end"),
        pytest.param(a_patch(r'    raise ValueError("most_wicks \d is too many")'), "errors", (r"most_wicks \d is too many",), id="an escape that is none"),
        pytest.param(a_patch(RAISES, path="tests/test_lamp.py"), "errors", (), id="tests raise what they like"),
        pytest.param(a_patch('    logger.warning("Disabling the lamp for %s", name)'), "warnings", ("Disabling the lamp for …",), id="a warning that turns something off"),
        pytest.param(a_patch('    logger.warning("burn_oil is deprecated and will be removed in v2.")'), "deprecations", ("LampConfig: burn_oil is deprecated and will be removed in v2.",), id="what is on its way out, by its class"),
        pytest.param(a_patch("`burn_oil` is deprecated and will be removed in v2.", "  `burn_oil` is deprecated and will be removed in v2, soon.", path="docs/lamp.md"), "deprecations", (), id="what documents said before"),
        pytest.param(a_patch("`burn_oil` is deprecated and will be removed in v2.", path="docs/lamp.md"), "deprecations", ("`burn_oil` is deprecated and will be removed in v2.",), id="the same in a document"),
        pytest.param(a_patch("    cap=config.most_wicks,", "    cap=envs.LAMP_CAP,"), "duties", (("most_wicks", "cap", PATH),), id="what a setting decides besides"),
        pytest.param(a_patch("    cap=other.most_wicks,", "    cap=config.most_wicks,"), "duties", (), id="what it decided before"),
        pytest.param(a_patch("        config.most_wicks = 9"), "assigned", ((PATH, 10),), id="a line that assigns a setting"),
        pytest.param(a_patch("        config.most_wicks = 9", "        config.many_wicks = 9"), "assigned", (), id="a line that gave the value to another name before"),
        pytest.param(a_patch("    gas_lamp: bool = False\n        if self.gas_lamp:\n" + RAISES), "errors", (), id="an error under a setting that is new and off"),
        pytest.param(a_patch("    gas_lamp: int = 4\n        if count > self.gas_lamp:\n" + RAISES), "errors", (SAID,), id="an error under a limit that is new"),
        pytest.param(a_patch("    @router.get('/lamp')"), "routes", ("/lamp",), id="the path of an endpoint"),
        pytest.param(a_patch("    # Clone because the wick may move\n    x = 1"), "remarks", ("Clone because the wick may move",), id="a comment that says why"),
        pytest.param(a_patch("    count = self.most_wicks", "DEFAULT_WICKS = 4"), "constants", (("4", "--most-wicks"),), id="a default that gives way to a setting"),
        pytest.param(a_patch("", "DEFAULT_WICKS = 4"), "constants", (), id="a default that nothing takes the place of"),
        pytest.param(a_patch("    most_wicks: int | None = Field(\n    parser.add('--burn-oil', 1)"), "brought", ("burn_oil", "most_wicks"), id="a field and an option that are declared"),
        pytest.param(a_patch("    most_wicks: int = 4", "    most_wicks: int = 3"), "brought", (), id="a field that was declared before"),
        pytest.param(a_patch("    most_wicks: int = 4,"), "brought", (), id="the parameter of a function"),
        pytest.param(a_patch("DEFAULT_WICKS = 8", "DEFAULT_WICKS = 4"), "constants", (), id="a default that is another one"),
    ],
)  # fmt: skip
def test_what_authors_say(patch: str, field: str, said: tuple[object, ...]) -> None:
    assert getattr(read_words(parse_diff(patch), SETTINGS), field) == said


SPACE = """\
def total(lamp):
    space = envs.LAMP_SPACE
    if space is None:
        DEFAULT_SHARE = 0.5
        space = lamp * DEFAULT_SHARE
    return space
"""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (SPACE, "LAMP_SPACE"),
        (SPACE.replace("0.5", "0.6"), ""),
        (SPACE.replace("envs.LAMP_SPACE", "lamp.space"), ""),
        (SPACE.replace("if space is None:", "with lamp:"), ""),
        (SPACE.replace("    if space is None:\n        DEF", "    DEF"), ""),
    ],
)
def test_the_variable_without_which_a_constant_holds(text: str, name: str) -> None:
    assert unset_variable(text, "0.5") == name
