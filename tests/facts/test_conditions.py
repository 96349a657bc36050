"""Conditions that came, went or changed: which way, what they compare, what they decide."""

from __future__ import annotations

from itertools import product

import pytest

from diffscope.facts.model import ConditionFact
from diffscope.facts.python.condition_logic import atoms, direction_of, direction_of_caught, parse_condition
from tests.builders import Files
from tests.examples import one_in
from tests.fact_builders import edit, facts

PATH = "vllm/v1/core/pool.py"


def _direction(before: str, after: str) -> str:
    return direction_of(parse_condition(before), parse_condition(after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("x >= 3", "x > 3", "narrowed", id="a bound that excludes its number"),
        pytest.param("a", "a and b", "narrowed", id="one more part of a conjunction"),
        pytest.param("a or b", "a", "narrowed", id="one part of a disjunction fewer"),
        pytest.param("x in (1, 2)", "x in (1, 2, 3)", "widened", id="a set that grows"),
        pytest.param("x not in ('a', 'b')", "x not in ('a', 'b', 'c')", "narrowed", id="an excluded set that grows"),
        pytest.param("x == A", "x in (A, B)", "widened", id="a constant that becomes a set"),
        pytest.param("isinstance(x, A)", "isinstance(x, (A, B))", "widened", id="one more class"),
        pytest.param("n.startswith('a')", "n.startswith(('a', 'b'))", "widened", id="one more beginning"),
        pytest.param("n > 4", "n > 8", "narrowed", id="a constant that moved up"),
        pytest.param("4 < n", "n > 8", "narrowed", id="the same with the sides exchanged"),
        pytest.param("1 < n < 5", "1 < n <= 5", "widened", id="one end of a range"),
        pytest.param("a >= b", "a > b", "narrowed", id="two names compared more strictly"),
        pytest.param("a < b", "b >= a", "widened", id="two names compared less strictly, sides exchanged"),
        pytest.param("x is not None", "x", "narrowed", id="presence that becomes truth"),
        pytest.param("not a", "a", "reversed", id="the opposite"),
        pytest.param("a > b", "a <= b", "reversed", id="the opposite comparison"),
        pytest.param("use_a", "use_b", "changed", id="another question"),
        pytest.param("k in FIRST", "k in SECOND", "changed", id="another table"),
        pytest.param("p.has_device_capability(90)", "p.is_device_capability(90)", "narrowed", id="at least becomes exactly"),
        pytest.param("p.is_device_capability_family(100)", "p.is_device_capability(103)", "narrowed", id="one of a family"),
        pytest.param("c >= DeviceCapability(9, 0)", "c == DeviceCapability(9, 0)", "narrowed", id="a capability as a value"),
        pytest.param("c >= (8, 0)", "c >= (9, 0)", "narrowed", id="a capability as a pair"),
        pytest.param("not (a and b)", "not a or not b", "same", id="the same by the laws of logic"),
        pytest.param("len(x) > 1", "len(x) >= 2", "same", id="the same for whole numbers"),
        pytest.param("temperature > 1", "temperature >= 2", "narrowed", id="not the same for others"),
        pytest.param("a if c else b", "c and a", "narrowed", id="a choice without its else"),
        pytest.param("True", "a", "narrowed", id="always becomes sometimes"),
        pytest.param("a", "a b", "unknown", id="what does not parse"),
        pytest.param("a", "a and" + " not" * 3000 + " b", "unknown", id="what is very deep"),
    ],
)  # fmt: skip
def test_direction_of_a_condition(before: str, after: str, expected: str) -> None:
    """And the other way about where both ways are told."""
    assert _direction(before, after) == expected
    opposite = {"narrowed": "widened", "widened": "narrowed"}
    assert _direction(after, before) == opposite.get(expected, expected)


_PARTS = ["a", "b", "n > 1", "n >= 1", "n == 2", "n in (0, 2)", "n < 2"]
_WHOLES = [
    *_PARTS,
    *(f"({x}) {op} ({y})" for x, op, y in product(_PARTS, ("and", "or"), _PARTS)),
    *(f"not ({x})" for x in _PARTS),
]


