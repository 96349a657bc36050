"""Symbols that change files: a move is no new behaviour."""

from __future__ import annotations

from tests.fact_builders import facts

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
