"""Who works on whose lines, in a window and after it."""

from __future__ import annotations

import pytest

from diffscope.diff.parse import parse_diff
from diffscope.products.report.links.lines import Brought, Mended, Patch, find_worked, is_fix
from tests.products.report.test_authors_words import a_patch

PATH = "vllm/config/lamp.py"
LINES = "    wick = trim_the_wick(lamp, to=4)\n    light_the_lamp_again(wick)"
MOVED = "    moved_from_another_place()"
FIRST = Patch(1, "[Core] Add a lamp", parse_diff(a_patch(f"{LINES}\n{MOVED}", MOVED)))
BROUGHT = Brought(
    {"oil_lantern_4": 1}, {"LanternOfOil": 1, "light_the_oil": 1}, {"vllm/backend.py": (1, "OilBackend")}
)


def _fix(added: str, removed: str = "", *, title: str = "[Bugfix] Fix it", **place: str) -> Patch:
    return Patch(2, title, parse_diff(a_patch(added, removed, **place)))


@pytest.mark.parametrize(
    ("second", "mended"),
    [
        pytest.param(_fix("    wick = None", LINES), [Mended(2, 1, (PATH,))], id="lines of the first"),
        pytest.param(_fix("    wick = None", LINES.partition("\n")[0] + "\n" + "    other_code_that_was_there()\n" * 20), [], id="few of them among many"),
        pytest.param(_fix("    wick = None", LINES.partition("\n")[0], path="vllm/b.py"), [], id="the same line elsewhere"),
        pytest.param(_fix('    allow("oil_lantern_4")'), [Mended(2, 1, ("oil_lantern_4",))], id="a value that the first brought"),
        pytest.param(_fix('    allow("oil_lantern_45")'), [], id="a longer name"),
    ],
)  # fmt: skip
def test_who_works_on_whose_lines_in_a_window(second: Patch, mended: list[Mended]) -> None:
    assert list(find_worked([FIRST, second], [], BROUGHT).mended) == mended


def test_a_title_that_names_what_one_added_is_no_word_on_another_whose_lines_go() -> None:
    other = Patch(
        4, "Add oil", parse_diff(a_patch("    pour_oil_into_the_lamp_again(now)", path="vllm/b.py"))
    )
    fix = _fix(
        "    x = 1", "    pour_oil_into_the_lamp_again(now)", title="Fix light_the_oil", path="vllm/b.py"
    )
    found = find_worked([FIRST, other], [fix], BROUGHT)
    assert list(found.mended) == [Mended(2, 1, ("light_the_oil",))]
    assert list(found.touched) == [(2, 1)]


LATER = _fix("    wick = None", LINES, path="vllm/b.py")._replace(number=3)


@pytest.mark.parametrize(
    ("before", "mended"),
    [
        pytest.param([FIRST], [Mended(3, 1, ("vllm/b.py",))], id="they stay whose they were"),
        pytest.param([], [], id="and are not those of who moved them"),
    ],
)
def test_lines_that_moved(before: list[Patch], mended: list[Mended]) -> None:
    moves = Patch(2, "Move it", parse_diff(a_patch("", LINES) + a_patch(LINES, path="vllm/b.py")))
    assert list(find_worked([*before, moves], [LATER], BROUGHT).mended) == mended


