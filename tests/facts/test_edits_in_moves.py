"""What is edited on its way to another place is told as if it had been edited where it was."""

from __future__ import annotations

import pytest

from diffscope.facts.model import ChangeFacts
from diffscope.source.text import split_lines
from tests.fact_builders import facts

HEAD = "import torch.distributed as dist\n\nfrom vllm.platforms import current_platform\n\n"
KEEP = "def keep():\n    return 1\n"
PADDING = "# what was here before\n" * 60
RUN = """\
def run(self, group, config, retries=3):
    with self.lock:
        total = 0
        for one in group:
            total += one.size
    if current_platform.is_rocm():
        total = total * 2
    scale = total / len(group)
    config.parallel_config.size = scale
    dist.barrier(group)
    self.marks.append(scale)
    return scale


"""

EDITS = [
    pytest.param("    if current_platform.is_rocm():\n        total = total * 2\n", "", id="a guard goes"),
    pytest.param("is_rocm()", "is_xpu()", id="a guard asks for another platform"),
    pytest.param("    dist.barrier(group)\n", "", id="a collective goes"),
    pytest.param("    dist.barrier(group)\n", "    if group:\n        dist.barrier(group)\n", id="a collective gets a condition"),
    pytest.param("self.lock", "self.other_lock", id="another lock is taken"),
    pytest.param("total / len(group)", "total / (len(group) - 1)", id="a divisor changes"),
    pytest.param("size = scale", "size = scale + 1", id="a written value changes"),
    pytest.param("    config.parallel_config.size = scale\n", "", id="a write goes"),
    pytest.param("retries=3", "retries=4", id="a default changes"),
    pytest.param("config, retries=3", "config, extra, retries=3", id="a parameter comes"),
    pytest.param("    dist.barrier(group)\n    self", "    self", id="the line before another goes"),
    pytest.param("        total = total * 2\n    scale", "        total = total * 2\n        scale", id="a line goes under a condition"),
    pytest.param("    return scale\n", "    return scale  # and no more\n", id="a comment changes"),
]  # fmt: skip

FAMILIES = ("parameter", "guard", "call", "numeric", "write", "condition")


def told(found: ChangeFacts, before: dict[str, str], after: dict[str, str]) -> list[tuple[object, ...]]:
    """Return the facts, each with the text of the line that it stands at on its own side of its own file."""
    rows = []
    for family in FAMILIES:
        for one in getattr(found, family):
            lines = split_lines((before if one.side == "old" else after)[one.path])
            words = (
                getattr(one, name, None)
                for name in ("what", "change", "text", "condition", "target", "name", "callee")
            )
            rows.append((family, *map(str, words), one.side, lines[one.line - 1].strip()))  # fmt: skip
    symbol = next(one for one in found.symbol if one.symbol == "run" and one.side == "new")
    aspects = tuple(aspect for aspect in symbol.aspects if aspect not in ("moved", "cosmetic"))
    rows.append((aspects, symbol.logic, symbol.code_added, symbol.code_removed, symbol.conditions_new))
    return sorted(rows, key=str)


