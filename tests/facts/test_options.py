"""Options: what a user can set, by shape and not by file name alone."""

from __future__ import annotations

import pytest

from diffscope.facts.option_defaults import default_of
from diffscope.facts.parsed_text import turns_on
from tests.fact_builders import edit, facts

CONFIG = "vllm/config/pool.py"
HEAD = "@config\nclass PoolConfig:\n    size: int = 4\n"

ROWS = [
    pytest.param(
        "    on: bool = False\n", "    on: bool = True\n", [("PoolConfig.on", "default", "False", "True", True)], id="a default goes from off to on"
    ),
    pytest.param("    on: bool = True\n", "    on: bool = False\n", [("PoolConfig.on", "default", "True", "False", False)], id="a default goes off"),
    pytest.param("    n: int = 1\n", "    n: int = 0x1\n", [], id="the same number in other letters"),
    pytest.param("    n: int = 1\n", "    n: int\n", [("PoolConfig.n", "made-required", "1", None, False)], id="a default is taken away"),
    pytest.param("    n: int\n", "    n: int = 1\n", [("PoolConfig.n", "made-optional", None, "1", False)], id="a default is given"),
    pytest.param("    n: int = 1\n", "    n: float = 1\n", [("PoolConfig.n", "retyped", "int", "float", False)], id="another type"),
    pytest.param("", "    n: int = 1\n", [("PoolConfig.n", "added", None, "1", False)], id="a new field"),
    pytest.param("    n: int = 1\n", "", [("PoolConfig.n", "removed", "1", None, False)], id="a field goes"),
    pytest.param("    n: int = field(default=1)\n", "    n: int = 1\n", [], id="the same default by a factory of fields"),
    pytest.param(
        "    n: list = field(default_factory=list)\n",
        "    n: list = field(default_factory=tuple)\n",
        [("PoolConfig.n", "default", "[]", "()", False)],
        id="another factory",
    ),
    pytest.param(
        "    n: list = field(default_factory=lambda: [1])\n",
        "    n: list = field(default_factory=make)\n",
        [("PoolConfig.n", "default", "[1]", "make()", False)],
        id="what a factory makes",
    ),
    pytest.param("    n: int = field(default=1, init=False)\n", "    n: int = field(default=2, init=False)\n", [], id="a field that nobody can give"),
    pytest.param("    _n: int = 1\n", "    _n: int = 2\n", [], id="a private field"),
    pytest.param("    n: ClassVar[int] = 1\n", "    n: ClassVar[int] = 2\n", [], id="a class variable is no option"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), ROWS)
def test_fields_of_a_configuration(before: str, after: str, expected: list[tuple[object, ...]]) -> None:
    found = edit(CONFIG, HEAD + before, HEAD + after).option
    assert [(one.name, one.change, one.before, one.after, one.turns_on) for one in found] == expected


SETTLED = "    n: int | None = None\n\n    def settle(self, at):\n        if self.n is None:\n"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("            self.n = 1\n", "            self.n = 2\n", [("1", "2")], id="another value"),
        pytest.param(
            "            self.n = 1\n",
            "            if at.tp and at.dp:\n                self.n = 8\n            else:\n                self.n = 1\n",
            [("1", "8 if at.tp and at.dp")],
            id="another value for some",
        ),
        pytest.param(
            "            if at.tp > 1:\n                self.n = 1\n",
            "            if at.dp > 1:\n                self.n = 1\n",
            [("1 if at.tp > 1", "1 if at.dp > 1")],
            id="the same value for others",
        ),
        pytest.param("            pass\n", "            self.n = 2\n", [("None", "2")], id="a value where none was"),
        pytest.param("            self.n = 1\n", "            pass\n", [], id="what is left open is decided elsewhere"),
        pytest.param("            self.n = 1\n", "            self.n = 1\n            self.m = 2\n", [], id="another attribute"),
    ],
)  # fmt: skip
def test_what_code_takes_where_a_field_is_unset(
    before: str, after: str, expected: list[tuple[str, str]]
) -> None:
    found = edit(CONFIG, HEAD + SETTLED + before, HEAD + SETTLED + after).option
    assert [(one.before, one.after) for one in found if one.change == "resolved"] == expected


