"""What the bundled tables say of vLLM's paths, titles and conditions."""

from __future__ import annotations

import subprocess
from pathlib import Path
from time import process_time

import pytest

from diffscope.taxonomy.model import Taxonomy, read_tables
from tests.taxonomies import bundled, bundled_texts

TAXONOMY = bundled()


@pytest.mark.parametrize(
    ("path", "areas"),
    [
        ("vllm/v1/attention/backends/rocm_attn.py", ("attention",)),
        ("vllm/v1/attention/backends/mla/cutlass_mla.py", ("attention",)),
        ("vllm/v1/attention/ops/triton_turboquant_decode.py", ("attention",)),
        ("vllm/model_executor/layers/quantization/utils/flashinfer_fp4_moe.py", ("quantization", "moe")),
        ("vllm/model_executor/layers/fused_moe/oracle/mxfp4.py", ("moe", "quantization")),
        ("vllm/model_executor/layers/fused_moe/runner/moe_runner.py", ("moe",)),
        ("vllm/model_executor/kernels/linear/nvfp4/cutlass.py", ("linear", "quantization")),
        ("vllm/model_executor/layers/linear.py", ("linear",)),
        ("vllm/model_executor/layers/layernorm.py", ("kernels",)),
        ("vllm/model_executor/layers/mamba/mamba_mixer2.py", ("mamba",)),
        ("vllm/distributed/eplb/eplb_state.py", ("eplb",)),
        ("vllm/distributed/parallel_state.py", ("distributed",)),
        ("vllm/distributed/kv_transfer/kv_connector/v1/nixl/worker.py", ("kv-transfer",)),
        ("vllm/distributed/kv_transfer/kv_connector/v1/offloading_connector.py", ("kv-offload", "kv-transfer")),
        ("vllm/v1/kv_offload/cpu/manager.py", ("kv-offload",)),
        ("vllm/v1/core/kv_cache_manager.py", ("kv-cache",)),
        ("vllm/v1/core/sched/scheduler.py", ("scheduler",)),
        ("vllm/v1/engine/core.py", ("engine",)),
        ("vllm/v1/executor/multiproc_executor.py", ("executor",)),
        ("vllm/v1/worker/gpu_worker.py", ("worker",)),
        ("vllm/v1/worker/gpu_model_runner.py", ("model-runner",)),
        ("vllm/v1/worker/gpu/model_runner.py", ("model-runner",)),
        ("vllm/v1/worker/gpu/spec_decode/eagle/speculator.py", ("spec-decode", "model-runner")),
        ("vllm/v1/worker/gpu/sample/gumbel.py", ("sampler", "model-runner")),
        ("vllm/v1/worker/gpu/cudagraph_utils.py", ("cuda-graph", "model-runner")),
        ("vllm/v1/sample/rejection_sampler.py", ("sampler", "spec-decode")),
        ("vllm/v1/structured_output/backend_xgrammar.py", ("structured-output",)),
        ("vllm/lora/layers/fused_moe.py", ("lora", "moe")),
        ("vllm/compilation/passes/fusion/attn_quant_fusion.py", ("compilation", "attention", "quantization")),
        ("vllm/compilation/cuda_graph.py", ("cuda-graph", "compilation")),
        ("vllm/ir/op.py", ("compilation",)),
        ("vllm/model_executor/models/qwen3_moe.py", ("models",)),
        ("vllm/model_executor/models/deepseek_mtp.py", ("spec-decode", "models")),
        ("vllm/model_executor/model_loader/weight_utils.py", ("model-loading",)),
        ("vllm/multimodal/processing/processor.py", ("multimodal",)),
        ("vllm/renderers/base.py", ("renderer",)),
        ("vllm/tokenizers/hf.py", ("tokenizer",)),
        ("vllm/entrypoints/openai/api_server.py", ("frontend",)),
        ("vllm/entrypoints/pooling/embed/serving.py", ("pooling", "frontend")),
        ("vllm/tool_parsers/hermes_tool_parser.py", ("tool-calling",)),
        ("vllm/reasoning/deepseek_r1_reasoning_parser.py", ("reasoning",)),
        ("vllm/config/speculative.py", ("config", "spec-decode")),
        ("vllm/platforms/rocm.py", ("platform",)),
        ("vllm/plugins/io_processors/interface.py", ("plugins",)),
        ("vllm/v1/metrics/loggers.py", ("metrics",)),
        ("vllm/profiler/wrapper.py", ("profiling",)),
        ("vllm/benchmarks/serve.py", ("benchmarks",)),
        ("vllm/envs.py", ("core-utils",)),
        ("vllm/utils/torch_utils.py", ("core-utils",)),
        ("csrc/attention/paged_attention_v1.cu", ("attention",)),
        ("csrc/moe/topk_softmax_kernels.cu", ("moe",)),
        ("csrc/layernorm_kernels.cu", ("kernels",)),
        ("rust/src/server/src/lib.rs", ("rust",)),
        ("requirements/rocm.txt", ("dependencies",)),
        ("docker/Dockerfile.rocm_base", ("build",)),
        ("CMakeLists.txt", ("build",)),
        (".buildkite/test_areas/attention.yaml", ("ci", "attention")),
        (".github/CODEOWNERS", ("ci",)),
        ("docs/features/quantization/fp8.md", ("quantization",)),
        ("docs/community/meetups.md", ("docs",)),
        ("examples/features/lora/lora_offline.py", ("examples", "lora")),
        ("tests/v1/core/test_scheduler.py", ("scheduler",)),
        ("tests/kernels/moe/test_moe.py", ("moe",)),
        ("tests/conftest.py", ("tests",)),
        ("tests/evals/gsm8k/configs/Qwen-NVFP4.yaml", ("tests",)),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_areas_of_path(path: str, areas: tuple[str, ...]) -> None:
    """The main area first, then every other that the path names."""
    found = TAXONOMY.areas_of(path)
    assert found[0] == areas[0]
    assert set(areas) <= set(found)


@pytest.mark.parametrize(
    ("path", "areas"),
    [
        pytest.param("vllm/v1/worker/gpu_model_runner.py", ("model-runner",), id="a worker's folder adds nothing to a name"),
        pytest.param("csrc/moe/topk_softmax.cu", ("moe",), id="nor does the folder of native code"),
        pytest.param("tests/v1/core/test_scheduler.py", ("scheduler",), id="nor that it is a test"),
        pytest.param("vllm/multimodal/media/connector.py", ("multimodal",), id="a connector to media carries no KV cache"),
        pytest.param("vllm/entrypoints/serve/disagg/protocol.py", ("frontend",), id="nor does an entrypoint for tokens"),
    ],
)  # fmt: skip
def test_areas_of_path_and_no_other(path: str, areas: tuple[str, ...]) -> None:
    assert TAXONOMY.areas_of(path) == areas


@pytest.mark.parametrize(
    ("path", "main"),
    [
        pytest.param("vllm/v2/attention/backends/new_attn.py", "attention", id="a package of next year keeps its area"),
        pytest.param("vllm/serving_core/sched/planner.py", "scheduler", id="a moved scheduler is still one"),
        pytest.param("vllm/layers/fused_moe/oracle/fp3.py", "moe", id="a moved MoE layer is still one"),
        pytest.param("vllm/connectors/kv_connector/new/worker.py", "kv-transfer", id="a moved connector is still one"),
        pytest.param("vllm/runtime/eagle_proposer.py", "spec-decode", id="a word of the name is enough"),
        pytest.param("tests/new_place/test_lora_adapters.py", "lora", id="a test in a new folder counts for what it names"),
        pytest.param("vllm/new_thing.py", "core-utils", id="a new file of the package root is a core utility"),
    ],
)  # fmt: skip
def test_paths_that_do_not_exist_yet(path: str, main: str) -> None:
    assert TAXONOMY.main_area_of(path) == main


def test_file_that_nothing_claims_is_other() -> None:
    """Never a guess: it is listed as unplaced."""
    assert TAXONOMY.areas_of("some_script.pl") == ("other",)


@pytest.mark.parametrize(
    ("path", "platforms"),
    [
        pytest.param("vllm/v1/attention/backends/rocm_aiter_fa.py", ("rocm",), id="a word of the file's name"),
        pytest.param("vllm/_aiter_ops.py", ("rocm",), id="aiter is AMD's"),
        pytest.param("docker/Dockerfile.rocm", ("rocm",), id="the ending of a Dockerfile"),
        pytest.param("requirements/rocm.txt", ("rocm",), id="a requirements file"),
        pytest.param(".buildkite/test-amd.yaml", ("rocm",), id="a pipeline of AMD's machines"),
        pytest.param(
            "vllm/model_executor/layers/fused_moe/configs/E=8,N=2048,device_name=AMD_Instinct_MI300X.json",
            ("rocm",),
            id="a tuned configuration names its device",
        ),
        pytest.param("vllm/models/kimi/amd/ops/kernel.py", ("rocm",), id="a folder of one vendor"),
        pytest.param("vllm/platforms/xpu.py", ("xpu",), id="a platform's own module"),
        pytest.param(".buildkite/intel_jobs/engine_intel.yaml", ("xpu",), id="a folder of Intel's jobs"),
        pytest.param("csrc/cpu/attention.cpp", ("cpu",), id="native code of the CPU"),
        pytest.param("vllm/v1/worker/cpu_model_runner.py", ("cpu",), id="a worker of the CPU"),
        pytest.param("vllm/v1/kv_offload/cpu/manager.py", (), id="offloading to memory is not the CPU platform"),
        pytest.param("vllm/distributed/kv_transfer/kv_connector/v1/simple_cpu_offload_connector.py", (), id="nor is its connector"),
        pytest.param("vllm/compilation/cuda_graph.py", (), id="CUDA graphs exist on other platforms too"),
        pytest.param("vllm/v1/worker/gpu_worker.py", (), id="a GPU is no platform"),
        pytest.param("vllm/utils/numa_utils.py", (), id="memory nodes are those of any host"),
        pytest.param("csrc/layernorm_kernels.cu", (), id="a .cu file is compiled for ROCm too"),
        pytest.param("vllm/v1/attention/backends/mla/cutlass_mla.py", ("cuda",), id="CUTLASS is NVIDIA's"),
        pytest.param("vllm/platforms/tpu.py", ("tpu",), id="a TPU"),
    ],
)  # fmt: skip
def test_platforms_of_path(path: str, platforms: tuple[str, ...]) -> None:
    assert TAXONOMY.platforms_of(path) == platforms


@pytest.mark.parametrize(
    ("text", "platforms"),
    [
        ("current_platform.is_rocm()", ("rocm",)),
        ("current_platform.is_cuda()", ("cuda",)),
        ("current_platform.is_cuda_alike()", ("cuda", "rocm")),
        ("not (current_platform.is_xpu())", ("xpu",)),
        ("current_platform.is_cpu()", ("cpu",)),
        ("on_gfx950() and x", ("rocm",)),
        ("rocm_aiter_ops.is_enabled()", ("rocm",)),
        ("x.device.type == 'cpu'", ("cpu",)),
        ("self.use_cuda_graph", ()),
        ("self.cudagraph_mode != CUDAGraphMode.NONE", ()),
        ("kv_offload_cpu is None", ()),
        ("parallel_config.numa_bind and numa_nodes", ()),
        ("Auto-detect NUMA nodes of GPU workers", ()),
        ("has_flashinfer()", ("cuda",)),
        ("self.block_size > 16", ()),
        ("[ROCm] Fix MoE kernel test failures on gfx950", ("rocm",)),
        ("[AMD][CI] Update DeepEP branch", ("rocm",)),
        ("Fix Triton on MI300X", ("rocm",)),
        ("[Hardware][Intel-GPU] Add op", ("xpu",)),
        ("[Gaudi] Enable x", ("hpu",)),
        ("Enable full CUDA graphs for mamba", ()),
        ("Reduce CPU overhead of the scheduler", ()),
        ("Support heterogeneous TP on SM100", ("cuda",)),
        ("[perf][cpu] Accelerate BF16 GELU on Arm CPUs", ("cpu",)),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_platforms_in_text(text: str, platforms: tuple[str, ...]) -> None:
    """Titles, conditions and symbols."""
    assert TAXONOMY.platforms_in(text) == platforms


@pytest.mark.parametrize(
    ("title", "areas"),
    [
        ("[Attention] TurboQuant: 2-bit KV cache compression", ("attention", "kv-cache")),
        ("[MoE Refactor] Refactor ZeroExpertFusedMoE into new framework", ("moe",)),
        ("[Frontend] Add a `/v1/x` endpoint", ("frontend",)),
        ("[KVConnector][LMCache] Propagate cache_salt", ("kv-transfer",)),
        ("[Core] add option to schedule requests based on full ISL", ("scheduler",)),
        ("Fix typo", ()),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_areas_in_title(title: str, areas: tuple[str, ...]) -> None:
    assert set(areas) <= set(TAXONOMY.areas_in(title))
    assert bool(areas) == bool(TAXONOMY.areas_in(title))


@pytest.mark.parametrize(
    ("path", "category", "language"),
    [
        ("vllm/v1/engine/core.py", "source", "python"),
        ("vllm/config/model.py", "source", "python"),
        ("csrc/moe/topk.cu", "native", "cuda"),
        ("csrc/ops.h", "native", "cpp"),
        ("csrc/rocm/attention.hip", "native", "hip"),
        ("vllm/distributed/kv_transfer/kv_connector/v1/hf3fs/utils/hf3fs_utils.cpp", "native", "cpp"),
        ("csrc/cutlass_extensions/vllm_cutlass_library_extension.py", "native", "python"),
        ("tests/v1/core/test_scheduler.py", "test", "python"),
        ("tests/evals/gsm8k/configs/x.yaml", "test", "yaml"),
        ("rust/src/chat/tests/roundtrip.rs", "test", "rust"),
        ("rust/src/server/src/lib.rs", "source", "rust"),
        ("rust/src/server/Cargo.toml", "build", "toml"),
        ("rust/proto/engine.proto", "source", "protobuf"),
        ("docs/features/lora.md", "docs", "markdown"),
        ("docs/assets/logo.png", "docs", "image"),
        ("README.md", "docs", "markdown"),
        ("vllm/v1/worker/gpu/README.md", "docs", "markdown"),
        ("LICENSE", "docs", "other"),
        (".buildkite/test-pipeline.yaml", "infra", "yaml"),
        (".github/workflows/stale.yml", "infra", "yaml"),
        ("tools/pre_commit/mypy.py", "infra", "python"),
        ("docker/Dockerfile", "build", "dockerfile"),
        ("docker/Dockerfile.rocm", "build", "dockerfile"),
        ("CMakeLists.txt", "build", "cmake"),
        ("cmake/utils.cmake", "build", "cmake"),
        ("setup.py", "build", "python"),
        ("requirements/common.txt", "build", "text"),
        ("pyproject.toml", "build", "toml"),
        ("examples/template_chatml.jinja", "example", "jinja"),
        ("benchmarks/benchmark_serving.py", "benchmark", "python"),
        ("vllm/benchmarks/serve.py", "benchmark", "python"),
        ("vllm/model_executor/layers/fused_moe/configs/E=8.json", "data", "json"),
        ("vllm/transformers_utils/chat_templates/template_basic.jinja", "data", "jinja"),
        ("vllm/py.typed", "data", "other"),
        ("some_script.pl", "other", "other"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_category_and_language_of_path(path: str, category: str, language: str) -> None:
    assert (TAXONOMY.category_of(path), TAXONOMY.language_of(path)) == (category, language)


@pytest.mark.parametrize(
    ("path", "name", "bases", "surfaces"),
    [
        pytest.param("vllm/entrypoints/llm.py", "LLM.generate", (), ("LLM",), id="a method of LLM"),
        pytest.param("vllm/entrypoints/llm.py", "LLM._validate", (), (), id="a private method belongs to none"),
        pytest.param("vllm/entrypoints/llm.py", "LLM.__init__", (), ("LLM",), id="a special method is public"),
        pytest.param("vllm/entrypoints/llm.py", "helper", (), (), id="another name of the same file belongs to none"),
        pytest.param("vllm/config/scheduler.py", "SchedulerConfig.max_num_seqs", (), ("config",), id="a field of a configuration"),
        pytest.param("vllm/envs.py", "VLLM_USE_X", (), ("environment",), id="an environment variable"),
        pytest.param("vllm/v1/attention/backends/rocm_attn.py", "RocmAttentionImpl.forward", ("AttentionImpl",), ("attention-backend",), id="a class that derives from a plugin base"),
        pytest.param("vllm/v1/x.py", "A.f", ("base.AttentionImpl[T]",), ("attention-backend",), id="a dotted and subscripted base counts by its last name"),
        pytest.param("vllm/tool_parsers/hermes_tool_parser.py", "Hermes2ProToolParser.extract_tool_calls", ("ToolParser",), ("tool-parser",), id="a tool parser"),
        pytest.param("vllm/distributed/kv_transfer/kv_connector/v1/base.py", "KVConnectorBase_V1.start_load_kv", ("ABC",), ("kv-connector",), id="the connector base itself"),
        pytest.param("vllm/entrypoints/openai/chat_completion/protocol.py", "ChatCompletionRequest.stream", ("OpenAIBaseModel",), ("openai-protocol",), id="a field of the wire protocol"),
        pytest.param("vllm/v1/worker/gpu_model_runner.py", "GPUModelRunner.execute_model", ("LoRAModelRunnerMixin",), ("model-runner",), id="a hook of the model runner"),
        pytest.param("vllm/utils/math_utils.py", "cdiv", (), (), id="a plain helper belongs to none"),
    ],
)  # fmt: skip
def test_surfaces_of_symbol(path: str, name: str, bases: tuple[str, ...], surfaces: tuple[str, ...]) -> None:
    assert TAXONOMY.surfaces_of(path, name, bases) == surfaces


TREES = [
    pytest.param("HEAD", id="the clone's own newest"),
    pytest.param("9aaf83ef502fc37bc647f6e474314d48ba36cd1c", id="May 2026"),
    pytest.param("d007387aa742c25f60d9b35bc103cbaf753114c8", id="December 2025"),
    pytest.param("2b102d51ad357903c502d72c1264fb2f724353f3", id="June 2025"),
]


@pytest.mark.clone
@pytest.mark.parametrize("commit", TREES)
def test_fewer_than_one_in_a_hundred_files_is_other(vllm_clone: Path, commit: str) -> None:
    """At commits more than a year apart; and every file has a category."""
    paths = _paths_at(vllm_clone, commit)
    other = [path for path in paths if TAXONOMY.main_area_of(path) == "other"]
    assert len(other) < 0.01 * len(paths), other
    assert [path for path in paths if TAXONOMY.category_of(path) == "other"] == []


@pytest.mark.clone
def test_a_whole_tree_is_placed_quickly(vllm_clone: Path) -> None:
    """Twice what it takes on two idle cores (150 ms), so that a busy machine does not fail."""
    paths = _paths_at(vllm_clone, "HEAD")
    taxonomy = Taxonomy(read_tables(bundled_texts()))
    start = process_time()
    for path in paths:
        taxonomy.areas_of(path)
    assert process_time() - start < 0.4


def _paths_at(repository: Path, commit: str) -> list[str]:
    command = ["git", "-C", str(repository), "ls-tree", "-r", "--name-only", "-z", commit]
    answer = subprocess.run(command, capture_output=True, check=False)
    if answer.returncode:
        pytest.skip(f"the clone does not hold {commit[:9]}")
    return [path.decode("utf-8", "backslashreplace") for path in answer.stdout.split(b"\0") if path]
