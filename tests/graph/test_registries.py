"""Registries are found by shape; one that yields nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffscope.errors import RuleError
from diffscope.graph.registries import load_registries, registry_gaps, report_registries
from tests.graph_builders import graph

FILES = {
    "vllm/models/registry.py": """
        _TEXT_MODELS = {
            "Llama": ("llama", "LlamaForCausalLM"),  # beside the table
            "Far": ("vllm.far.model", "FarModel"),
            "Gone": ("gone", "GoneModel"),
            "Lower": ("llama", "xLlamaModel"),
            "Dtype": ("auto", "float16"),
        }
        """,
    "vllm/models/llama.py": "",
    "vllm/far/model.py": "",
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
    "vllm/quantization/fp8.py": "",
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
    assert [(report.registry, report.resolved) for report in reports][:1] == [("models", 3)]
    assert [gap.reason for gap in registry_gaps(reports)] == [
        "no row of the registry 'moved' was found that leads to a module"
    ]


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
        ("a: 1\n", "not a list of registries"),
        ("- {registry: x}\n", "registries.yml:1: an entry needs"),
        ("- {registry: x, tables: [a], table: [b]}\n", "unknown key 'table'"),
        ("- {registry: x, tables: a}\n", "globs are a list of texts"),
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