def test_directions_agree_with_python() -> None:
    """The oracle is Python itself, on every value that a name can take here."""
    cases = [
        dict(zip("abn", case, strict=True))
        for case in product((False, True), (False, True), (-1, 0, 0.5, 1, 1.5, 2, 3))
    ]
    compiled = {text: compile(text, "", "eval") for text in _WHOLES}
    answers = {text: [bool(eval(code, {}, case)) for case in cases] for text, code in compiled.items()}
    for before, after in one_in(3, product(_WHOLES[::3], _WHOLES)):
        seen = set(zip(answers[before], answers[after], strict=True))
        found = _direction(before, after)
        if (True, False) in seen and (False, True) in seen:
            assert found == ("reversed" if len(seen) == 2 else "changed"), (before, after)
        elif seen <= {(True, True), (False, False)}:
            assert found == "same", (before, after)
        else:
            assert found == ("narrowed" if (True, False) in seen else "widened"), (before, after)


def test_names_stand_for_what_they_are_bound_to() -> None:
    before = parse_condition("a and b")
    assert direction_of(before, parse_condition("ready", (("ready", "a and b"),))) == "same"
    assert [atom.text for atom in atoms(parse_condition("not ready or c", (("ready", "a and b"),)))] == [
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("ImportError", "Exception", "widened", id="everything"),
        pytest.param("(ValueError, TypeError)", "ValueError", "narrowed", id="one of two"),
        pytest.param("KeyError", "IndexError", "changed", id="another"),
    ],
)
def test_direction_of_what_is_caught(before: str, after: str, expected: str) -> None:
    assert direction_of_caught(before, after) == expected


def _told(fact: ConditionFact) -> tuple[str, str, str, int, str]:
    return fact.what, fact.change, fact.direction, fact.line, fact.side