@pytest.mark.parametrize(("old", "new"), EDITS)
@pytest.mark.parametrize(
    "padding", [pytest.param(PADDING, id="from a longer file"), pytest.param("", id="from a shorter file")]
)
def test_an_edit_in_a_move_is_told_as_in_place(old: str, new: str, padding: str) -> None:
    """Calls, guards, writes, numbers, parameters and lines are the same, and each stands on a line that has it."""
    assert old in RUN
    edited = RUN.replace(old, new)
    here = {"vllm/a.py": HEAD + padding + RUN + KEEP}, {"vllm/a.py": HEAD + padding + edited + KEEP}
    moved = (
        {"vllm/a.py": HEAD + padding + RUN + KEEP, "vllm/b.py": HEAD + KEEP + "\n\n" + PADDING[: len(padding) // 2]},
        {"vllm/a.py": HEAD + padding + KEEP, "vllm/b.py": HEAD + KEEP + "\n\n" + edited},
    )  # fmt: skip
    assert told(facts(*moved), *moved) == told(facts(*here), *here)


def test_lines_edited_out_of_a_move_are_lines_of_the_file_that_it_left() -> None:
    """Totals of files count what each of them lost; the symbol has both sides of its edit."""
    edited = RUN.replace("    dist.barrier(group)\n", "").replace("retries=3", "retries=4")
    found = facts(
        {"vllm/a.py": HEAD + PADDING + RUN + KEEP, "vllm/b.py": HEAD},
        {"vllm/a.py": HEAD + PADDING + KEEP, "vllm/b.py": HEAD + edited},
    )
    assert {one.path: (one.code_added, one.code_removed) for one in found.file} == {
        "vllm/a.py": (0, 2),
        "vllm/b.py": (1, 0),
    }
    arrived = next(one for one in found.symbol if one.path == "vllm/b.py")
    assert (arrived.moved_from, arrived.moved_from_path, arrived.moved_from_line) == (
        "vllm/a.py:run", "vllm/a.py", 65,
    )  # fmt: skip


def test_what_left_a_renamed_file_stands_in_it() -> None:
    """A file goes by its new name on both sides; the line is one of its old text."""
    edited = RUN.replace("    dist.barrier(group)\n", "")
    rest = "".join(f"def part{at}(x):\n    return x + {at}\n\n\n" for at in range(30))
    found = facts(
        {"vllm/old.py": rest + HEAD + RUN, "vllm/b.py": HEAD},
        {"vllm/new.py": rest + HEAD, "vllm/b.py": HEAD + edited},
    )
    gone = [(one.path, one.side, one.line) for one in found.call if one.change == "removed"]
    line = (rest + HEAD + RUN).split("\n").index("    dist.barrier(group)") + 1
    assert gone == [("vllm/new.py" if found.file[1].status == "renamed" else "vllm/old.py", "old", line)]


RENAMED = [
    pytest.param("def run(", "def execute(", "run", "execute", id="under another name"),
    pytest.param("len(group)", "len(group.ranks)", "run", "run", id="with an edit"),
]


@pytest.mark.parametrize(("old", "new", "name", "now"), RENAMED)
def test_a_move_into_a_class_is_a_move(old: str, new: str, name: str, now: str) -> None:
    body = RUN.replace(old, new)
    inside = "class Runner:\n" + "".join(f"    {line}\n" if line else "\n" for line in body.split("\n"))
    found = facts(
        {"vllm/a.py": HEAD + RUN + KEEP, "vllm/b.py": HEAD}, {"vllm/a.py": HEAD + KEEP, "vllm/b.py": HEAD + inside}
    )  # fmt: skip
    arrived = next(one for one in found.symbol if one.symbol == f"Runner.{now}")
    assert (arrived.moved_from, "added" in arrived.aspects) == (f"vllm/a.py:{name}", False)


def test_members_of_a_class_that_moves_under_another_name_are_read_through_it() -> None:
    methods = "".join(
        f"    def step{at}(self, x):\n        self.count{at} = x * {at} + self.size\n        return self.count{at}\n\n"
        for at in range(5)
    )
    edited = methods.replace("x * 3", "x * 4")
    found = facts(
        {"vllm/a.py": f"class Old:\n{methods}\n{KEEP}", "vllm/b.py": HEAD},
        {"vllm/a.py": KEEP, "vllm/b.py": f"{HEAD}class New:\n{edited}"},
    )
    arrived = {one.symbol: (one.moved_from, one.logic) for one in found.symbol if one.path == "vllm/b.py"}
    assert arrived == {
        "New": ("vllm/a.py:Old", False),
        **{f"New.step{at}": (f"vllm/a.py:Old.step{at}", at == 3) for at in range(5)},
    }


def test_a_call_that_is_edited_out_of_a_move_is_named_by_the_file_that_it_left() -> None:
    """The new file need not import what is called no more."""
    imports = "from vllm.distributed.groups import sync_ranks\n\n"
    old = RUN.replace("dist.barrier(group)", "sync_ranks(group)")
    found = facts(
        {"vllm/a.py": imports + PADDING + old + KEEP, "vllm/b.py": HEAD},
        {
            "vllm/a.py": imports + PADDING + KEEP,
            "vllm/b.py": HEAD + RUN.replace("    dist.barrier(group)\n", ""),
        },
    )
    line = (imports + PADDING + old).split("\n").index("    sync_ranks(group)") + 1
    assert [(one.path, one.line, one.name) for one in found.mention if one.aspect == "no-longer-called"] == [
        ("vllm/a.py", line, "sync_ranks")
    ]


def test_a_class_of_annotations_that_moves_keeps_its_identity() -> None:
    """Fields without values run nothing, and still tell that it is the same class."""
    fields = "".join(f"    field{at}: NotRequired[int]\n    # The number {at}.\n" for at in range(5))
    old = f'class Options(TypedDict):\n    """What may be asked."""\n\n{fields}'
    new = old.replace("field3: NotRequired[int]", "field3: NotRequired[str]")
    found = facts({"vllm/a.py": old + KEEP, "vllm/b.py": HEAD}, {"vllm/a.py": KEEP, "vllm/b.py": HEAD + new})
    arrived = next(one for one in found.symbol if one.symbol == "Options" and one.side == "new")
    assert (arrived.moved_from, "added" in arrived.aspects) == ("vllm/a.py:Options", False)


def test_the_order_of_fields_of_a_class_that_moves_is_compared() -> None:
    fields = "".join(f"    field{at}: int\n" for at in range(5))
    old = f"class Row(NamedTuple):\n{fields}"
    new = old.replace("    field3: int\n", "").replace("    field0", "    field3: int\n    field0")
    found = facts({"vllm/a.py": old + KEEP, "vllm/b.py": HEAD}, {"vllm/a.py": KEEP, "vllm/b.py": HEAD + new})
    arrived = next(one for one in found.symbol if one.symbol == "Row" and one.side == "new")
    assert (arrived.moved_from, arrived.aspects) == ("vllm/a.py:Row", ("moved", "field-order"))


INLINED = """\
class Norm:
    def forward(self, x):
        y = x * 2
{call}
        return out
"""
STEPS = """\
        z = y.float()
        w = z / self.count
        if self.limit is not None:
            w = w.clamp(self.limit)
        self.config.cache_config.size = w
        v = w * self.scale
        out = v + self.bias
"""


def test_code_of_a_function_that_is_gone_has_only_moved_into_its_caller() -> None:
    """The division, the write and the condition are neither new nor lost; the function is gone all the same."""
    helper = f"\n    def _scaled(self, y):\n{STEPS}        return out\n"
    found = facts(
        {"vllm/norm.py": INLINED.format(call="        out = self._scaled(y)") + helper},
        {"vllm/norm.py": INLINED.format(call=STEPS.rstrip("\n"))},
    )
    assert (found.numeric, found.write, found.condition) == ((), (), ())
    assert {one.symbol: one.aspects for one in found.symbol} == {
        "Norm.forward": ("body",),
        "Norm._scaled": ("removed",),
    }


def test_an_edit_of_inlined_code_is_told() -> None:
    helper = f"\n    def _scaled(self, y):\n{STEPS}        return out\n"
    found = facts(
        {"vllm/norm.py": INLINED.format(call="        out = self._scaled(y)") + helper},
        {"vllm/norm.py": INLINED.format(call=STEPS.rstrip("\n").replace("self.count", "self.total"))},
    )
    assert [(one.what, one.change, one.text) for one in found.numeric] == [
        ("division", "added", "self.total")
    ]


def test_an_edit_of_extracted_code_is_told() -> None:
    """What the new function does as the old one did is no fact; another divisor is."""
    steps = STEPS.replace("self.count", "self.total")
    found = facts(
        {"vllm/norm.py": INLINED.format(call=STEPS.rstrip("\n"))},
        {
            "vllm/norm.py": INLINED.format(call="        out = self._scaled(y)")
            + f"\n    def _scaled(self, y):\n{steps}        return out\n"
        },
    )
    assert {(one.symbol, one.what, one.change, one.text) for one in found.numeric} == {
        ("Norm._scaled", "division", "added", "self.total"),
        ("Norm.forward", "division", "removed", "self.count"),
    }
    assert (found.write, found.condition) == ((), ())


def test_a_native_function_that_is_renamed_and_edited_is_one() -> None:
    """Bodies that are alike are one function; what differs is its edit, the line with its name too."""
    body = "".join(f"  out[{at}] = in[{at}] * scale + bias[{at}];\n" for at in range(8))
    found = facts(
        {"csrc/a.cu": f"void pack(float* out, const float* in, float scale) {{\n{body}}}\n"},
        {"csrc/a.cu": f"void pack_rows(float* out, const float* in, float scale) {{\n{body.replace('bias[3]', 'bias[3] / scale')}}}\n"},
    )  # fmt: skip
    assert [(one.symbol, one.change, one.code_added, one.code_removed) for one in found.native] == [
        ("pack_rows", "body", 2, 1)
    ]
