"""What a pull request says to who reads a report: whom it concerns, what is other, who is affected; and its title in Chinese."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import AreaShare, Assessment, Effect, SymbolAssessment
from diffscope.messages.model import Text
from diffscope.messages.say import text_of
from diffscope.products.report.authors_words import AuthorsWords
from diffscope.products.report.decisions import Decided
from diffscope.products.report.link_model import Link
from diffscope.products.report.notices import find_notices
from diffscope.products.report.plain import in_plain_words
from diffscope.products.report.render.story.titles import bare_title, chinese_titles, topic_of
from diffscope.products.report.requirements import of_requirement
from diffscope.products.report.statements import switches_of
from tests.digests import a_pull

CONFIG = "vllm/config/lamp.py"


def a_symbol(name: str, kind: str, *role: str, aspect: str = "added", summary: str = "") -> SymbolAssessment:
    return SymbolAssessment(
        path=CONFIG, line=1, name=name, kind=kind, aspects=(aspect,), logic=True, role=role, summary=summary
    )


def a_change(
    *symbols: SymbolAssessment,
    title: str = "Change the lamp",
    kind: str = "feature",
    area: str = "attention",
    says: str = "",
    code: str = "",
    error: str = "",
    platforms: tuple[str, ...] = (),
) -> Assessment:
    said = Text(en=says, zh=says)
    effects = (Effect(path=CONFIG, line=1, symbol="lit", says=said, checks=(), code=code, error=error),)
    return msgspec.structs.replace(
        a_pull(11, title=title, kind=kind),
        symbols=symbols,
        areas=(AreaShare(area=area, weight=1.0, files=()),),
        effects=effects if says else (),
        platforms=platforms,
        flags=(),
        files=(),
    )


FLAG = a_symbol("--oil", "cli-flag", "added", "", "")
FIELD = a_symbol(
    "LampConfig.oil",
    "variable",
    "config-field",
    "added",
    "",
    "False",
    summary="Burn oil instead. Gas otherwise.",
)
ASKED = a_symbol("LampRequest.wick", "variable", "protocol-field", "added", "", "None")


@pytest.mark.parametrize(
    ("change", "audience", "says", "affects"),
    [
        pytest.param(a_change(FLAG, FIELD), "operators", ["“Burn oil instead. Gas otherwise”"], "those who set `oil`", id="a switch that is off"),
        pytest.param(a_change(FLAG, FIELD, kind="bugfix"), "operators", ["“Burn oil instead. Gas otherwise”"], "deployments on the attention backends that it changes", id="a fix that adds a switch is met without it"),
        pytest.param(a_change(ASKED, area="frontend"), "users", ["Requests take `LampRequest.wick` now"], "clients of the API", id="a parameter of requests"),
        pytest.param(a_change(a_symbol("LampRequest", "class"), ASKED, area="frontend"), "users", [], "clients of the API", id="all of a new request is new"),
        pytest.param(a_change(FIELD, area="config"), "operators", ["“Burn oil instead. Gas otherwise”"], "those who set `oil`", id="a field without an option"),
        pytest.param(a_change(a_symbol("OilLampConnector.fill", "method"), area="kv-transfer"), "operators", [], "those who use `OilLampConnector`", id="one connector"),
        pytest.param(a_change(a_symbol("fill", "function"), area="kv-transfer"), "operators", [], "deployments that transfer KV caches (disaggregated prefill)", id="code of all connectors"),
        pytest.param(a_change(title="Add `--oil`", kind="ci", area="ci"), "developers", [], "contributors only", id="work inside"),
        pytest.param(a_change(title="[CPU] Enable oil by default", area="build", platforms=("cpu",)), "operators", [], "deployments on CPU", id="what is on by default now is met wherever it lies"),
        pytest.param(a_change(area="engine"), "operators", [], None, id="everybody is nobody in particular"),
        pytest.param(a_change(title="[ROCm] Trim", area="moe", platforms=("rocm",)), "operators", [], "deployments of MoE models, on ROCm", id="one platform"),
        pytest.param(a_change(title="Add a lamp for SM100"), "operators", [], "deployments on SM100", id="the card of the title"),
        pytest.param(a_change(says="`lit` now returns `wick.trim()`", code="return-added", kind="bugfix"), "operators", ["`lit` now returns `wick.trim()`"], "deployments on the attention backends that it changes", id="an edit of a fix that reads alone"),
        pytest.param(a_change(says="`lit` now sets `self.wick` to `None`", code="value-added", kind="bugfix"), "operators", [], "deployments on the attention backends that it changes", id="a first value says nothing"),
    ],
)  # fmt: skip
def test_a_pull_request_in_plain_words(
    change: Assessment, audience: str, says: list[str], affects: str | None
) -> None:
    plain = in_plain_words(change)
    assert (plain.audience, [text.en for text in plain.says]) == (audience, says)
    assert (plain.affects and plain.affects.en) == affects


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("[Bugfix] Fix structured output crash on CPU due to pin_memory=True", "修复由 pin_memory=True 引起的 CPU 上的结构化输出崩溃"),
        ("[Core] Move FusedMoE hidden_size roundup to quant_method (#1)", "将 FusedMoE hidden_size 取整移动到 quant_method"),
        ("Add `/v1/lamp` endpoint for batched chat completions", "为批量聊天补全新增 `/v1/lamp` 端点"),
        ("[XPU] Disable xpu graph by default", "默认停用 XPU 图"),
        ("Replace LampA with LampB", "以 LampB 取代 LampA"),
        ("Bump Transformers version to 5.15.0", "将 Transformers 版本升级到 5.15.0"),
        ("Update default `x` from 1 to 2", "将默认 `x` 由 1 更新到 2"),
        ("Offload blocking tokenizer ops to shared thread pool to unblock event loop", "将阻塞的分词操作卸载到共享线程池，以免于阻塞事件循环"),
        ("Support EPLB, and remove dead code", "支持 EPLB，并移除死代码"),
        ("Fix the wibbly lamp", ""),
        ("Mask Wibble", ""),
        ("Full CUDA Graph", "完整 CUDA 图"),
        ("Add Wibble model support", "新增 Wibble 模型支持"),
        ("Downwind CPU jobs", ""),
        ("Fix types from A1 to B1", ""),
        ("Исправить лампу", ""),
        ("灯笼", ""),
        ("", ""),
        ("[Only][Tags]", ""),
    ],
)  # fmt: skip
def test_a_title_is_translated_where_all_of_it_is_known(title: str, said: str) -> None:
    assert chinese_titles().said(title) == said


def test_words_of_somebody_s_own_take_their_place() -> None:
    own = chinese_titles("!fix = 修\nlamp = 灯\n%plain = {verb}{thing}\n")
    assert own.said("Fix the lamp") == "修灯"
    assert own.said("Fix the wick") == ""


@pytest.mark.parametrize(
    ("title", "bare", "topic"),
    [
        ("[Feature][Kimi-K3] DCP support (#12)", "DCP support", "Kimi-K3"),
        ("fix(security): Add a limit (fixes #3)", "Add a limit", ""),
        ("{ROCm]: trim", "trim", "ROCm"),
        ("[Bugfix][Core] trim", "trim", ""),
        ("Plain", "Plain", ""),
    ],
)
def test_a_title_without_what_stands_before_it(title: str, bare: str, topic: str) -> None:
    assert (bare_title(title), topic_of(title)) == (bare, topic)


def _notices(change: Assessment, *links: Link) -> list[tuple[str, str]]:
    return [(one.kind, one.text.en) for one in find_notices((change,), links)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(a_change(a_symbol("LampConfig.most_wicks", "variable", "config-field", "removed", "1", "", aspect="removed"), a_symbol("LampConfig.most_wick_items", "variable", "config-field", "added", "", "1")), [("removed", "`LampConfig.most_wicks` gives way to `most_wick_items`")], id="a name that is much the same"),
        pytest.param(a_change(a_symbol("LampConfig.oil", "variable", "config-field", "removed", "1", "", aspect="removed"), a_symbol("LampConfig.electricity", "variable", "config-field", "added", "", "1")), [("removed", "setting `LampConfig.oil`"), ("setting", "`LampConfig.electricity` (default `1`)")], id="another name"),
        pytest.param(a_change(a_symbol("LampConfig.oil", "variable", "config-field", "removed", "1", "", aspect="removed"), a_symbol("FuelConfig.oil", "variable", "config-field", "added", "", "1")), [("removed", "`LampConfig.oil` moved to `FuelConfig.oil`"), ("setting", "`FuelConfig.oil` (default `1`)")], id="a field that moved"),
        pytest.param(a_change(ASKED), [("request", "`LampRequest.wick`")], id="a parameter of requests"),
        pytest.param(a_change(title="[XPU] Disable lamps by default"), [("default", "[XPU] Disable lamps by default")], id="a default by the title"),
        pytest.param(a_change(title="[CI] Disable lamps by default", kind="ci"), [], id="nobody meets the defaults of CI"),
        pytest.param(a_change(*(a_symbol(f"LampConfig.{name}", "variable", "config-field", "added", "", "1") for name in ("gas", "oil", "wax"))), [("setting", f"`LampConfig.{name}` (default `1`)") for name in ("gas", "oil", "wax")], id="every new setting is told"),
        pytest.param(a_change(a_symbol("LampConfig.wicks", "variable", "config-field", "added", "", "WickConfig()")), [], id="a class of settings is none itself"),
        pytest.param(a_change(a_symbol("AttentionBackendEnum.OIL", "variable")), [("entry", "attention backend `OIL`")], id="a row of the registry of attention backends"),
        pytest.param(a_change(title="Deprecate gas lamps", kind="refactor"), [("removed", "Deprecate gas lamps")], id="what is deprecated by the title"),
        pytest.param(a_change(title="[Misc] Add deprecated lamp utilities", kind="refactor"), [], id="what comes for what is deprecated"),
        pytest.param(a_change(title="Deprecate `gas_first` for the lamp", kind="refactor"), [], id="a name of code, which no fact tells as a setting"),
        pytest.param(a_change(title="[V0 Deprecation] Move the lamp", kind="refactor"), [], id="a series of that name moves what nobody meets"),
        pytest.param(a_change(a_symbol("VLLM_OIL", "environment-variable", "added", "", "False", aspect="declared")), [], id="a variable that was read before is not new"),
    ],
)  # fmt: skip
def test_what_users_notice(change: Assessment, told: list[tuple[str, str]]) -> None:
    assert _notices(change) == told


_ITEMS = "Most images/wicks that burn at once."


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        pytest.param((("most_lit_items", _ITEMS),), "`LampConfig.most_lit_wicks` gives way to `most_lit_items`", id="the docstring still says it"),
        pytest.param((), "`LampConfig.most_lit_wicks` gives way to `most_lit_sticks`, `most_lit_items`", id="nothing tells which"),
    ],
)  # fmt: skip
def test_of_two_new_names_the_heir_is_the_one_that_its_docstring_names(
    fields: tuple[tuple[str, str], ...], text: str
) -> None:
    names = ("most_lit_items", "most_lit_sticks")
    gone = a_symbol(
        "LampConfig.most_lit_wicks", "variable", "config-field", "removed", "1", "", aspect="removed"
    )
    new = (a_symbol(f"LampConfig.{name}", "variable", "config-field", "added", "", "1") for name in names)
    found = find_notices((a_change(gone, *new),), (), {11: AuthorsWords(fields=fields)})
    assert found[0].text.en == text


def test_a_default_left_open_is_told_with_its_rule() -> None:
    """The docstring of the setting says when something happens; the value of before is told."""
    doc = 'How oil is bought. - None (default): In small cans. When a tank is found and 90%% of it is empty, oil is bought ahead. - "slow": Never.'
    change = a_change(a_symbol("LampConfig.oil", "variable", "config-field", "default", "slow", "None"))
    (found,) = find_notices((change,), (), {11: AuthorsWords(fields=(("oil", doc),))})
    assert found.reason == "When a tank is found and 90% of it is empty, oil is bought ahead"
    assert found.keep
    assert found.keep.en == "to keep it, set `LampConfig.oil` to `slow`"


def test_a_default_that_changes_twice_is_told_from_its_first_state_by_the_last_change() -> None:
    changes = []
    for number, was, now in ((11, "1", "2"), (12, "2", "3")):
        change = a_change(a_symbol("LampConfig.oil", "variable", "config-field", "default", was, now))
        pull = msgspec.structs.replace(a_pull(number).change.pull, merged_at=f"2026-02-{number}T00:00:00Z")
        changes.append(
            msgspec.structs.replace(change, change=msgspec.structs.replace(change.change, pull=pull))
        )
    (found,) = find_notices(changes, ())
    assert found.pulls == (12, 11)
    assert [text and text.en for text in (found.was, found.now)] == ["`1`", "`3`"]


def merged_on(day: int, change: Assessment) -> Assessment:
    pull = msgspec.structs.replace(a_pull(day).change.pull, merged_at=f"2026-02-{day:02}T00:00:00Z")
    return msgspec.structs.replace(change, change=msgspec.structs.replace(change.change, pull=pull))


def test_a_setting_that_came_in_the_same_window_has_no_earlier_default() -> None:
    """Nobody ran with it: it is told as new, with the default that it has at the end."""
    new = merged_on(11, a_change(a_symbol("VLLM_WICK", "environment-variable", "added", "", "'low'")))
    turned = a_symbol("VLLM_WICK", "environment-variable", "default", "'low'", "'high'", aspect="default")
    (found,) = find_notices((new, merged_on(12, a_change(turned))), ())
    assert (found.kind, found.text.en, found.pulls) == (
        "variable",
        "`VLLM_WICK` (default `'high'`)",
        (12, 11),
    )


@pytest.mark.parametrize(
    ("before", "was"),
    [
        pytest.param("https://lamps.example/v1.2/lamp_oil-1.2-py3-none-any.whl", "`==1.2`", id="a-wheel"),
        pytest.param("https://lamps.example/lamp%2Boil", "`https://lamps.example/lamp%2Boil`", id="no-wheel"),
        pytest.param("==1.1", "`==1.1`", id="a-version"),
    ],
)
def test_the_address_of_a_wheel_is_told_as_its_version(before: str, was: str) -> None:
    assert of_requirement("lamp-oil", before, "==1.3").was.en == was


@pytest.mark.parametrize(
    ("name", "who"),
    [
        pytest.param("oil", "those who set `oil`", id="a-switch"),
        pytest.param("oil_debug", None, id="for-errors"),
    ],
)
def test_what_only_helps_to_look_for_errors_names_nobody(name: str, who: str | None) -> None:
    field = msgspec.structs.replace(FIELD, name=f"LampConfig.{name}")
    affects = in_plain_words(a_change(field, area="config")).affects
    assert (affects and affects.en) == who


def test_a_variable_that_goes_is_told_with_all_that_it_acted_with() -> None:
    gone = a_symbol("VLLM_CHUNK", "environment-variable", "removed", aspect="removed")
    words = AuthorsWords(acted=(("VLLM_CHUNK", ("use_mori_kernels", "use_oil_kernels")),))
    (found,) = find_notices((a_change(gone),), (), {11: words})
    assert found.text.en == "environment variable `VLLM_CHUNK`, which acted with any of MoRI, `oil`"


def test_a_constant_that_held_without_a_variable_is_told_with_it() -> None:
    words = AuthorsWords(constants=(("0.5", "--oil"),), unless=(("0.5", "LAMP_SPACE"),))
    (found,) = find_notices((a_change(),), (), {11: words})
    assert found.was
    assert found.was.en == "a fixed `0.5` where `LAMP_SPACE` was unset"
    assert found.keep
    assert found.keep.en.startswith("`LAMP_SPACE` is still read; do not carry `0.5` over")


@pytest.mark.parametrize(
    ("words", "default", "keep"),
    [
        pytest.param({"optional": ("oil",)}, ("lazy", "eager"), "to keep it, set `--oil` to `lazy`", id="an option sets it"),
        pytest.param({}, ("lazy", "eager"), "to keep it, set `LampConfig.oil` to `lazy`", id="none does"),
        pytest.param({"optional": ("oil",)}, ("True", "False"), "to keep it, set `LampConfig.oil` to `True`", id="a switch takes no value"),
    ],
)  # fmt: skip
def test_the_old_default_comes_back_by_the_option_that_users_set(
    words: dict[str, tuple[str, ...]], default: tuple[str, str], keep: str
) -> None:
    field = a_symbol("LampConfig.oil", "variable", "config-field", "default", *default, aspect="default")
    (found,) = find_notices((a_change(field),), (), {11: AuthorsWords(**words)})
    assert found.keep
    assert found.keep.en == keep


@pytest.mark.parametrize(
    ("brought", "kinds"),
    [
        pytest.param((), ["refused"], id="a setting of before"),
        pytest.param(("most_wicks",), [], id="a setting that the same change declares"),
        pytest.param(("more_wicks",), ["refused"], id="what it declares is only the way out"),
    ],
)
def test_an_error_about_what_the_same_change_brings_stops_nobody(
    brought: tuple[str, ...], kinds: list[str]
) -> None:
    error = "--most-wicks cannot be above 4 here. Set more_wicks to allow more."
    found = find_notices((a_change(),), (), {11: AuthorsWords(errors=(error,), brought=brought)})
    assert [one.kind for one in found] == kinds


def test_a_constant_that_gave_way_may_have_measured_something_else() -> None:
    """No value of the setting is told to bring the old state back."""
    words = AuthorsWords(constants=(("0.5", "--oil"),), defaults=(("--oil", "0.9"),))
    (found,) = find_notices((a_change(),), (), {11: words})
    assert found.keep
    assert "do not carry `0.5` over" in found.keep.en
    assert [text and text.en for text in (found.was, found.now)] == [
        "a fixed `0.5`",
        "decided by `--oil`, `0.9` by default",
    ]


@pytest.mark.parametrize(
    ("settled", "kinds"),
    [
        pytest.param((), ["default"], id="nobody knows what the code decided"),
        pytest.param((("oil", "True"),), [], id="the code decided so before"),
        pytest.param((("oil", "False"),), ["default"], id="the code decided otherwise"),
    ],
)
def test_a_default_that_was_left_open(settled: tuple[tuple[str, str], ...], kinds: list[str]) -> None:
    change = a_change(a_symbol("LampConfig.oil", "variable", "config-field", "default", "None", "True"))
    found = find_notices((change,), (), {11: AuthorsWords(settled=settled)})
    assert [one.kind for one in found] == kinds
    assert [one.keep for one in found] == [None for _ in kinds]


def test_what_comes_and_goes_in_one_asks_nobody() -> None:
    words = AuthorsWords(deprecations=("VLLM_OIL is deprecated", "VLLM_GAS is deprecated"))
    new = a_symbol("VLLM_OIL", "environment-variable", "added", "", "False")
    found = find_notices((a_change(new),), (), {11: words})
    assert [one.text.en for one in found if one.kind == "removed"] == ["“VLLM_GAS is deprecated”"]


_NAMED = {"where": "`lit`", "count": 1, "callee": "glow", "target": "wick"}


@pytest.mark.parametrize(
    ("code", "parts", "says"),
    [
        pytest.param("condition-return", {"after": "not wick"}, [], id="what stands before a return is not known"),
        pytest.param("value-added", {"after": "None"}, [], id="a value for what follows"),
        pytest.param("value-removed", {"before": "None"}, [], id="no value for what follows"),
        pytest.param("argument-added", {"after": "oil=self.oil", "vague": "yes"}, [], id="handed on under its own name"),
        pytest.param("argument-added", {"after": "oil=4 * self.most_oil_that_a_lamp_of_this_size_can_hold"}, ["`lit` now passes `oil=4 * self.most_oil_that_a_lamp_of_this_size_can_hold` to `glow`"], id="handed on, and long"),
        pytest.param("call-changed", {"before": "trim_the_wick_of_the_lamp_by_hand_and_by_eye()", "after": "trim()"}, ["in `lit` `trim_the_wick_of_the_lamp_by_hand_and_by_eye()` is replaced by `trim()`"], id="called in another's place"),
    ],
)  # fmt: skip
def test_edits_are_told_by_their_codes(code: str, parts: dict[str, str], says: list[str]) -> None:
    """The sentence is quoted, or the words of the error; nothing is read from the sentence."""
    change = a_change(title="Reject a lamp", kind="bugfix")
    said = text_of(f"effect.{code}", **{"value": "", "before": "", **_NAMED, **parts})
    error, is_vague = parts.get("error", ""), "vague" in parts
    effect = Effect(
        path=CONFIG, line=1, symbol="lit", says=said, checks=(), code=code, error=error, vague=is_vague
    )
    found = in_plain_words(msgspec.structs.replace(change, effects=(effect,)))
    assert sorted(text.en for text in found.says) == sorted(says)


@pytest.mark.parametrize(
    ("before", "after", "is_weighty"),
    [
        ("<5,>=4.56.0", "!=5.0.*,>=4.56.0", True),
        ("==2.10.0", "==2.11.0", False),
        ("==1.9", "==2.0", True),
        ("<5", "<6", True),
    ],
)
def test_other_major_versions_of_a_dependency_ask_who_upgrades_to_act(
    before: str, after: str, is_weighty: bool
) -> None:
    lamp = SymbolAssessment(
        path="requirements/common.txt", line=1, name="lamp", kind="dependency", aspects=("changed",), logic=True,
        role=(before, after, "range", "core"),
    )  # fmt: skip
    (found,) = find_notices((a_change(lamp),), ())
    assert (found.kind, found.is_weighty) == ("dependency", is_weighty)


@pytest.mark.parametrize(
    ("symbol", "fields", "keep"),
    [
        pytest.param(a_symbol("LAMP_GAS", "environment-variable", "default", "False", "True", aspect="default"), (), "to keep it, set `LAMP_GAS` to `0`", id="a variable takes a number"),
        pytest.param(a_symbol("LampConfig.gas", "variable", "config-field", "default", "False", "True", aspect="default"), (), "to keep it, set `LampConfig.gas` to `False`", id="a field takes what Python writes"),
        pytest.param(a_symbol("LampConfig.oil", "variable", "config-field", "default", "1", "2", aspect="default"), (("oil", "Mainly for convenience when testing. Set elsewhere."),), "", id="a default that only tests meet"),
    ],
)  # fmt: skip
def test_how_an_old_default_is_set(
    symbol: SymbolAssessment, fields: tuple[tuple[str, str], ...], keep: str
) -> None:
    found = find_notices((a_change(symbol),), (), {11: AuthorsWords(fields=fields)})
    assert [one.keep.en for one in found if one.keep] == ([keep] if keep else [])


@pytest.mark.parametrize(("brought", "told"), [((), ["gas_lamp"]), (("is_dim",), [])])
def test_a_default_under_a_condition_on_what_the_same_change_brings(
    brought: tuple[str, ...], told: list[str]
) -> None:
    decided = Decided(name="gas_lamp", value="True", condition="self.is_dim", is_unset=True)
    found = find_notices((a_change(),), (), {11: AuthorsWords(decided=(decided,), brought=brought)})
    assert [one.name for one in found] == told


@pytest.mark.parametrize(("routes", "told"), [((), ["GET /lamp"]), (("/lamp",), [])])
def test_an_endpoint_that_is_written_elsewhere_did_not_go(routes: tuple[str, ...], told: list[str]) -> None:
    gone = a_symbol("lamp", "function", "get", "/lamp", aspect="removed")
    assert [
        one.name for one in find_notices((a_change(gone),), (), {11: AuthorsWords(routes=routes)})
    ] == told


@pytest.mark.parametrize(
    ("options", "told"),
    [((("Wicks", "--wick"),), ["`--wick` also takes `wax`"]), ((), [])],
)
def test_a_value_is_a_switch_only_where_an_option_has_its_type(
    options: tuple[tuple[str, str], ...], told: list[str]
) -> None:
    change = a_change(a_symbol("Wicks", "variable", "value", "+wax", aspect="values"))
    assert [text.en for text in switches_of(change, AuthorsWords(options=options))] == told