def _body(text: str) -> str:
    return f"def run(self, x, y):\n{text}"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            "    work(x)\n    return 1\n", "    if x and y:\n        work(x)\n    return 1\n",
            [("if", "added", "narrowed", 2, "new")], id="code that stood comes to stand under a condition",
        ),
        pytest.param(
            "    if x:\n        work(x)\n    return 1\n", "    work(x)\n    return 1\n",
            [("if", "removed", "widened", 2, "old")], id="a condition goes, and its code stays",
        ),
        pytest.param(
            "    return 1\n", "    if x:\n        work(x)\n    return 1\n",
            [("if", "added", "new", 2, "new")], id="a condition with code of its own",
        ),
        pytest.param(
            "    if x:\n        work(x)\n    return 1\n", "    return 1\n",
            [("if", "removed", "gone", 2, "old")], id="a condition that goes with its code",
        ),
        pytest.param(
            "    work(x)\n", "    if not y:\n        return\n    work(x)\n",
            [("if", "added", "narrowed", 2, "new")], id="an early return in front of code that stood",
        ),
        pytest.param(
            "    if x:\n        old(x)\n    else:\n        work(y)\n", "    if x:\n        old(x)\n    elif y:\n        more(x)\n    else:\n        work(y)\n",
            [("if", "added", "narrowed", 4, "new")], id="one more branch in front of the last",
        ),
        pytest.param(
            "    while x > 1:\n        work(x)\n", "    while x > 2:\n        work(x)\n",
            [("while", "changed", "narrowed", 2, "new")], id="a loop that ends earlier",
        ),
        pytest.param(
            "    assert x > 1\n    work(x)\n", "    assert x > 1 and y\n    work(x)\n",
            [("assert", "changed", "narrowed", 2, "new")], id="an assertion that demands more",
        ),
        pytest.param(
            "    assert x > 1\n    work(x)\n", "    if not x > 1:\n        raise ValueError(x)\n    work(x)\n",
            [], id="an assertion that became a check of the same",
        ),
        pytest.param(
            "    return one(x) if x else y\n", "    return one(x) if x and y else y\n",
            [("ternary", "changed", "narrowed", 2, "new")], id="a choice between two values",
        ),
        pytest.param(
            "    return [one(a) for a in x]\n", "    return [one(a) for a in x if a.ready]\n",
            [("comprehension", "added", "narrowed", 2, "new")], id="a filter of a comprehension",
        ),
        pytest.param(
            "    match x:\n        case 1 if y:\n            work(x)\n", "    match x:\n        case 1 if y or x.big:\n            work(x)\n",
            [("match", "changed", "widened", 3, "new")], id="the guard of a case",
        ),
        pytest.param(
            "    for a in x:\n        if a.ready and a.free:\n            work(a)\n", "    for a in y.free:\n        if a.ready:\n            work(a)\n",
            [("if", "changed", "unknown", 3, "new")], id="a part that what the loop goes through may answer now",
        ),
        pytest.param(
            "    for a in x:\n        if y.ready and y.free:\n            work(a)\n", "    for a in y.free:\n        if y.ready:\n            work(a)\n",
            [("if", "changed", "widened", 3, "new")], id="a part that asks of no element",
        ),
        pytest.param(
            "    return [a for a in x if a.ready and a.free]\n", "    return [a for a in y if a.ready]\n",
            [("comprehension", "changed", "unknown", 2, "new")], id="a filter over something else",
        ),
        pytest.param(
            "    return x.fits()\n", "    return x.fits() and y\n",
            [("return", "changed", "narrowed", 2, "new")], id="a boolean that is returned",
        ),
        pytest.param(
            "    ready = x > 1\n    work(ready)\n", "    ready = x >= 1\n    work(ready)\n",
            [("value", "changed", "widened", 2, "new")], id="a boolean that is bound to a name",
        ),
        pytest.param(
            "    if x and y:\n        work(x)\n", "    ready = x and y\n    if ready:\n        work(x)\n",
            [], id="a condition that only got a name",
        ),
        pytest.param(
            "    try:\n        work(x)\n    except ValueError:\n        work(y)\n", "    try:\n        work(x)\n    except Exception:\n        work(y)\n",
            [("except", "changed", "widened", 4, "new")], id="a handler that catches more",
        ),
        pytest.param(
            "    if x:\n        raise KeyError(x)\n", "    if x:\n        raise ValueError(x)\n",
            [("raise", "changed", "changed", 3, "new")], id="another exception under the same condition",
        ),
        pytest.param(
            "    if x:\n        one(x)\n        two(x)\n", "    if x:\n        one(x)\n    two(x)\n",
            [("if", "moved", "widened", 4, "new")], id="code that came out of a condition that stands",
        ),
        pytest.param(
            "    if x:\n        one(x)\n", "    if (\n        x\n    ):\n        one(x)  # told\n",
            [], id="another layout",
        ),
    ],
)  # fmt: skip
def test_conditions_of_a_function(before: str, after: str, expected: list[tuple[object, ...]]) -> None:
    assert [_told(one) for one in edit(PATH, _body(before), _body(after)).condition] == expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param("    if x:\n        assert y.size >= x.least\n", ("y.size < x.least", ("x",)), id="an assertion refuses the opposite"),
        pytest.param("    assert not y\n", ("y", ()), id="an assertion of a denial"),
        pytest.param("    if x:\n        if y.old:\n            use(x)\n        elif y.small:\n            raise ValueError(y)\n", ("y.small", ("x", "not y.old")), id="a branch not taken"),
        pytest.param("    if x:\n        use(x)\n    elif y.old:\n        use(y)\n    else:\n        assert y.size\n", ("not y.size", ("not x", "not y.old")), id="an else"),
        pytest.param("    if x > 1:\n        return\n    if y:\n        raise ValueError(y)\n", ("y", ("x <= 1",)), id="behind an early return"),
        pytest.param("    if x:\n        raise KeyError(x)\n    if y:\n        raise ValueError(y)\n", ("y", ()), id="behind another refusal"),
    ],
)  # fmt: skip
def test_what_a_check_refuses_and_where(after: str, expected: tuple[str, tuple[str, ...]]) -> None:
    found = edit(PATH, _body("    work(x)\n"), _body(f"    work(x)\n{after}")).condition
    assert [(one.refuses, one.guards) for one in found if one.refuses][-1] == expected


