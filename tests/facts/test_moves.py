"""Symbols that change files: a move is no new behaviour."""

from __future__ import annotations

from tests.fact_builders import facts
from tests.said import sentences

BODY = "def pack(x):\n    y = x + 1\n    z = y * 3\n    w = z - x\n    return w\n"
KEEP = "def keep():\n    return 1\n"


def test_a_function_that_changes_files_is_no_logic() -> None:
    """Both ends are told, and neither is new or lost behaviour."""
    found = facts(
        {"vllm/a.py": BODY + "\n\n" + KEEP, "vllm/b.py": KEEP},
        {"vllm/a.py": KEEP, "vllm/b.py": KEEP + "\n\n" + BODY},
    ).symbol
    assert {(one.path, one.symbol, one.aspects, one.logic, one.moved_from) for one in found} == {
        ("vllm/a.py", "pack", ("removed", "moved"), False, None),
        ("vllm/b.py", "pack", ("moved",), False, "vllm/a.py:pack"),
    }


def test_a_module_that_is_split_is_in_both() -> None:
    """An import that goes along with one of them leaves the other behind."""
    other = "def spread(x, k):\n    for one in x:\n        k.append(one * 4)\n    k.sort()\n    return k\n"
    found = facts(
        {"vllm/a.py": BODY + "\n\n" + other, "vllm/user.py": "from vllm.a import pack\n"},
        {"vllm/b.py": BODY, "vllm/c.py": other, "vllm/user.py": "from vllm.b import pack\n"},
    ).symbol
    (module,) = (one for one in found if one.kind == "module")
    assert (module.symbol, module.moved_to) == ("vllm.a", "vllm/b.py, vllm/c.py")


def test_an_edit_on_the_way_is_logic() -> None:
    """A function that arrives with another line has a changed body."""
    edited = BODY.replace("y * 3", "y * 4")
    found = facts(
        {"vllm/a.py": BODY + "\n\n" + KEEP, "vllm/b.py": KEEP},
        {"vllm/a.py": KEEP, "vllm/b.py": KEEP + "\n\n" + edited},
    ).symbol
    arrived = next(one for one in found if one.path == "vllm/b.py")
    assert (arrived.aspects, arrived.logic) == (("moved", "body"), True)


def test_another_function_of_the_same_name_is_new() -> None:
    """A shared name alone makes no move."""
    other = "def pack(a, b):\n    for one in a:\n        yield one, b\n"
    found = facts(
        {"vllm/a.py": BODY + "\n\n" + KEEP, "vllm/b.py": KEEP},
        {"vllm/a.py": KEEP, "vllm/b.py": KEEP + "\n\n" + other},
    ).symbol
    assert {(one.path, one.aspects) for one in found} == {
        ("vllm/a.py", ("removed",)),
        ("vllm/b.py", ("added",)),
    }


LONG = """\
        x = x.float()
        scale = self.scale.float()
        if self.limit is not None:
            x = x.clamp(self.limit)
        out = x * scale
        out = out + self.bias
        return out
"""
WHOLE = f"class Norm:\n    def forward(self, x):\n{LONG}"
CALLER = "class Norm:\n    def forward(self, x):\n        return self.forward_static(x, self.scale, self.limit, self.bias)\n\n"
HEAD = "    @staticmethod\n    def forward_static(\n        x,\n        scale,\n        limit,\n        bias,\n    ):\n"
BARE = LONG.replace("self.", "")


def extracted(after: str) -> tuple[tuple[str, ...], str | None, int]:
    """Return the aspects, the origin and the code lines of ``forward_static``."""
    found = facts({"vllm/norm.py": WHOLE}, {"vllm/norm.py": after}).symbol
    one = next(one for one in found if one.symbol == "Norm.forward_static")
    return one.aspects, one.moved_from, one.code_added


def test_a_body_that_becomes_a_function_of_its_own_has_moved() -> None:
    """What were attributes are parameters now; what it has beyond that is an edit."""
    place = "vllm/norm.py:Norm.forward"
    assert extracted(CALLER + HEAD + BARE) == (("moved", "body"), place, 0)
    edited = BARE.replace("out = out + bias", "out = out - bias")
    assert extracted(CALLER + HEAD + edited) == (("moved", "body"), place, 1)


def test_a_function_taken_out_of_another_is_no_move_of_the_change() -> None:
    """The kind of a change without a telling title is not decided by it."""
    found = facts({"vllm/norm.py": WHOLE}, {"vllm/norm.py": CALLER + HEAD + BARE}, title="Norms with a scale")
    assert sentences(found.change.kind_reasons) == "a guess: the title says nothing; the diff is a small edit"


def test_a_new_function_that_is_called_in_place_of_other_code_is_new() -> None:
    other = "".join(f"        y{n} = x * {n}\n" for n in range(8))
    aspects, origin, lines = extracted(f"{CALLER}{HEAD}{other}        return y1\n")
    assert (aspects, origin, lines) == (("added",), None, 16)


def test_a_copy_of_code_that_stays_is_new() -> None:
    after = WHOLE + "\n" + HEAD.replace("self, ", "") + BARE
    assert extracted(after)[0] == ("added",)
