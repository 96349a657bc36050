"""The sentences of dynamics reports about one fact each, in each language. They are plain text: the templates make them inert."""

from __future__ import annotations

from collections.abc import Sequence

from diffscope.products.report.dynamics.amd import NearMiss, Reason
from diffscope.products.report.dynamics.descriptions import Environment
from diffscope.products.report.dynamics.reach import Reach
from diffscope.products.report.dynamics.watch import Signal
from diffscope.render.style import Language
from diffscope.render.words import Words

_WHERE = {
    "author": ("author", "作者"),
    "title": ("title", "标题"),
    "text": ("text", "正文"),
    "environment": ("environment or output", "运行环境或输出"),
    "label": ("label", "标签"),
    "file": ("path", "路径"),
}
_GRAVE = {
    "security": ("a security problem", "安全问题"),
    "crash": ("a crash", "崩溃"),
    "accuracy": ("wrong results", "结果错误"),
    "hang": ("a hang", "卡死"),
    "memory": ("memory", "显存或内存问题"),
    "regression": ("a regression", "性能或功能退化"),
}
_SIGNALS = {
    "label": ('labelled "{found}"', "带有标签“{found}”"),
    "bug": ("a bug report, still open", "尚未关闭的缺陷报告"),
    "doubt": ('its author writes: "{found}"', "作者写道：“{found}”"),
    "untested": (
        "no test changed, and {count} modules import `{found}`",
        "没有改动测试，而 `{found}` 被 {count} 个模块导入",
    ),
    "untested-serving": (
        "no test changed, and `{found}` lies on the serving path",
        "没有改动测试，而 `{found}` 位于服务路径",
    ),
    "talk": ("discussed by {count} people", "{count} 人参与讨论"),
    "old": ("open for {count} days", "已开放 {count} 天"),
    "unanswered": ("no answer by anybody yet", "尚无他人回复"),
}
_NEAR = {
    True: (
        "names {words} only as what is not there (N/A) in its environment output",
        "仅在环境输出中以 N/A 形式出现 {words}",
    ),
    False: ("names {words} only in output or code", "仅在输出或代码中出现 {words}"),
}


class DynamicsWords:
    """Sentences about one fact each."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def reason(self, reason: Reason) -> str:
        """Return why an item counts as AMD's."""
        text = f"{self._words.either(*_WHERE[reason.where])}{self._words.colon}{reason.found}"
        if reason.files is None or reason.files == 1:
            return text
        return text + self._words.either(f" and {reason.files - 1} more", f" 等 {reason.files} 个")

    def near(self, near: NearMiss) -> str:
        """Return why an item that names AMD does not count."""
        either = self._words.either
        text = either(*_NEAR[near.is_absent]).format(words=self._words.comma.join(near.words))
        env = near.environment
        ran = (*env.gpus, *((f"CUDA {env.cuda}",) if env.cuda else ()))
        if ran:
            text += either("; it ran on ", "；运行环境为 ") + self._words.comma.join(ran)
        return text

    def signal(self, signal: Signal) -> str:
        """Return one reason to look."""
        either = self._words.either
        if signal.kind in _GRAVE:
            kind = either(*_GRAVE[signal.kind])
            return either(f'the title names "{signal.found}" ({kind})', f"标题提到“{signal.found}”（{kind}）")
        return either(*_SIGNALS[signal.kind]).format(found=signal.found, count=signal.count)

    def signals(self, signals: Sequence[Signal]) -> str:
        """Return every reason to look."""
        return self._words.semicolon.join(map(self.signal, signals))

    def environment(self, environment: Environment) -> str:
        """Return what an item was run on."""
        versions = (
            ("CUDA", environment.cuda),
            ("ROCm", environment.rocm),
            ("PyTorch", environment.torch),
            ("vLLM", environment.vllm),
        )
        named = (f"{name} {version}" for name, version in versions if version)
        return self._words.comma.join((*environment.gpus, *named))

    def reach(self, reach: Reach) -> str:
        """Return who depends on what is changed."""
        either = self._words.either
        modules = "1 module" if reach.importers == 1 else f"{reach.importers} modules"
        tests = "1 test file" if reach.tests == 1 else f"{reach.tests} test files"
        text = either(
            f"{modules} and {tests} import `{reach.path}`",
            f"`{reach.path}` 被 {reach.importers} 个模块、{reach.tests} 个测试文件导入",
        )
        if not reach.serving:
            return text
        if reach.serving == reach.path:
            return text + either("; it lies on the serving path", "；该文件位于服务路径")
        return text + either(
            f"; `{reach.serving}` lies on the serving path", f"；`{reach.serving}` 位于服务路径"
        )

    def share(self, part: int, whole: int, one: str, many: str = "") -> str:
        """Return how many of some: ``all 5 items``, ``2 of 5 items``; in Chinese the noun has one form."""
        if self._words.language is Language.CHINESE:
            return (
                f"全部 {whole} 个{_spaced(one)}"
                if part == whole
                else f"{whole} 个{_spaced(one)}中的 {part} 个"
            )
        if part == whole:
            return f"the 1 {one}" if whole == 1 else f"all {whole} {many}"
        return f"{part or 'none'} of {whole} {many}"

    def names(self, names: Sequence[str], most: int = 15) -> str:
        """Return names, the first of them, and how many there are beyond."""
        listed = self._words.comma.join(names[:most])
        if len(names) <= most:
            return listed
        return listed + self._words.either(f" and {len(names) - most} more", f" 等 {len(names)} 人")


def _spaced(noun: str) -> str:
    return f" {noun} " if noun.isascii() else noun
