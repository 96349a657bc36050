"""The words of reports: areas and kinds by the names that readers of a report use, in each language."""

from __future__ import annotations

from diffscope.render.style import Language

_CHINESE_AREAS = {
    "attention": "注意力",
    "quantization": "量化",
    "moe": "MoE",
    "eplb": "专家负载均衡",
    "linear": "线性层",
    "mamba": "Mamba",
    "kernels": "内核",
    "scheduler": "调度器",
    "kv-cache": "KV 缓存",
    "kv-offload": "KV 卸载",
    "kv-transfer": "KV 传输",
    "engine": "引擎",
    "executor": "执行器",
    "worker": "Worker",
    "model-runner": "Model Runner",
    "sampler": "采样",
    "spec-decode": "推测解码",
    "structured-output": "结构化输出",
    "lora": "LoRA",
    "compilation": "编译",
    "cuda-graph": "CUDA 图",
    "models": "模型",
    "model-loading": "模型加载",
    "multimodal": "多模态",
    "renderer": "渲染器",
    "tokenizer": "分词器",
    "frontend": "前端",
    "pooling": "池化",
    "tool-calling": "工具调用",
    "reasoning": "推理解析",
    "config": "配置",
    "distributed": "分布式",
    "platform": "平台层",
    "plugins": "插件",
    "metrics": "指标",
    "profiling": "性能剖析",
    "benchmarks": "基准测试",
    "rust": "Rust",
    "dependencies": "依赖",
    "build": "构建",
    "ci": "CI",
    "docs": "文档",
    "examples": "示例",
    "tests": "测试",
    "core-utils": "基础工具",
    "rocm": "ROCm",
    "xpu": "XPU",
    "cpu": "CPU",
    "tpu": "TPU",
    "cuda": "CUDA",
}
_ENGLISH_AREAS = {
    "moe": "MoE",
    "eplb": "EPLB",
    "lora": "LoRA",
    "ci": "CI",
    "kv-cache": "KV cache",
    "kv-offload": "KV offload",
    "kv-transfer": "KV transfer",
    "cuda-graph": "CUDA graphs",
    "spec-decode": "Speculative decoding",
    "rocm": "ROCm",
    "xpu": "XPU",
    "cpu": "CPU",
    "tpu": "TPU",
    "cuda": "CUDA",
    "docs": "Documentation",
}
_KINDS = {
    "bugfix": ("bug fixes", "缺陷修复"),
    "feature": ("features", "新功能"),
    "refactor": ("refactorings", "重构"),
    "performance": ("performance", "性能优化"),
    "model": ("models", "模型支持"),
    "test": ("tests", "测试"),
    "ci": ("CI", "CI"),
    "build": ("build", "构建"),
    "docs": ("documentation", "文档"),
    "revert": ("reverts", "回滚"),
}


def area_title(name: str, language: Language) -> str:
    """Return how a report calls an area or a platform; one of somebody's own goes by its name."""
    if language is Language.CHINESE:
        return _CHINESE_AREAS.get(name, name)
    known = _ENGLISH_AREAS.get(name)
    return known or name.replace("-", " ").capitalize()


def kind_title(name: str, language: Language) -> str:
    """Return how a report calls a kind of change."""
    return _KINDS.get(name, (name, name))[language is Language.CHINESE]