@pytest.mark.parametrize(
    ("later", "mended", "touched"),
    [
        pytest.param(_fix("    wick = None", LINES), [Mended(2, 1, (PATH,))], [(2, 1)], id="mostly its lines"),
        pytest.param(_fix("    wick = None\n    wax = None\n" * 9, f"{LINES}\n    )\n    else:"), [Mended(2, 1, (PATH,))], [(2, 1)], id="a short line between them, and much that comes in their place"),
        pytest.param(_fix("    if wick:\n    " + LINES.replace("\n", "\n    "), LINES), [], [(2, 1)], id="indented anew"),
        pytest.param(_fix("    x = 1", LINES + "\n" + "    other_code_that_was_there()\n" * 20), [], [(2, 1)], id="some of its lines among others"),
        pytest.param(_fix("    wick = None", LINES, title="[Core] Change it"), [Mended(2, 1, (PATH,))], [], id="no fix by its title"),
        pytest.param(_fix("    x = 1", section="class LanternOfOil:"), [], [(2, 1)], id="put into a class that it added"),
        pytest.param(_fix("    x = 1", path="vllm/backend.py", section="class OilBackend(Backend):"), [], [(2, 1)], id="what a class can do that it made a default"),
        pytest.param(_fix("    x = 1", path="vllm/backend.py", section="class Other:"), [], [], id="another class of that module"),
        pytest.param(_fix(LINES + "  # soon", LINES), [], [], id="a comment alone"),
        pytest.param(_fix("    x = 1"), [], [], id="nothing of it"),
        pytest.param(_fix("    wick = trim_the_wick(\n        lamp,\n        to=4,\n        by=2,\n    )", LINES.partition("\n")[0]), [], [], id="a call with one more argument"),
        pytest.param(_fix("    x = 1\n" * 400, LINES), [], [(2, 1)], id="its lines, and very much more"),
        pytest.param(_fix("    x = 1", title="[Bugfix] Fix LanternOfOil on boats"), [Mended(2, 1, ("LanternOfOil",))], [(2, 1)], id="its title names a class that it added, and it changes the same file"),
        pytest.param(_fix("    x = 1", title="[Bugfix] Fix LanternOfOil on boats", path="vllm/b.py"), [], [], id="its title names a class, and it changes other files"),
        pytest.param(_fix("    x = 1", title="[Bugfix] Fix light_the_oil", path="vllm/b.py"), [Mended(2, 1, ("light_the_oil",))], [(2, 1)], id="its title names a function that it added"),
        pytest.param(_fix("    x = 1", LINES.partition("\n")[0] + "\n" + "    other_code_that_was_there()\n" * 20), [], [], id="one line that may stand elsewhere, too"),
        pytest.param(_fix("    wick = None", "    moved_from_another_place()"), [], [], id="a line that it only moved"),
    ],
)  # fmt: skip
def test_whose_lines_fixes_change_after_a_window(
    later: Patch, mended: list[Mended], touched: list[tuple[int, int]]
) -> None:
    found = find_worked([FIRST], [later], BROUGHT)
    assert (list(found.mended), list(found.touched)) == (mended, touched)


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("[Bugfix] Trim the wick", True),
        ("Gate the mask, fixing the lantern", True),
        ("[Core] Fixed the wick", True),
        ("Remove the workaround for the fixed wick", False),
        ("Fix type annotations", False),
        ("Fix the docs", False),
        ("[Frontend] [Security] Hide the oil", True),
        ("Describe the security of lamps", False),
    ],
)
def test_titles_of_fixes_that_users_may_meet(title: str, *, told: bool) -> None:
    assert is_fix(title) == told


@pytest.mark.parametrize(
    ("later", "repaired"),
    [
        pytest.param(_fix("    wick = None", LINES), True, id="it takes its lines away"),
        pytest.param(_fix("    wick = None", LINES, title="[Core] Change it"), False, id="and calls itself no fix"),
        pytest.param(_fix("    wick = None", LINES, title="[Bugfix] Support oil"), False, id="and does more than before"),
        pytest.param(_fix("    x = 1", LINES + "\n" + "    other_code_that_was_there()\n" * 20), False, id="a few of them among many"),
        pytest.param(_fix("    wick = None", LINES.partition("\n")[0]), False, id="one short line of it"),
        pytest.param(_fix("    x = 1", section="def light_the_oil(lamp):"), False, id="what others may have written in its function"),
        pytest.param(_fix('    allow("oil_lantern_4")'), False, id="code that handles what it brought"),
        pytest.param(_fix("    x = 1", title="Fix oil_lantern_4 on boats"), True, id="its title names what it brought"),
        pytest.param(_fix("    # as before #1, no oil\n    x = 1"), False, id="a number of one digit is none of a pull request"),
        pytest.param(_fix("    x = 1", path="vllm/backend.py", section="class OilBackend(Backend):"), True, id="it corrects what a class says it can do that became a default"),
    ],
)  # fmt: skip
def test_what_fixes_repair_as_who_reads_both_sees_it(later: Patch, *, repaired: bool) -> None:
    assert list(find_worked([FIRST], [later], BROUGHT).repaired) == [(2, 1)] * repaired


@pytest.mark.parametrize("place", ["title", "line"])
def test_a_fix_that_names_an_earlier_one_repairs_it(place: str) -> None:
    first = FIRST._replace(number=4711)
    fix = _fix(
        "    x = 1  # since #4711" if place == "line" else "    x = 1",
        title="Fix #4711" if place == "title" else "Fix it",
    )
    assert find_worked([first], [fix._replace(number=4712)], BROUGHT).repaired == ((4712, 4711),)


def test_lines_that_are_only_set_anew_are_nobodys() -> None:
    long = "    wick = trim_the_wick_of_the_lamp(lamp, to=4) or light_the_lamp(again)"
    anew = (
        "    wick = (\n        trim_the_wick_of_the_lamp(lamp, to=4)\n        or light_the_lamp(again)\n    )"
    )
    laid_out = Patch(1, "Add a lamp", parse_diff(a_patch(anew, long)))
    fix = _fix("    wick = None", "\n".join(anew.split("\n")[1:3]))
    assert find_worked([laid_out], [fix], BROUGHT).repaired == ()