@pytest.mark.parametrize(
    ("condition", "roles"),
    [
        pytest.param("current_platform.is_rocm()", ("platform",), id="a platform"),
        pytest.param("p.has_device_capability(90)", ("capability",), id="a capability"),
        pytest.param("torch_version >= Version('2.9')", ("version",), id="a version"),
        pytest.param("self.rank == 0", ("rank",), id="a rank"),
        pytest.param("x is None", ("none",), id="presence"),
        pytest.param("isinstance(x, Pool)", ("type",), id="a type"),
        pytest.param("x.dtype == torch.float16", ("dtype",), id="a dtype"),
        pytest.param("x.shape[0] % 16 == 0", ("shape",), id="a shape"),
        pytest.param("len(x) > 4", ("size",), id="a size"),
        pytest.param("config.enable_pool", ("flag",), id="a flag"),
        pytest.param("envs.VLLM_POOL", ("environment",), id="an environment variable"),
        pytest.param("kind == 'fast'", ("choice",), id="one of several values"),
        pytest.param("x", ("truth",), id="truth"),
    ],
)
def test_what_is_compared(condition: str, roles: tuple[str, ...]) -> None:
    (fact,) = edit(PATH, _body("    work(x)\n"), _body(f"    if {condition}:\n        work(x)\n")).condition
    assert fact.roles == roles


@pytest.mark.parametrize(
    ("code", "decides"),
    [
        pytest.param("work(x)", ("call",), id="a call"),
        pytest.param("dist.barrier()", ("collective",), id="a collective"),
        pytest.param("torch.cuda.synchronize()", ("synchronisation",), id="a synchronisation"),
        pytest.param("raise ValueError", ("raise",), id="an exception"),
        pytest.param("self.vllm_config.cache_config.size = 1", ("setting",), id="a setting"),
        pytest.param("import pool", ("import",), id="an import"),
    ],
)
def test_what_is_decided(code: str, decides: tuple[str, ...]) -> None:
    head = "    before()\n"
    (fact,) = edit(PATH, _body(f"{head}    {code}\n"), _body(f"{head}    if x:\n        {code}\n")).condition
    assert fact.decides == decides


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("if p.is_cuda():\n    from a import b\nX = 1\n", "from a import b\nX = 1\n", [("import", "removed", "widened", 1, "new")], id="a guard that goes"),
        pytest.param("from a import b\nX = 1\n", "if p.is_cuda():\n    from a import b\nX = 1\n", [("import", "added", "narrowed", 2, "new")], id="a guard that comes"),
        pytest.param("if p.is_cuda() or q:\n    from a import b\nX = 1\n", "if q:\n    from a import b\nX = 1\n", [("import", "changed", "narrowed", 2, "new")], id="a guard that narrows"),
        pytest.param("if has_b():\n    from a import b\n\n\ndef f():\n    return b()\n", "def f():\n    from a import b\n\n    return b()\n", [("import", "removed", "widened", 2, "new")], id="an import that went into a function and left its guard"),
        pytest.param("from a import b\n\n\ndef f():\n    return b()\n", "def f():\n    from a import b\n\n    return b()\n", [], id="one that had none"),
    ],
)  # fmt: skip
def test_conditions_around_imports(before: str, after: str, expected: list[tuple[object, ...]]) -> None:
    assert [_told(one) for one in edit(PATH, before, after).condition] == expected


def test_a_condition_in_another_function_that_says_the_same_is_named() -> None:
    before = _body("    if x.big and y.small:\n        work(x)\n")
    after = "def fits(x, y):\n    return x.big and y.small\n\n\n" + _body(
        "    if fits(x, y):\n        work(x)\n"
    )
    assert [one.named for one in edit(PATH, before, after).condition] == [True]


def test_a_condition_that_gets_one_more_part_has_not_got_a_name() -> None:
    before = _body("    if x.big and y.small:\n        work(x)\n")
    after = _body("    if x.big and y.small and x.ready:\n        work(x)\n")
    assert [(one.direction, one.named) for one in edit(PATH, before, after).condition] == [
        ("narrowed", False)
    ]