def test_a_default_that_code_decides_now_is_told_with_its_value() -> None:
    before = "    n: str | None = 'a'\n\n    def settle(self, at):\n        pass\n"
    after = "    n: str | None = None\n\n    def settle(self, at):\n        if self.n is None:\n            self.n = at.kind\n"
    found = [one for one in edit(CONFIG, HEAD + before, HEAD + after).option if one.name == "PoolConfig.n"]
    assert [(one.change, one.before, one.after) for one in found] == [("default", "'a'", "at.kind")]


def test_a_field_that_changes_files_has_only_moved() -> None:
    """Leaving one class file for another is no removal."""
    before = {"vllm/config/a.py": HEAD, "vllm/config/b.py": ""}
    after = {"vllm/config/a.py": "", "vllm/config/b.py": HEAD}
    assert facts(before, after).option == ()


def test_a_variable_is_one_option_though_it_is_written_twice() -> None:
    """The declaration for type checkers and the reader of the environment speak of the same variable."""
    template = "import os\n\nif TYPE_CHECKING:\n    VLLM_POOL: bool = {0}\n\nenvironment_variables = {{\n    'VLLM_POOL': lambda: bool(int(os.getenv('VLLM_POOL', '{1}'))),\n}}\n"
    found = edit("vllm/envs.py", template.format("False", "0"), template.format("True", "1")).option
    assert [(one.what, one.name, one.change, one.line) for one in found] == [
        ("environment-variable", "VLLM_POOL", "default", 7)
    ]


def test_a_default_that_only_type_checkers_see_is_no_default() -> None:
    template = "import os\n\nif TYPE_CHECKING:\n    VLLM_POOL: str = {0}\n\nenvironment_variables = {{\n    'VLLM_POOL': lambda: os.getenv(\n        'VLLM_POOL', 'auto'\n    ),\n    'VLLM_MORE': lambda: os.getenv('VLLM_MORE', {1}),\n}}\n"
    found = edit("vllm/envs.py", template.format("''", "'a'"), template.format("'auto'", "'b'")).option
    assert [(one.name, one.change) for one in found] == [("VLLM_MORE", "default")]


def test_flags_of_a_parser() -> None:
    """A flag is known by its first long name; its type and its default are watched."""
    before = "def add(parser):\n    parser.add_argument('--size', type=int, default=4)\n    parser.add_argument('--gone', action='store_true')\n"
    after = "def add(parser):\n    parser.add_argument('--size', type=float, default=8)\n    parser.add_argument('-n', '--new', default='x')\n"
    found = edit("vllm/entrypoints/pool.py", before, after).option
    assert {(one.name, one.change, one.before, one.after) for one in found} == {
        ("--size", "default", "4", "8"),
        ("--size", "retyped", "int", "float"),
        ("--gone", "removed", "False", None),
        ("--new", "added", None, "'x'"),
    }


def test_fields_of_a_request() -> None:
    """A field of a request model is a protocol field, and is required where it has no default."""
    before = "class PoolRequest(OpenAIBaseModel):\n    size: int = 4\n"
    found = edit("vllm/entrypoints/openai/protocol.py", before, before + "    user: str\n").option
    assert [(one.what, one.name, one.change, one.required) for one in found] == [
        ("protocol-field", "PoolRequest.user", "added", True)
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("Field(3, ge=1)", "3", id="first argument"),
        pytest.param('Field(default=0, description=("A long te…', "0", id="a text that was cut"),
        pytest.param(
            'Field(description=("A long te…', 'Field(description=("A long te…', id="a cut text without one"
        ),
        pytest.param("Field(..., ge=1)", None, id="an ellipsis is no default"),
        pytest.param("field()", None, id="nothing given"),
        pytest.param("(1 +", "(1 +", id="text that does not parse stays as it is"),
        pytest.param("a . b", "a.b", id="white space folds"),
        pytest.param(None, None, id="no value"),
    ],
)
def test_the_default_that_a_value_stands_for(value: str | None, expected: str | None) -> None:
    assert default_of(value) == expected


def test_choices_and_numbers_are_no_switches() -> None:
    """Only a plain yes turns something on."""
    assert [turns_on(text) for text in ("True", "'1'", "1", "'auto'", "None", None)] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
