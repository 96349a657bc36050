"""What patches say: errors, warnings, docstrings, settings that code decides; and who works on whose lines."""

from __future__ import annotations

import pytest

from diffscope.batch.patches import first_in, is_of_unset
from diffscope.diff.parse import parse_diff
from diffscope.products.report.authors_words import Mended, find_mended, read_words

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
        pytest.param(a_patch('    raise ValueError("No wick")'), "errors", (), id="an error that names nothing"),
        pytest.param(a_patch('    raise ValueError("most_wicks must be in [0, 1]")'), "errors", (), id="which values something takes at all"),
        pytest.param(a_patch('    raise ValueError("%s broke most_wicks" % name'), "errors", (), id="a call that does not end"),
        pytest.param(a_patch("    raise ValueError(" + "(" * 4000 + "most_wicks"), "errors", (), id="nested without an end"),
        pytest.param(a_patch(r'    raise ValueError("most_wicks \d is too many")'), "errors", (r"most_wicks \d is too many",), id="an escape that is none"),
        pytest.param(a_patch(RAISES, path="tests/test_lamp.py"), "errors", (), id="tests raise what they like"),
        pytest.param(a_patch('    logger.warning("Disabling the lamp for %s", name)'), "warnings", ("Disabling the lamp for …",), id="a warning that turns something off"),
        pytest.param(a_patch('    logger.warning("burn_oil is deprecated and will be removed in v2.")'), "deprecations", ("LampConfig: burn_oil is deprecated and will be removed in v2.",), id="what is on its way out, by its class"),
        pytest.param(a_patch("`burn_oil` is deprecated and will be removed in v2.", path="docs/lamp.md"), "deprecations", ("`burn_oil` is deprecated and will be removed in v2.",), id="the same in a document"),
        pytest.param(a_patch('    burn_oil: bool = False\n    """Burn oil.\n    Gas otherwise."""'), "fields", (("burn_oil", "Burn oil. Gas otherwise."),), id="a field with its docstring"),
        pytest.param(a_patch('    burn_oil: bool,\n) -> None:\n    """Light."""'), "fields", (), id="a parameter is no field"),
        pytest.param(a_patch("    # Clone because the wick may move\n    x = 1"), "remarks", ("Clone because the wick may move",), id="a comment that says why"),
        pytest.param(a_patch("    count = self.most_wicks", "DEFAULT_WICKS = 4"), "constants", (("4", "--most-wicks"),), id="a default that gives way to a setting"),
        pytest.param(a_patch("", "DEFAULT_WICKS = 4"), "constants", (), id="a default that nothing takes the place of"),
        pytest.param(a_patch("DEFAULT_WICKS = 8", "DEFAULT_WICKS = 4"), "constants", (), id="a default that is another one"),
    ],
)  # fmt: skip
def test_what_authors_say(patch: str, field: str, said: tuple[object, ...]) -> None:
    assert getattr(read_words(parse_diff(patch), SETTINGS), field) == said


@pytest.mark.parametrize(
    ("added", "decided"),
    [
        pytest.param("        self.burn_oil = True", [("burn_oil", "True", "")], id="with no condition near"),
        pytest.param("        if self.gas is not None:\n            self.lamp_config.burn_oil = True", [("burn_oil", "True", "gas")], id="under a condition"),
        pytest.param("        if (\n            self.gas\n            and not self.burn_oil\n        ):\n            self.burn_oil = True", [("burn_oil", "True", "gas")], id="a condition on several lines, without the setting itself"),
        pytest.param("    @property\n    def is_dark(self) -> bool:\n        return self.hour > 20\n        if self.is_dark:\n            self.most_wicks = MANY\nMANY = 9", [("most_wicks", "9", "hour > 20")], id="a property and a constant that the pull request adds"),
        pytest.param("        self.burn_oil = burn_oil", [], id="handed on"),
        pytest.param("        self.unknown = True", [], id="nothing that users set"),
    ],
)  # fmt: skip
def test_what_code_decides_now(added: str, decided: list[tuple[str, str, str]]) -> None:
    found = read_words(parse_diff(a_patch(added)), SETTINGS).decided
    assert [(one.name, one.value, one.condition) for one in found] == decided


FIRST = a_patch("    wick = trim_the_wick(lamp, to=4)\n    light_the_lamp_again(wick)")


@pytest.mark.parametrize(
    ("second", "mended"),
    [
        pytest.param(a_patch("    wick = None", "    wick = trim_the_wick(lamp, to=4)\n    light_the_lamp_again(wick)"), [Mended(2, 1, (PATH,))], id="lines of the first"),
        pytest.param(a_patch("    wick = None", "    wick = trim_the_wick(lamp, to=4)\n" + "    other_code_that_was_there()\n" * 20), [], id="few of them among many"),
        pytest.param(a_patch("    wick = None", "    wick = trim_the_wick(lamp, to=4)", path="vllm/b.py"), [], id="the same line elsewhere"),
        pytest.param(a_patch('    allow("oil_lantern_4")'), [Mended(2, 1, ("oil_lantern_4",))], id="a value that the first brought"),
        pytest.param(a_patch('    allow("oil_lantern_45")'), [], id="a longer name"),
    ],
)  # fmt: skip
def test_who_works_on_whose_lines(second: str, mended: list[Mended]) -> None:
    patches = [(1, parse_diff(FIRST)), (2, parse_diff(second))]
    assert list(find_mended(patches, {"oil_lantern_4": 1})) == mended


@pytest.mark.parametrize(
    ("body", "first"),
    [
        pytest.param("    first = [Lamp.OIL]\n    first.append(Lamp.GAS)", {"": "OIL"}, id="a list"),
        pytest.param("    if is_dark():\n        return [Lamp.GAS]\n    return [Lamp.OIL]", {"": "OIL", "is_dark()": "GAS"}, id="under a condition and under none"),
        pytest.param("    if dark:\n        return [Lamp.GAS]\n    else:\n        return [Lamp.OIL]", {"dark": "GAS", "not (dark)": "OIL"}, id="one of two"),
        pytest.param("    return lamps", {}, id="none named"),
    ],
)  # fmt: skip
def test_what_a_function_tries_first(body: str, first: dict[str, str]) -> None:
    assert first_in(f"def order():\n{body}\n\n\ndef other():\n    return Lamp.WAX\n", "order") == first


@pytest.mark.parametrize(
    ("guard", "is_unset"),
    [
        pytest.param("self.most_wicks is None", True, id="asked whether it is set"),
        pytest.param("self.lamps is None", False, id="asked of another one"),
        pytest.param("not self.most_wicks", False, id="a value that may have been set"),
    ],
)
def test_a_default_is_told_from_a_value_that_is_forced(guard: str, is_unset: bool) -> None:
    text = f"def f(self):\n    if {guard}:\n        if dark:\n            self.most_wicks = 9\n"
    assert is_of_unset(text, 4, "most_wicks") is is_unset
    assert not is_of_unset(text, 2, "most_wicks")
