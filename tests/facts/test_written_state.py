"""State that a function writes: which object is meant by a name, and what is put back."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from tests.fact_builders import edit, facts

PATH = "vllm/v1/worker/pool.py"
TREE = {
    "vllm/__init__.py": "",
    "vllm/utils/__init__.py": "",
    "vllm/utils/sizes.py": "def align(x): ...\n",
    "vllm/pool.py": "class Pool: ...\n",
}
HEAD = "import gc\nimport os\nimport warnings\n\nimport torch\n\nfrom vllm.utils import sizes\nfrom vllm.pool import Pool, pools\n\n\n"


def writes(
    body: str, *, before: str = "    return c\n", decorator: str = ""
) -> list[tuple[str, str, object]]:
    old, new = (f"{HEAD}{decorator}def run(c, d):\n{text}" for text in (before, body + before))
    return [(one.what, one.target, one.restored) for one in facts({PATH: old}, {PATH: new}, tree=TREE).write]


NAMES = [
    pytest.param(
        "    p = get_current_vllm_config().parallel_config\n    p.size = 1\n",
        [("config", "get_current_vllm_config().parallel_config.size", False)],
        id="a local name of a part of the configuration",
    ),
    pytest.param(
        "    a = c.vllm_config\n    b = a.cache_config\n    b.size = 1\n",
        [("config", "c.vllm_config.cache_config.size", False)],
        id="a name of a name",
    ),
    pytest.param(
        "    a, b = d, c.vllm_config\n    b.size = 1\n",
        [("config", "c.vllm_config.size", False)],
        id="one of several that are assigned at once",
    ),
    pytest.param("    a = b\n    b = a\n    a.size = 1\n", [], id="names in a circle stand for nothing"),
    pytest.param(
        "    a = c.cache_config\n    a = d.cache_config\n    a.size = 1\n",
        [],
        id="a name that stands for two objects is not followed",
    ),
    pytest.param(
        "    for p in c:\n        pass\n    for p in d:\n        p.cache_config.size = 1\n",
        [("config", "p.cache_config.size", False)],
        id="a name that is bound twice to what has no name is not followed",
    ),
    pytest.param(
        "    p = copy.deepcopy(c.vllm_config)\n    p.cache_config.size = 1\n", [], id="a copy is the function's own"
    ),
    pytest.param(
        "    p = c.compilation_config\n    p.ops.append('+norm')\n    c.compilation_config.ops.append('+norm')\n    c.ops.append('+norm')\n",
        [("config-list", "c.compilation_config.ops", False)],
        id="a list of a setting; by another name it is not followed, and any other list is none",
    ),
    pytest.param("    env = os.environ\n    env['A'] = '1'\n", [("environment", "os.environ['A']", False)], id="the environment"),
    pytest.param("    sizes.align = c\n", [("patch", "sizes.align", False)], id="a function of another module"),
    pytest.param("    Pool.take = c\n", [("patch", "Pool.take", False)], id="a method of another module's class"),
    pytest.param("    pools.size = c\n", [("module-global", "pools.size", False)], id="an object of another module"),
    pytest.param("    setattr(sizes, 'align', c)\n", [("patch", "sizes.align", False)], id="by setattr"),
    pytest.param("    sizes = d.sizes\n    sizes.align = c\n", [], id="a local name of the same spelling as an import"),
    pytest.param("    torch.set_warn_always(True)\n", [("library-state", "torch.set_warn_always", False)], id="a switch of a library"),
    pytest.param("    torch.backends.cuda.enable_flash_sdp(False)\n", [("library-state", "torch.backends.cuda.enable_flash_sdp", False)], id="a backend of a library"),
    pytest.param("    x = torch.backends.cuda.preferred_blas_library()\n", [], id="a question to a library"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), NAMES)
def test_what_a_written_name_stands_for(body: str, expected: list[tuple[str, str, object]]) -> None:
    assert writes(body) == expected


RESTORED = [
    pytest.param(
        "    with warnings.catch_warnings():\n        warnings.simplefilter('ignore')\n        c.run()\n",
        [True],
        id="inside a with that keeps the old state",
    ),
    pytest.param(
        "    with c.lock:\n        warnings.simplefilter('ignore')\n",
        [False],
        id="inside a with of another purpose",
    ),
    pytest.param(
        "    gc.disable()\n    try:\n        c.run()\n    finally:\n        gc.enable()\n",
        [True],
        id="in finally, by what undoes it",
    ),
    pytest.param(
        "    old = os.environ['A']\n    os.environ['A'] = '1'\n    try:\n        c.run()\n    finally:\n        os.environ['A'] = old\n",
        [True, True],
        id="in finally, by the same write",
    ),
    pytest.param(
        "    os.environ['A'] = '1'\n    try:\n        c.run()\n    finally:\n        c.stop()\n",
        [False],
        id="finally does something else",
    ),
]


@pytest.mark.parametrize(("body", "expected"), RESTORED)
def test_what_is_put_back(body: str, expected: list[bool]) -> None:
    assert [restored for _, _, restored in writes(body)] == expected


def test_what_stands_behind_the_yield_of_a_context_manager_puts_back() -> None:
    body = "    gc.disable()\n    yield\n    gc.enable()\n"
    decorator = "@contextlib.contextmanager\n"
    assert writes(body, decorator=decorator) == [("library-state", "gc.disable", True)]
    assert writes(body) == [("library-state", "gc.disable", False)]


def test_exit_puts_back_what_enter_wrote() -> None:
    before = "import sys\n\n\nclass Pool:\n    def __enter__(self):\n        return self\n\n    def __exit__(self, *a):\n        sys.stdout = self.old\n"
    after = before.replace("        return self\n", "        sys.stdout = self\n        return self\n")
    assert [(one.target, one.restored) for one in edit(PATH, before, after).write] == [("sys.stdout", True)]


def test_text_that_cannot_be_read_again_leaves_it_unknown() -> None:
    before = "import os\n\n\ndef run(c):\n    print 1\n    return c\n"
    after = before.replace("    return c\n", "    os.environ['A'] = '1'\n    return c\n")
    assert [one.restored for one in edit(PATH, before, after).write] == [UNSET]


OPT_IN = [
    pytest.param("    if envs.VLLM_POOL_CHECK:\n        gc.freeze()\n", True, id="a variable asks for it"),
    pytest.param(
        "    if not _MODE:\n        return c\n    gc.freeze()\n",
        True,
        id="a constant that a variable decides",
    ),
    pytest.param(
        "    if 'POOL' in os.environ:\n        return c\n    gc.freeze()\n",
        False,
        id="a variable keeps it off",
    ),
    pytest.param("    if c.ready:\n        gc.freeze()\n", False, id="a condition of the run"),
]


@pytest.mark.parametrize(("body", "expected"), OPT_IN)
def test_what_a_variable_asks_for(body: str, *, expected: bool) -> None:
    head = "import gc\n\nfrom vllm import envs\n\n_MODE = envs.VLLM_POOL_MODE\n\n\ndef run(c):\n"
    found = edit(PATH, f"{head}    return c\n", f"{head}{body}    return c\n").write
    assert [one.opt_in for one in found] == [expected]


@pytest.mark.parametrize(
    ("default", "expected"), [pytest.param("False", True, id="off"), pytest.param("True", False, id="on")]
)
def test_a_variable_that_is_on_by_default_is_not_asked_for(default: str, *, expected: bool) -> None:
    head = "import gc\n\nfrom vllm import envs\n\n\ndef run(c):\n"
    tree = {**TREE, "vllm/envs.py": f"if TYPE_CHECKING:\n    VLLM_POOL: bool = {default}\n"}
    after = f"{head}    if envs.VLLM_POOL:\n        gc.freeze()\n    return c\n"
    found = facts({PATH: f"{head}    return c\n"}, {PATH: after}, tree=tree).write
    assert [one.opt_in for one in found] == [expected]


def test_what_another_function_sets_is_not_gone() -> None:
    before = f"{HEAD}def run(c):\n    os.environ['A'] = '1'\n    gc.freeze()\n    return c\n\n\ndef go(c):\n    return c\n"
    after = f"{HEAD}def run(c):\n    return c\n\n\ndef go(c):\n    os.environ['A'] = '2'\n    return c\n"
    found = edit(PATH, before, after).write
    assert [(one.change, one.target) for one in found] == [
        ("removed", "gc.freeze"),
        ("changed", "os.environ['A']"),
    ]
