"""Registries are found by shape; one that yields nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.errors import RuleError
from diffscope.graph.query.structure import load_registries, registry_gaps, report_registries
from tests.graph_builders import graph

FILES = {
    "vllm/models/registry.py": """
        _TEXT_MODELS = {
            "Llama": ("llama", "LlamaForCausalLM"),  # beside the table
            "Far": ("vllm.far.model", "FarModel"),
            "Gone": ("gone", "GoneModel"),
            "Lower": ("llama", "xLlamaModel"),
            "Upper": ("llama", "LLAMA3"),
            "Dtype": ("auto", "float16"),
        }
        """,
    "vllm/models/llama.py": "class LlamaForCausalLM: ...\nclass Flash: ...\nclass Aa: ...\nclass Bb: ...\n",
    "vllm/far/model.py": "from .classes import FarModel, Split, XThing, Cuda, Worker, Mp\n",
    "vllm/backends.py": """
        class BackendEnum(Enum):
            FLASH = "vllm.models.llama.Flash"
            SPLIT = (
                "vllm.far."
                "model.Split"
            )
            NONE = ""
        """,
    "vllm/factory.py": 'Factory.register_thing("x", "vllm.far.model", "XThing")\n',
    "vllm/quantization/__init__.py": """
        def get(name):
            from .fp8 import Fp8Config
            method_to_config = {"fp8": Fp8Config, "own": Own, "int": int}
        class Own: ...
        """,
    "vllm/quantization/fp8.py": "class Fp8Config: ...\n",
    "vllm/lora.py": "from vllm.models.llama import Aa, Bb\nALL = (\n    Aa,\n    Bb,\n)\n",
    "vllm/platform.py": 'def cuda_plugin():\n    return "vllm.far.model.Cuda"\ndef set(c):\n    c.worker_cls = "vllm.far.model.Worker"\n',
    "vllm/executor.py": 'if backend == "mp":\n    x()\ndef get():\n    if backend == "mp":\n        from vllm.far.model import Mp\n',
    "vllm/ops.py": '@CustomOp.register("silu")\nclass Silu: ...\n',
}
REGISTRIES = """
- {registry: "models", tables: ["_*_MODELS"]}
- {registry: "backends", tables: ["*BackendEnum"]}
- {registry: "factory", tables: ["Factory.register_*"]}
- {registry: "quantization", tables: ["method_to_config"]}
- {registry: "lora", tables: ["ALL"]}
- {registry: "platforms", tables: ["*_plugin"]}
- {registry: "workers", tables: ["worker_cls"]}
- {registry: "executors", guards: ["backend == *"]}
- {registry: "operators", tables: ["CustomOp.register"]}
- {registry: "moved", tables: ["NOWHERE"]}
"""


def test_every_shape_yields_its_rows() -> None:
    reports = report_registries(graph(FILES), load_registries(REGISTRIES, at="registries.yml"))
    rows = {
        report.registry: [(each.key, each.line, each.target, each.name) for each in report.entries]
        for report in reports
    }
    assert rows == {
        "models": [
            ("Llama", 2, "vllm.models.llama", "LlamaForCausalLM"),
            ("Far", 3, "vllm.far.model", "FarModel"),
            ("Gone", 4, None, "GoneModel"),
            ("Lower", 5, "vllm.models.llama", "xLlamaModel"),
            ("Upper", 6, "vllm.models.llama", "LLAMA3"),
        ],
        "backends": [("FLASH", 2, "vllm.models.llama", "Flash"), ("SPLIT", 4, "vllm.far.model", "Split")],
        "factory": [("x", 1, "vllm.far.model", "XThing")],
        "quantization": [
            ("own", 3, "vllm.quantization", "Own"),
            ("fp8", 3, "vllm.quantization.fp8", "Fp8Config"),
        ],
        "lora": [("Aa", 3, "vllm.models.llama", "Aa"), ("Bb", 4, "vllm.models.llama", "Bb")],
        "platforms": [("", 2, "vllm.far.model", "Cuda")],
        "workers": [("set", 4, "vllm.far.model", "Worker")],
        "executors": [('backend == "mp"', 5, "vllm.far.model", "Mp")],
        "operators": [("silu", 1, "vllm.ops", "Silu")],
        "moved": [],
    }
    assert [(report.registry, report.resolved, len(report.entries)) for report in reports] == [
        ("models", 2, 5),
        ("backends", 2, 2),
        ("factory", 1, 1),
        ("quantization", 2, 2),
        ("lora", 2, 2),
        ("platforms", 1, 1),
        ("workers", 1, 1),
        ("executors", 1, 1),
        ("operators", 1, 1),
        ("moved", 0, 0),
    ]
    assert [(each.key, each.reason) for report in reports for each in report.entries if each.reason] == [
        ("Gone", "no module of the tree has this name"),
        ("Lower", "vllm.models.llama has no xLlamaModel"),
        ("Upper", "vllm.models.llama has no LLAMA3"),
    ]
    assert [gap.reason for gap in registry_gaps(reports)] == [
        "no row of the registry 'moved' was found that leads to a module"
    ]


@pytest.mark.parametrize(
    "source", ["vllm/models/registry.py", "vllm/backends.py", "vllm/factory.py", "vllm/lora.py"]
)
def test_a_registry_that_moves_is_still_found(source: str) -> None:
    """Rows of strings beside the table name it in full after the move, as the code would have to."""
    moved = {
        "vllm/elsewhere/tables.py" if path == source else path: content for path, content in FILES.items()
    }
    moved["vllm/elsewhere/tables.py"] = moved["vllm/elsewhere/tables.py"].replace(
        '"llama"', '"vllm.models.llama"'
    )
    registries = load_registries(REGISTRIES, at="registries.yml")
    before, after = report_registries(graph(FILES), registries), report_registries(graph(moved), registries)
    assert [(each.registry, each.resolved) for each in after] == [
        (each.registry, each.resolved) for each in before
    ]
    assert any(entry.module == "vllm.elsewhere.tables" for report in after for entry in report.entries)


def test_a_module_whose_names_cannot_be_known_is_taken_to_have_them() -> None:
    files = FILES | {
        "vllm/models/llama.py": "def __getattr__(name): ...\n",
        "vllm/far/model.py": "from vllm.x import *\n",
    }
    reports = report_registries(graph(files), load_registries(REGISTRIES, at="registries.yml"))
    assert [entry.key for report in reports for entry in report.entries if entry.reason] == ["Gone"]


def test_a_row_is_an_edge_with_its_key() -> None:
    edge = graph(FILES).dependencies("vllm.models.registry")[0]
    assert (edge.target, edge.layer.value, edge.line, edge.row, edge.detail) == (
        "vllm.models.llama",
        "registry",
        2,
        "_TEXT_MODELS:Llama",
        "LlamaForCausalLM",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "the file must be a list, not a mapping"),
        ("- {registry: x}\n", "registries.yml:1:3: entry 1 needs 'tables' or 'guards'"),
        ("- {registry: x, tables: [a], table: [b]}\n", "unknown key 'table'"),
        ("- {registry: x, tables: a}\n", "'tables' of entry 1 must be a list, not the text 'a'"),
    ],
    ids=["a mapping", "neither tables nor guards", "a misspelt key", "globs that are no list"],
)
def test_another_shape_of_the_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        load_registries(text, at="registries.yml")
    assert message in str(caught.value)


def test_the_bundled_registries_are_read() -> None:
    text = (Path(__file__).parents[2] / "rules" / "registries.yml").read_text("utf-8")
    assert len(load_registries(text, at="rules/registries.yml")) > 15