@pytest.mark.parametrize(
    ("first", "named"),
    [
        pytest.param("xs = [x for x in xs if x not in seen]", True, id="asked where the elements are picked"),
        pytest.param("xs = list(xs)", False, id="asked no more"),
    ],
)
def test_a_part_that_is_asked_in_another_place_now_has_not_gone(first: str, named: bool) -> None:
    loop = "    for x in xs:\n        if x.ready{}:\n            use(x)\n"
    old = "def take(xs, seen):\n" + loop.format(" and x not in seen")
    new = f"def take(xs, seen):\n    {first}\n" + loop.format("")
    found = [one for one in edit(PATH, old, new).condition if one.what == "if"]
    assert [(one.direction, one.went, one.named) for one in found] == [("widened", ("x not in seen",), named)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("if sparse and size != 64:\n        work(size)", "if sparse:\n        if flash_sparse and size != 64:\n            work(size)", [], id="a part that became a branch around the others"),
        pytest.param("if size != 64:\n        work(size)", "if enabled:\n        if size != 64:\n            work(size)", [("narrowed", ("enabled",))], id="a question that nothing asked"),
    ],
)  # fmt: skip
def test_a_question_that_went_to_another_branch_has_not_come(
    before: str, after: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    sides = (f"def take(sparse, flash_sparse, enabled, size):\n    {one}\n" for one in (before, after))
    found = [one for one in edit(PATH, *sides).condition if one.direction == "narrowed" and not one.named]
    assert [(one.direction, one.came) for one in found] == expected


@pytest.mark.parametrize(
    ("field", "condition", "expected"),
    [
        pytest.param("    fast: bool = False\n", "self.fast and self.size > 8", True, id="an option that comes along"),
        pytest.param("", 'self.kind == "torus"', True, id="a word that the file did not have"),
        pytest.param("", 'self.kind == "ring"', False, id="a word that it had"),
        pytest.param("", "self.size > 8", False, id="what was there to ask for"),
    ],
)  # fmt: skip
def test_a_refusal_says_whether_it_asks_for_what_is_new(
    field: str, condition: str, *, expected: bool
) -> None:
    before = (
        'from vllm.config.utils import config\n\n\n@config\nclass PageConfig:\n    size: int = 4\n    kind: str = "ring"\n'
        "{field}\n    def __post_init__(self):\n{check}        self.size += 1\n"
    )
    check = f"        if {condition}:\n            raise ValueError(self)\n"
    sides = before.format(field="", check=""), before.format(field=field, check=check)
    found = [one for one in edit("vllm/config/page.py", *sides).condition if one.raises]
    assert [(one.asks_new, one.raises) for one in found] == [(expected, "ValueError")]


def test_an_answer_on_the_capability_is_a_guard_with_its_direction() -> None:
    before = "def supports(cls, capability):\n    return capability >= DeviceCapability(9, 0)\n"
    found = edit(PATH, before, before.replace(">=", "==")).guard
    assert [
        (one.change, one.what, one.before, one.direction, one.line) for one in found if one.change == "added"
    ] == [("added", "architecture", "capability >= DeviceCapability(9, 0)", "narrowed", 2)]


def test_a_condition_goes_along_with_a_function_to_another_file() -> None:
    """What changed on its way is told at its new place."""
    body = "def run(x):\n    first(x)\n    second(x)\n    third(x)\n    if x.size > 4:\n        work(x)\n    return x\n"
    before: Files = {"vllm/a.py": body, "vllm/b.py": "Y = 1\n"}
    after: Files = {"vllm/a.py": "Y = 2\n", "vllm/b.py": "Y = 1\n\n\n" + body.replace("> 4", ">= 4")}
    assert [(one.path, one.line, one.direction, one.before) for one in facts(before, after).condition] == [
        ("vllm/b.py", 8, "widened", "x.size > 4")
    ]


def test_code_written_anew_pairs_nothing() -> None:
    """Nothing is guessed where hundreds of conditions came at once; and nothing takes long."""
    old = "".join(f"    if a{at} > {at}:\n        f{at}()\n" for at in range(80))
    new = "".join(f"    if b{at} > {at}:\n        g{at}()\n" for at in range(80))
    assert edit(PATH, _body(old), _body(new)).condition == ()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param('self.kind == "torus"', "new", id="a value that is new: the others go on as they did"),
        pytest.param('self.kind == "ring"', "narrowed", id="a value that there was"),
        pytest.param('self.size or self.kind == "torus"', "narrowed", id="a new value, or what there was"),
        pytest.param('self.kind != "torus"', "narrowed", id="all but a new value"),
    ],
)
def test_a_branch_for_a_new_value_takes_nothing_from_the_one_behind_it(condition: str, expected: str) -> None:
    text = 'class Page:\n    kind = "ring"\n\n    def set(self):\n        if self.kind is None:\n            self.size = 1\n{branch}        else:\n            self.size = 2\n'
    branch = f"        elif {condition}:\n            self.size = 3\n"
    found = edit(PATH, text.format(branch=""), text.format(branch=branch)).condition
    assert [one.direction for one in found] == [expected]
