"""Every word of the interface, in each language. Rules bring their own texts in both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from diffscope.messages.model import Language, Text
from diffscope.rules.families import FAMILIES

_ENGLISH, _CHINESE = 0, 1
_Said = TypeVar("_Said", str, tuple[str, ...])

WORDS: dict[str, tuple[str, str]] = {
    # levels and severities
    "risk": ("Risk", "风险"),
    "none": ("none", "无"),
    "info": ("info", "提示"),
    "low": ("low", "低"),
    "medium": ("medium", "中"),
    "high": ("high", "高"),
    "critical": ("critical", "严重"),
    "unknown": ("unknown", "未知"),
    "unknown-rules": ("Unknown", "未判定"),
    # the change
    "untitled": ("a change without a title", "无标题的变更"),
    "by": ("by {author}", "作者 {author}"),
    "merged": ("merged {date}", "合并于 {date}"),
    "files": ("{count} files", "{count} 个文件"),
    "one-file": ("1 file", "1 个文件"),
    "kind": ("Kind", "类型"),
    "tags": ("Tags", "标签"),
    "importance": ("importance {value}", "重要性 {value}"),
    "insight": ("insight {value}", "洞察力 {value}"),
    "importance-of": ("Importance", "重要性"),
    "source-recorded": ("from facts recorded with diffscope", "来自随 diffscope 附带的事实记录"),
    "source-clone": ("from a local clone", "来自本地克隆"),
    "source-range": ("from a range of a local clone", "来自本地克隆的提交区间"),
    "source-worktree": ("uncommitted changes of a local clone", "本地克隆中未提交的变更"),
    "source-patch": ("from a patch", "来自补丁"),
    "source-github": ("from GitHub", "来自 GitHub"),
    # where
    "areas": ("Areas", "领域"),
    "platforms": ("Platforms", "平台"),
    "reach": ("Reach", "影响范围"),
    "unused": ("nothing imports it", "没有模块导入它"),
    "dependents": ("{count} import it", "{count} 个模块导入"),
    "new-module": ("new module", "新增模块"),
    "imported-by": ("imported by {modules}", "由 {modules} 导入"),
    "within-two": ("{count} within two steps", "两步内 {count} 个"),
    "lazy": ("{count} lazily", "延迟导入 {count} 个"),
    "registry": ("{count} by registry", "注册表引用 {count} 处"),
    "distance": ("{count} steps from serving", "距服务路径 {count} 步"),
    "one-step": ("1 step from serving", "距服务路径 1 步"),
    "on-serving-path": ("on the serving path", "位于服务路径"),
    "off-serving-path": ("not on the eager serving path", "不在直接导入的服务路径上"),
    "closes-cycle": ("closes an import cycle: {chain}", "形成循环导入：{chain}"),
    "graph-snapshot": (
        "graph of the packaged snapshot {commit}, not of this base",
        "使用随包附带的依赖图快照 {commit}，而非此变更的基准",
    ),
    "one-more-module": ("and 1 more module", "另有 1 个模块"),
    "more-modules": ("and {count} more modules", "另有 {count} 个模块"),
    "module": ("Module", "模块"),
    # flags
    "flags": ("Flags", "风险项"),
    "all-clear": ("No rule fired on this change.", "没有规则在此变更上触发。"),
    "more-places": ("and {count} more places", "另有 {count} 处"),
    "one-more-place": ("and 1 more place", "另有 1 处"),
    "old-side": ("old side", "旧版本"),
    "definition": ("the definition that it belongs to", "所属的定义"),
    "advice": ("Advice", "建议"),
    "evidence": ("Evidence", "证据"),
    "confidence": ("confidence", "置信度"),
    "severity": ("Severity", "级别"),
    "waived": ("Waived", "已豁免"),
    "waived-because": ("waived: {reason}", "豁免原因：{reason}"),
    "not-judged": ("Not judged", "未能判定"),
    "needs-base": (
        "; name it with --repo and --base",
        "；请用 --repo 与 --base 指定",
    ),
    "risk-section": ("Risk observations", "风险观察"),
    "family-count": ("{family} ({count})", "{family}（{count}）"),
    "not-judged-count": ("{count} rules could not be judged", "{count} 条规则未能判定"),
    "one-not-judged": ("1 rule could not be judged", "1 条规则未能判定"),
    # tests, owners, CI
    "tests": ("Tests", "测试"),
    "tests-changed": ("{count} changed", "变更 {count} 个"),
    "no-tests-changed": ("none changed", "未变更测试"),
    "nearest-tests": ("Nearest tests", "最相关的测试"),
    "nearest-unknown": ("nearest tests unknown", "最相关的测试未知"),
    "unnamed": ("no test names {symbols}", "没有测试提及 {symbols}"),
    "why": ("Why", "原因"),
    "test": ("Test", "测试"),
    "owners": ("Owners", "负责人"),
    "unowned": ("nobody owns {files}", "无人负责 {files}"),
    "owners-unknown": ("unknown: no CODEOWNERS was read", "未知：未读取 CODEOWNERS"),
    "ci": ("CI", "CI"),
    "steps-run": ("{count} steps run", "运行 {count} 个步骤"),
    "one-step-runs": ("1 step runs", "运行 1 个步骤"),
    "steps-optional": ("{count} optional steps list a changed path", "另有 {count} 个可选步骤列出了变更路径"),
    "one-step-optional": ("1 optional step lists a changed path", "另有 1 个可选步骤列出了变更路径"),
    "ci-docs-only": (
        "nothing runs: all that changes is documentation to CI (docs/, *.md, mkdocs.yaml)",
        "不运行任何步骤：对 CI 而言变更全部是文档（docs/、*.md、mkdocs.yaml）",
    ),
    "ci-nothing": (
        "no step runs by itself: none of {count} lists a changed path and runs unasked",
        "没有步骤自动运行：{count} 个步骤均未列出变更路径或需手动触发",
    ),
    "ci-nothing-one": (
        "no step runs by itself: the only one lists no changed path or waits to be asked",
        "没有步骤自动运行：唯一的步骤未列出变更路径或需手动触发",
    ),
    "minutes": ("time limits add up to {count} min", "时限合计 {count} 分钟"),
    "hours": ("time limits add up to {count} h", "时限合计 {count} 小时"),
    "ci-no-limit": ("{count} steps have none", "{count} 个步骤没有时限"),
    "ci-one-no-limit": ("1 step has none", "1 个步骤没有时限"),
    "ci-run-all": (
        "everything in {pipelines} that is not optional runs: {path} matches the run_all pattern {pattern}",
        "{pipelines} 运行除可选外的全部步骤：{path} 匹配 run_all 模式 {pattern}",
    ),
    "ci-run-all-label": (
        "everything in {pipelines} runs: the label {pattern}",
        "{pipelines} 运行全部步骤：标签 {pattern}",
    ),
    "ci-entry-matches": ("{path} lies in its entry {entry}", "{path} 属于其条目 {entry}"),
    "ci-tree-head": (
        "selected by the change's own .buildkite; against its base: {list}",
        "按此变更自身的 .buildkite 选择；与其基准相比：{list}",
    ),
    "ci-same-steps": ("the same steps", "步骤相同"),
    "ci-added": ("{count} added", "新增 {count} 个"),
    "ci-removed": ("{count} removed", "移除 {count} 个"),
    "ci-starts": ("{count} newly selected", "多运行 {count} 个"),
    "ci-stops": ("{count} no longer selected", "不再运行 {count} 个"),
    "ci-rules": ("by the rules of ci-infra at {commit} ({date})", "按 ci-infra {commit}（{date}）的规则"),
    "ci-rules-newer": (", which have changed since this change", "，此变更之后规则有过修改"),
    "blind-spots": (
        "tests import the change in steps that do not run: {steps} ({test})",
        "以下未运行的步骤中有测试导入了变更内容：{steps}（{test}）",
    ),
    "amd-mirrors": ("on AMD: {list}", "在 AMD 上：{list}"),
    "mirror-present": ("{count} mirrored", "{count} 个有镜像"),
    "mirror-soft-fail": ("{count} mirrored and may fail", "{count} 个的镜像允许失败"),
    "mirror-optional": ("{count} with an optional mirror", "{count} 个的镜像为可选"),
    "mirror-not-run": ("{count} with a mirror that does not run", "{count} 个的镜像不运行"),
    "mirror-elsewhere": ("{count} in a step of the same name", "{count} 个由同名步骤运行"),
    "mirror-elsewhere-not-run": (
        "{count} in a step of the same name that does not run",
        "{count} 个的同名步骤不运行",
    ),
    "mirror-missing": ("{count} without a mirror", "{count} 个没有镜像"),
    "labels": ("Labels", "PR 标签"),
    "labels-would": ("the repository's rules add {labels}", "仓库规则将添加 {labels}"),
    # the comment on a pull request and the job summary
    "comment-title": ("diffscope: {level} risk", "diffscope：风险 {level}"),
    "comment-none": ("diffscope: no risk flags", "diffscope：没有风险项"),
    "comment-unknown": ("diffscope: risk not known", "diffscope：风险未知"),
    "rule": ("Rule", "规则"),
    "where": ("Where", "位置"),
    "what-and-why": ("What and why", "内容与原因"),
    "more-flags": ("and {count} more flags in the full assessment", "完整结果中另有 {count} 个风险项"),
    "what-depends": ("What depends on it", "谁依赖此变更"),
    "picture-legend": (
        "An arrow goes from a module to one that it imports; changed modules are framed.",
        "箭头由模块指向其导入的模块；带边框者为已变更模块。",
    ),
    "tests-to-run": ("Tests nearest to this change", "与此变更最相关的测试"),
    "ci-blind": (
        "CI steps whose tests import this change and that will not run",
        "测试导入了此变更但不会运行的 CI 步骤",
    ),
    "ci-not-run": (
        "CI steps that look at these files and will not run by themselves",
        "与这些文件相关但不会自动运行的 CI 步骤",
    ),
    "advice-list": ("What to do", "建议"),
    "config-edited": (
        "This change edits {files}. It was judged by the configuration and rules of its base, not by its own.",
        "此变更修改了 {files}。判定时使用的是基准分支的配置与规则，而非此变更自带的版本。",
    ),
    "left-out": (
        "{count} sections are left out here for length; the full assessment has them.",
        "因篇幅限制，此处省略 {count} 个部分；完整结果中包含全部内容。",
    ),
    "full-json": ("full assessment (JSON, SARIF)", "完整结果（JSON、SARIF）"),
    "of-head": ("of {head}", "对应 {head}"),
    "advisory": ("advisory: it blocks nothing", "仅供参考，不阻塞合并"),
    "blocking": ("fails at {level} or worse", "达到 {level} 或以上时失败"),
    # completeness
    "completeness": ("Completeness", "完整性"),
    "incomplete": ("Incomplete", "不完整"),
    "judged-with-less": ("judged with less than everything", "并非所有内容均已判定"),
    "unplaced": ("no area claims {files}", "未归入任何领域：{files}"),
    "file-table": ("Files", "文件"),
    "symbol-table": ("Symbols", "符号"),
    "path": ("Path", "路径"),
    "status": ("Status", "状态"),
    "category": ("Category", "类别"),
    "change-type": ("Change", "变更类型"),
    "area": ("Area", "领域"),
    "lines": ("Lines", "行数"),
    "symbol": ("Symbol", "符号"),
    "aspects": ("What changed", "变更内容"),
    "others": ("{count} others", "其他 {count} 个"),
    "one-other": ("1 other", "其他 1 个"),
    "and-more": ("and {count} more", "另有 {count} 个"),
    "made-by": ("diffscope {version}, rules {rules}", "diffscope {version}，规则 {rules}"),
    "page-title": ("diffscope: {title}", "diffscope：{title}"),
}


class Words:
    """The words of one language: ``words("files", count=3)``."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._column = _CHINESE if language is Language.CHINESE else _ENGLISH

    def __call__(self, key: str, **values: object) -> str:
        """Return the phrase of that key, filled in. An unknown key is a bug and raises KeyError."""
        return WORDS[key][self._column].format(**values)

    def family(self, name: str) -> str:
        """Return the title of a risk family; a family of somebody's own rules goes by its name."""
        return self.pick(FAMILIES[name]) if name in FAMILIES else name

    def pick(self, text: Text) -> str:
        """Return a rule's text in this language."""
        return text.pick(self.language)

    def picked(self, texts: Iterable[Text]) -> tuple[str, ...]:
        """Return texts in this language."""
        return tuple(map(self.pick, texts))

    def either(self, english: _Said, chinese: _Said) -> _Said:
        """Return what is said in this language; English where nothing is said in Chinese, as in documents of older versions."""
        return chinese if self.language is Language.CHINESE and chinese else english

    def counted(self, one: str, many: str, count: int) -> str:
        """Return the phrase for one, or the one for many."""
        return self(one) if count == 1 else self(many, count=count)

    @property
    def comma(self) -> str:
        """What stands between the items of a list."""
        return "、" if self._column else ", "

    @property
    def colon(self) -> str:
        """What stands between a name and what is said of it."""
        return "：" if self._column else ": "

    @property
    def semicolon(self) -> str:
        """What stands between phrases."""
        return "；" if self._column else "; "

    def aside(self, text: str) -> str:
        """Return ``text`` in brackets, with the space that belongs before them."""
        return f"（{text}）" if self._column else f" ({text})"
