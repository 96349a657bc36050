"""What a change does in words, and the question that it leaves: one edit of a function a case."""

from __future__ import annotations

import pytest

from diffscope.assessment.effects import find_effects
from tests.fact_builders import edit, facts

PATH = "vllm/v1/core/sched/thing.py"
BODY = "class Thing:\n    def run(self, rows):\n{}\n    def other(self):\n        return {}\n"


def thing(*lines: str, other: str = "1") -> str:
    """Return a class whose method has these lines."""
    return BODY.format("\n".join(f"        {line}" for line in lines), other)


@pytest.mark.parametrize(
    ("before", "after", "says", "check"),
    [
        pytest.param(
            thing("use(rows)"), thing("if not rows:", "    return None", "use(rows)"),
            "`Thing.run` now returns `None` at once if `not rows`",
            "Where `not rows`, `Thing.run` no longer comes to `use(rows)` (line 5): does nothing that runs later need what that does, and is that case tested?",
            id="an early return"),
        pytest.param(
            thing("use(rows)"), thing("if rows < 0:", "    raise ValueError(rows)", "use(rows)"),
            "`Thing.run` now raises `ValueError(rows)` if `rows < 0`",
            "Who reaches `Thing.run` with `rows < 0` today, and did it work for them? They get `ValueError(rows)` now: is that only where it cannot work?",
            id="a refusal"),
        pytest.param(
            thing("if rows and self.on:", "    use(rows)"), thing("if rows and self.on and self.free:", "    use(rows)"),
            "`Thing.run` now asks for `self.free` as well before running `use(rows)`",
            "Where `not self.free`, `Thing.run` no longer runs `use(rows)`: does nobody need it in that case, and is that tested?",
            id="one more question"),
        pytest.param(
            thing("if rows and self.on:", "    use(rows)"), thing("if rows and self.on and self.free:", "    self.on = False", "    use(rows)"),
            "`Thing.run` now asks for `self.free` as well before running `use(rows)`; `self.on = False` is new there",
            "Where `not self.free`, `Thing.run` no longer runs `use(rows)`: does nobody need it in that case, and is that tested?",
            id="one more question, and what the object keeps is set"),
        pytest.param(
            thing("use(rows)"), thing("if self.free:", "    self.on = True", "    put(rows)", "use(rows)"),
            "`Thing.run` now runs `self.on = True; put(rows)` if `self.free`",
            "Does every case that needs `self.on = True; put(rows)` meet `self.free` in `Thing.run`, is `use(rows)` (line 6) right with what it leaves, and does a test have such a case?",
            id="what the object keeps is told with what is called"),
        pytest.param(
            thing("while rows:", "    use(rows)"), thing("while rows and self.on:", "    use(rows)"),
            "A loop of `Thing.run` now asks for `self.on` as well to go on", "Where `not self.on`, does the loop of `Thing.run` leave nothing undone?",
            id="a loop that ends earlier"),
        pytest.param(
            thing("while rows and self.on:", "    use(rows)"), thing("while rows:", "    use(rows)"),
            "A loop of `Thing.run` no longer asks for `self.on` to go on", "",
            id="a loop that ends later"),
        pytest.param(
            thing("if rows and not self.busy:", "    return 1", "use(rows)"), thing("if rows:", "    return 1", "use(rows)"),
            "`Thing.run` no longer asks for `not self.busy` before running `return 1`",
            "`return 1` now also runs in `Thing.run` where `not self.busy` does not hold: is it right there, and is that case tested?",
            id="one question less"),
        pytest.param(
            thing("if self.rank and rows:", "    use(rows)"), thing("if self.rank is not None and rows:", "    use(rows)"),
            "A part of the condition for `use(rows)` in `Thing.run` was `self.rank`, is `self.rank is not None`: it holds in more cases",
            "`self.rank` and `self.rank is not None` differ where `self.rank` is 0, empty or False: is that case tested, and is it what is wanted?",
            id="zero is no longer nothing"),
        pytest.param(
            thing("use(rows)"), thing("if self.on:", "    use(rows)"),
            "`Thing.run` runs `use(rows)` only if `self.on` now; until now always",
            "Where `not self.on`, `Thing.run` no longer runs `use(rows)`: does nobody need it in that case, and is that tested?",
            id="code that stood goes under a condition"),
        pytest.param(
            thing("if a(rows):", "    use(rows)"), thing("if self.other > 3:", "    use(rows)"),
            "The condition for `use(rows)` in `Thing.run` was `a(rows)`, is `self.other > 3`",
            "Which inputs meet only one of `a(rows)` and `self.other > 3`? `use(rows)` is decided otherwise for them in `Thing.run`: does a test have one of each?",
            id="another condition over the same code"),
        pytest.param(
            thing("x = make(rows, deep=self.deep)", "return x", other="make(2)"), thing("x = make(rows, deep=self.deep, keep=True)", "return x", other="make(2)"),
            "`Thing.run` now passes `keep=True` to `make`",
            "`make` is called without `keep` in `Thing.other` (line 6): is it needed there, too?",
            id="an argument that came"),
        pytest.param(
            thing("a = self.state.get(rows)", "return a"), thing("a = self.state.pop(rows, None)", "return a"),
            "In `Thing.run` `self.state.get(rows)` is replaced by `self.state.pop(rows, None)`",
            "",
            id="another call"),
        pytest.param(
            thing("if self.on:", "    self.free = False"), thing("if rows == 'a':", "    self.free = False", "elif self.on:", "    self.free = False"),
            "`Thing.run` now runs `self.free = False` if `rows == 'a'`",
            "Does every case that needs `self.free = False` meet `rows == 'a'` in `Thing.run`, is that all it needs, and does a test have one?", id="a branch before one that still stands"),
        pytest.param(
            thing("if self.on:", "    return use(rows)", "else:", "    return None"), thing("if not self.on:", "    return None", "note(rows)", "return use(rows)"),
            "`Thing.run` now calls `note(rows)`", "", id="a condition that is turned round"),
        pytest.param(
            thing("return One(rows)"), thing("kind = Two if self.on else One", "return kind(rows)"),
            "Where `self.on`, `Thing.run` now calls `Two(rows)`, until now `One(rows)`",
            "Only where `self.on` does `Thing.run` differ: `Two(rows)` in the place of `One(rows)`. Who comes there, is the rest right as it was, and does a test have that case?",
            id="a class that is chosen"),
        pytest.param(
            thing("return rows.last"), thing("out = rows.last if rows else 0", "return out"),
            "Where `not rows`, `Thing.run` now returns `0`, until now `rows.last`",
            "Only where `not rows` does `Thing.run` differ: `0` in the place of `rows.last`. Who comes there, is the rest right as it was, and does a test have that case?",
            id="a result that got a guard"),
        pytest.param(
            thing("return rows").replace("rows):", "rows, deep=None):"), thing("return rows").replace("rows):", "rows, deep=None, keep=None):"),
            "`Thing.run` now also takes `keep`", "", id="a parameter that may be left out"),
        pytest.param(
            thing("for row in rows:", "    use(row)"), thing("for row in sorted(rows):", "    use(row)"),
            "`Thing.run` goes through `row in sorted(rows)`, no longer `row in rows`",
            "Is `Thing.run` right where `row in sorted(rows)` goes through nothing, or through other elements than `row in rows`?",
            id="another loop"),
        pytest.param(
            thing("try:", "    use(rows)", "except ImportError:", "    pass"), thing("try:", "    use(rows)", "except Exception:", "    pass"),
            "`Thing.run` catches `Exception`, no longer only `ImportError`",
            "`Exception` raised in `Thing.run` no longer gets out: is what follows right then, and does a test raise it?",
            id="more is caught"),
        pytest.param(
            thing("use(rows)"), thing("try:", "    use(rows)", "except Exception:", "    if rows.left:", "        rows.drop()", "    raise  # as it was"),
            "`Thing.run` now catches `Exception`", "", id="what is caught is raised again"),
        pytest.param(
            thing("use(rows)"), thing("try:", "    use(rows)", "except OSError as error:", "    if rows.left:", "        raise", "    return None"),
            "`Thing.run` now catches `OSError as error`",
            "Where `Thing.run` catches `OSError`, it raises in some cases only: is what follows right in the others, and does a test have both?",
            id="what is caught is raised again in some cases"),
        pytest.param(
            thing("use(rows)"), thing("try:", "    use(rows)", "except OSError as error:", "    raise ValueError('no rows') from error"),
            "`Thing.run` now catches `OSError as error`",
            "Who handles `OSError` from `Thing.run`? `ValueError('no rows') from error` comes out in its place now.",
            id="another error is raised for what is caught"),
        pytest.param(
            thing("use(rows)"), thing("assert rows", "use(rows)"),
            "`Thing.run` now asserts `rows`",
            "Can a request or a valid configuration reach `Thing.run` without `rows`? It ends the engine now.",
            id="an assertion"),
        pytest.param(
            thing("return rows[0]"), thing("return rows[-1]"),
            "`Thing.run` returns `rows[-1]`, no longer `rows[0]`",
            "For which input does `Thing.run` now give something else than `rows[0]`, and do its callers take that?",
            id="another result"),
        pytest.param(
            thing("x = tl.load(p + rows)", "return x"), thing("x = tl.load(p + rows + 1)", "return x"),
            "`Thing.run` passes `p + rows + 1` to `tl.load`, no longer `p + rows`",
            "Does `p + rows + 1` stay within the buffer that `tl.load` goes to, at the first and at the last element, and does a test compare both?",
            id="another index of a kernel"),
        pytest.param(
            thing("if self.n == 0:", "    size = self.size", "    last = rows.old - rows.old % size", "    use(last)"),
            thing("if rows.n < max(self.n, 1):", "    size = self.size", "    last = rows.new - rows.new % size", "    use(last)"),
            "The condition for `use(last)` in `Thing.run` was `self.n == 0`, is `rows.n < max(self.n, 1)`; `last` is computed from `rows.new` instead of `rows.old`",
            "Which inputs meet only one of `self.n == 0` and `rows.n < max(self.n, 1)`? `use(last)` is decided otherwise for them in `Thing.run`: does a test have one of each?",
            id="a condition and a value under it"),
        pytest.param(
            thing("assert self.buffer", "top = 0 if self.short else self.buffer[-1]", "use(top)"),
            thing("if self.short:", "    top = 0", "else:", "    assert self.buffer", "    top = self.buffer[-1]", "use(top)"),
            "Where `not self.short`, `Thing.run` runs `assert self.buffer`, else `top = 0`; until now `assert self.buffer` in both cases",
            "With `self.short`, `Thing.run` now runs `top = 0` in the place of `assert self.buffer`: does nobody need that then, and is that case tested?",
            id="a value that is the same in either case is no change"),
        pytest.param(
            thing("if rows != 1:", "    use(rows)", "else:", "    drop(rows, 1)"), thing("if rows != 1:", "    use(rows)", "else:", "    drop(rows, 2)"),
            "Where `rows == 1`: `Thing.run` passes `2` to `drop`, no longer `1`",
            "",
            id="a condition is denied as people write it"),
        pytest.param(
            thing("out = first(rows, self.lengths, causal=True)", "return out"),
            thing("out = empty(rows)", "second(rows, self.lengths, out, causal=True)", "return out"),
            "In `Thing.run` `first(rows, self.lengths, causal=True)` is replaced by `second(rows, self.lengths, out, causal=True)`",
            "",
            id="a call that returns is replaced by one that fills"),
        pytest.param(
            thing("x = make(rows, size=self.size)", "return x"), thing("x = make(rows, size=self.size + 1)", "return x"),
            "`Thing.run` passes `self.size + 1` to `make`, no longer `self.size`",
            "Is `self.size + 1` right at the limits, where `self.size` is -1 or 0 or counts the one already, and does a test compare the ends?",
            id="one more than before"),
        pytest.param(
            thing("if self.on:", "    use(rows)", "else:", "    drop(rows)"), thing("use(rows)"),
            "`Thing.run` now runs `use(rows)` whether or not `self.on`",
            "`use(rows)` now also runs in `Thing.run` where `self.on` does not hold: is it right there, and is that case tested?",
            id="one branch of two is left"),
        pytest.param(
            thing("if self.known:", "    return 1", "else:", "    found = load(rows)", "    use(found)"),
            thing("if self.path:", "    found = load(rows)", "    use(found)", "elif self.known:", "    return 1"),
            "The condition for `use(found)` in `Thing.run` was `not self.known`, is `self.path`: it holds in fewer cases",
            "Which inputs meet only one of `not self.known` and `self.path`? `use(found)` is decided otherwise for them in `Thing.run`: does a test have one of each?",
            id="code goes under another condition"),
        pytest.param(
            thing("use(rows)"), thing("has_any = getattr(rows, 'any', None) is not None", "if has_any:", "    use(rows)"),
            "`Thing.run` runs `use(rows)` only if `getattr(rows, 'any', None) is not None` now; until now always",
            "Where `getattr(rows, 'any', None) is None`, `Thing.run` no longer runs `use(rows)`: does nobody need it in that case, and is that tested?",
            id="a condition by a name that is new"),
        pytest.param(
            thing("first(rows)", "x = second(rows)", "return x"), thing("x = second(rows)", "first(rows)", "return x"),
            "`Thing.run` now runs `x = second(rows)` before `first(rows)`",
            "Does `x = second(rows)` in `Thing.run` hold on the other side of `first(rows)`: what each of them reads, waits for or leaves behind?",
            id="two calls change places"),
        pytest.param(
            thing('if rows["a"] == 1:', "    use(rows)"), thing('if rows.get("a") == 1:', "    use(rows)"),
            'The condition for `use(rows)` in `Thing.run` was `rows["a"] == 1`, is `rows.get("a") == 1`',
            'A `rows` without "a" was a KeyError in `Thing.run` until now: is what happens to it now right, and does a test send one?',
            id="an entry that may be missing"),
        pytest.param(
            thing("self.rank = self.start or self.base"), thing("self.rank = self.start if self.start is not None else self.base"),
            "`Thing.run` sets `self.rank` to `self.start if self.start is not None else self.base`, no longer to `self.start or self.base`",
            "`self.start or self.base` and `self.start if self.start is not None else self.base` differ where `self.start` is 0, empty or False: is that case tested, and is it what is wanted?",
            id="zero no longer falls back"),
        pytest.param(
            thing("rows = self.all + rows", "use(rows)"), thing("use(rows)"),
            "`Thing.run` no longer sets `rows` to `self.all + rows`",
            "",
            id="a parameter is left as it is"),
        pytest.param(
            thing("return a(rows) and (b(1) or c(2)) and d(rows)"), thing("return a(rows) and (e(1) or c(2)) and d(rows)"),
            "`Thing.run` now calls `e` in the place of `b`, with the same arguments",
            "",
            id="one part of many that are joined"),
        pytest.param(
            thing("return rows").replace("self, rows", "self, rows, deep"), thing("return rows"),
            "`Thing.run` no longer takes `deep`",
            "",
            id="a parameter that went"),
        pytest.param(
            thing("return rows.kind in (Kind.A, Kind.B)"), thing("return rows.kind in (Kind.A,)"),
            "`Thing.run` says no where `rows.kind == Kind.B` now",
            "Where `rows.kind == Kind.B`, `Thing.run` says no now: what takes its place, and what does a user get who asked for it by name?",
            id="a value that is no longer accepted"),
        pytest.param(
            thing("return a(rows) and b(rows)"), thing("return a(rows) and b(rows) and c(rows)"),
            "`Thing.run` says no where `not c(rows)` now",
            "Where `not c(rows)`, `Thing.run` says no now: what takes its place, and what does a user get who asked for it by name?",
            id="a result that asks for more"),
        pytest.param(
            thing("return rows.size % 512 == 0"), thing("return True"),
            "`Thing.run` says yes where `rows.size % 512 != 0` now",
            "Where `rows.size % 512 != 0`, `Thing.run` says yes now: is everything behind it ready for that, and does a test have such a case?",
            id="a result that is always the same"),
        pytest.param(
            thing("if rows.kind not in [Kind.A, Kind.B]:", "    raise ValueError('A or B')", "use(rows)"),
            thing("if rows.kind != Kind.A:", "    raise ValueError('only A')", "use(rows)"),
            "`Thing.run` now comes to `ValueError: only A` where `rows.kind == Kind.B`, too",
            "Who reaches `Thing.run` with `rows.kind == Kind.B` today, and did it work for them? They get `ValueError: only A` now: is that only where it cannot work?",
            id="a value that is refused now"),
        pytest.param(
            thing("if rows:", "    return None", "use(rows)"), thing("use(rows)"),
            "`Thing.run` goes on now if `rows`; until now: `return None`",
            "With `rows`, `Thing.run` ended with `return None` until now and comes to `use(rows)` (line 3) instead: is that right there, and does a test have such a case?",
            id="an end that is gone"),
        pytest.param(
            thing("use(rows)", "if rows:", "    raise ValueError(rows)"), thing("use(rows)"),
            "`Thing.run` no longer raises `ValueError(rows)` if `rows`",
            "What `Thing.run` refused with `ValueError(rows)` goes on now: is that right, and does a test have such a case?",
            id="a last refusal that is gone"),
        pytest.param(
            thing("self.kind = rows.kind"), thing("if self.on:", "    self.kind = 1", "    raise ValueError('not yet')", "else:", "    self.kind = rows.kind"),
            "Where `not self.on`, `Thing.run` runs `self.kind = rows.kind`, else `raise ValueError('not yet')`; until now `self.kind = rows.kind` in both cases",
            "Who reaches `Thing.run` with `self.on` today, and did it work for them? They get `ValueError: not yet` now: is that only where it cannot work?",
            id="a branch that is read to its end"),
        pytest.param(
            thing("return [make(name='a', size=1), make(name='b', size=1)]"), thing("return [make(name='a', size=1, deep=True), make(name='b', size=1, deep=True)]"),
            "`Thing.run` now passes `deep=True` to `make`",
            "",
            id="the same argument in several elements"),
    ],
)  # fmt: skip
def test_one_edit(before: str, after: str, says: str, check: str) -> None:
    """The sentence says what runs otherwise, the question asks where that matters."""
    effect = find_effects(edit(PATH, before, after))[0]
    assert effect.says.en == says
    assert [one.en for one in effect.checks[:1] if not effect.general] == [check] * bool(check)


def test_a_condition_over_other_code_is_not_the_old_one_changed() -> None:
    before = thing("if self.on:", "    use(rows)", "return 1")
    told = [
        effect.says.en
        for effect in find_effects(
            edit(PATH, before, thing("if self.on and rows:", "    drop(rows)", "return 1"))
        )
    ]
    assert told == [
        "`Thing.run` now runs `drop(rows)` if `self.on and rows`",
        "`Thing.run` no longer runs `use(rows)` if `self.on`",
    ]


@pytest.mark.parametrize(
    ("before", "after", "says", "check"),
    [
        pytest.param(
            thing("x = make(rows, deep=self.deep)", "use(x)"), thing("x = make(rows)", "use(x)"),
            "`Thing.run` no longer passes `deep=self.deep` to `make`",
            "`make` goes by its own default for `deep` now: is that right for `use(x)` (line 4), and for every way into `Thing.run`?",
            id="an argument that went"),
        pytest.param(
            thing("x = make(rows.shape[0])", "use(x)"), thing("x = make(sum(rows.sizes) // self.ranks)", "use(x)"),
            "`Thing.run` passes `sum(rows.sizes) // self.ranks` to `make`, no longer `rows.shape[0]`",
            "Is `sum(rows.sizes) // self.ranks` the size that `use(x)` (line 4) needs in every layout (padding, packed or quantized values, parallel ranks), where `rows.shape[0]` is another number?",
            id="another size"),
        pytest.param(
            thing("x = make(1)", "return x"), thing("x = make(2)", "return x"),
            "`Thing.run` passes `2` to `make`, no longer `1`",
            "What does `make` do otherwise with `2` than with `1`, and how was `2` found: a measurement, a limit of the hardware, a format?",
            id="another number"),
        pytest.param(
            thing("x = make(self.old)", "return x"), thing("x = make(rows)", "return x"),
            "`Thing.run` passes `rows` to `make`, no longer `self.old`",
            "For which inputs, models or hardware is `rows` another value than `self.old`, and is `make` right with it there?",
            id="another value"),
        pytest.param(
            thing("if rows:", "    use(rows)"), thing("if rows:", "    sort(rows)", "    use(rows)"),
            "Where `rows`: `Thing.run` now calls `sort(rows)`",
            "`sort(rows)` now runs in `Thing.run` where `rows`: is it right when it runs again, what does it cost there, and what is left undone where it raises?",
            id="a call that came"),
        pytest.param(
            thing("sort(rows)", "use(rows)"), thing("use(rows)"),
            "`Thing.run` no longer calls `sort(rows)`",
            "Does something else do what `sort(rows)` did in `Thing.run`, or does nothing need it any more?",
            id="a call that went"),
        pytest.param(
            thing("use(rows)"), thing("self.last = rows.last", "use(rows)"),
            "`Thing.run` now sets `self.last` to `rows.last`",
            "How long does `self.last` of `Thing.run` hold: is it set anew or cleared wherever what it stands for changes (another request, an abort, a reload)?",
            id="a value that is kept"),
        pytest.param(
            thing("self.out[:rows.n] = rows.found"), thing("self.out[: rows.found.shape[0]] = rows.found"),
            "`Thing.run` writes `rows.found` to `self.out[: rows.found.shape[0]]`, until now to `self.out[:rows.n]`",
            "`self.out[:rows.n]` and `self.out[: rows.found.shape[0]]` are different parts of `self.out`: does `rows.found` have that shape in each case, and who reads what only one of them covers (padded or stale rows)?",
            id="another part of a buffer"),
        pytest.param(
            thing("self.store.put(rows.keys)", "self.store.find(rows.keys)"), thing("self.store.put(rows.keys, salt=rows.salt)", "self.store.find(rows.keys, salt=rows.salt)"),
            "`salt` is now handed on to `put`, `find` (in `Thing.run`)",
            "Is `salt` handed on at every other way to the same (look-ups as well as stores, retries, other ranks and backends), and what do `put`, `find` do where it is None or empty?",
            id="a value that several calls get"),
        pytest.param(
            thing("if current_platform.is_cuda_alike():", "    use(rows)"), thing("if current_platform.is_cuda():", "    use(rows)"),
            "`Thing.run` no longer runs `use(rows)` on ROCM (`current_platform.is_cuda()`, until now `current_platform.is_cuda_alike()`)",
            "What takes the place of `use(rows)` on ROCM, and does anything there (a test, a default, what was prepared for it) still count on it?",
            id="a platform less"),
        pytest.param(
            thing("use(rows if self.on else None)"), thing("use(rows if self.free else None)"),
            "`Thing.run` passes `rows` to `use` where `self.free`, no longer where `self.on` (else `None`)",
            "Which inputs meet only one of `self.on` and `self.free`? They get the other of `rows` and `None` now: is what `Thing.run` makes of it right for them, and does a test have one?",
            id="a choice by another condition"),
        pytest.param(
            thing("use(rows)"), thing("kept = self.kept(rows)", "if rows in kept:", "    rows = self.past(kept)", "use(rows)"),
            "`Thing.run` now runs `rows = self.past(kept)` if `rows in kept`",
            "Does every case that needs `rows = self.past(kept)` meet `rows in kept` in `Thing.run`, is `use(rows)` (line 6) right with what it leaves, and does a test have such a case?",
            id="a name that is set for a condition"),
        pytest.param(
            thing("if not rows.name.endswith('.a'):", "    return 0", "use(rows)"), thing("if not rows.name.endswith(('.a', '.b')):", "    return 0", "use(rows)"),
            "`Thing.run` no longer comes to `return 0` where `rows.name.endswith('.b')`",
            "Where `rows.name.endswith('.b')`, `Thing.run` no longer comes to `return 0`: is that right, and does a test have such a case?",
            id="one more ending"),
        pytest.param(
            thing("if isinstance(rows, A):", "    use(rows)"), thing("if isinstance(rows, (A, B)):", "    use(rows)"),
            "`Thing.run` now comes to `use(rows)` where `isinstance(rows, B)`, too",
            "Where `isinstance(rows, B)`, `Thing.run` now comes to `use(rows)`, too: is that right there, and does a test have such a case?",
            id="one more class"),
        pytest.param(
            thing("use(rows)"), thing("if rows.more > 0:", "    self.a += rows.more", "    rows.more = 0", "use(rows)"),
            "`Thing.run` now runs `self.a += rows.more; rows.more = 0` if `rows.more > 0`",
            "Does every case that needs `self.a += rows.more; rows.more = 0` meet `rows.more > 0` in `Thing.run`, is `use(rows)` (line 6) right with what it leaves, and does a test have such a case?",
            id="several values under a condition"),
        pytest.param(
            thing("n = self.config.size", "use(rows, n)"), thing("n = rows.last", "use(rows, n)"),
            "`Thing.run` sets `n` to `rows.last`, no longer to `self.config.size`",
            "For which inputs, models or hardware is `rows.last` another value than `self.config.size`, and is `use(rows, n)` (line 4) right with it there?",
            id="a name that stands for something else"),
        pytest.param(
            thing("return torch.empty(rows, dtype=int)"), thing("return torch.zeros(rows, dtype=int)"),
            "`Thing.run` now calls `torch.zeros` in the place of `torch.empty`, with the same arguments",
            "Who reads the part that nothing else writes, is `torch.zeros(rows, dtype=int)` what it needs there, and what does filling it cost at each call of `Thing.run`?",
            id="a buffer that is filled"),
        pytest.param(
            thing("use(rows)"), thing("rows.scale = rows.raw * 2", "use(rows)"),
            "`Thing.run` now sets `rows.scale` to `rows.raw * 2`",
            "Who reads `rows.scale` and what was there until now (a default, an older value), and is `rows.raw * 2` right for each kind of it?",
            id="a value that another object keeps"),
        pytest.param(
            thing("return rows"), thing("for row in rows:", "    use(row)", "return rows"),
            "`Thing.run` now runs `use(row)` in the loop `row in rows`",
            "Is `Thing.run` right where `row in rows` goes through nothing, one or many, and what is left undone where one of them raises?",
            id="a loop that came"),
        pytest.param(
            thing("use(rows)"), thing("if self.warm is not None:", "    self.warm.up()", "use(rows)"),
            "`Thing.run` now runs `self.warm.up()` if `self.warm is not None`",
            "`self.warm.up()` now runs in `Thing.run` where `self.warm is not None`: is it right when it runs again, what does it cost there, and what is left undone where it raises?",
            id="a call where something is there"),
        pytest.param(
            thing("x = self.engine.start(rows, self.a, self.b, deep=1)", "return x"),
            thing("told = self.reader.read(rows, self.a, self.b, deep=1)", "x = self.engine.start(told, 2, 3)", "return x"),
            "`Thing.run` now calls `self.reader.read(rows, self.a, self.b, deep=1)`",
            "`self.reader.read(rows, self.a, self.b, deep=1)` now runs in `Thing.run`: is it right when it runs again, what does it cost there, and what is left undone where it raises?",
            id="a call before the one that stood"),
        pytest.param(
            thing("for row in rows:", "    use(row)"), thing("rows = fill(rows, '.k')", "for row in rows:", "    use(row)"),
            "`Thing.run` now sets `rows` to `fill(rows, '.k')`",
            "What of `rows` does `fill(rows, '.k')` add, change or leave out in `Thing.run`, and is `for row in rows` (line 4) right with each?",
            id="a value that goes through something first"),
        pytest.param(
            thing("use(rows)"), thing("if self.near:", "    most = rows.most", "else:", "    most = rows.size", "use(rows)"),
            "`Thing.run` now runs `most = rows.most` if `self.near`, else `most = rows.size`",
            "Which inputs meet `self.near` in `Thing.run` and which do not: is `most = rows.most` right for the ones and `most = rows.size` for the others, and does a test have one of each?",
            id="two branches that came"),
        pytest.param(
            thing("self.first = make(rows)"), thing("self.last = make(rows)"),
            "`Thing.run` now keeps `make(rows)` as `self.last`, until now as `self.first`",
            "Who still reads `self.first`, and is everybody who reads `self.last` ready for `make(rows)` there?",
            id="a value under another name"),
        pytest.param(
            thing("if self.one and rows > 3:", "    self.a = split(rows)"), thing("if self.one:", "    self.a = split(rows, most=2)"),
            "The condition for `self.a = split(rows, most=2)` in `Thing.run` was `self.one and rows > 3`, is `self.one`: it holds in more cases",
            "Where `rows <= 3`, `Thing.run` now comes to `self.a = split(rows, most=2)`, too: is that right there, and does a test have such a case?",
            id="less is asked and other code runs"),
        pytest.param(
            thing("return True"), thing("return False"),
            "`Thing.run` returns `False`, no longer `True`",
            "`Thing.run` says no in every case now: what takes the place of what it let through, and what does a user get who asked for that by name?",
            id="no in each case"),
        pytest.param(
            thing("use(rows['first'])"), thing("use(rows.first)"),
            "`Thing.run` passes `rows.first` to `use`, no longer `rows['first']`",
            "Does every `rows` that gets to `Thing.run` have `first` as an attribute (older files, other versions of the library), and what happens without it?",
            id="an attribute in the place of an entry"),
        pytest.param(
            thing("assert rows > self.least"), thing("assert rows >= self.least"),
            "`Thing.run` asserts `rows >= self.least`, no longer `rows > self.least`",
            "Only `rows == self.least` is asserted otherwise now in `Thing.run`: is what follows right with it, and does a test have exactly that?",
            id="a bound that is asserted"),
        pytest.param(
            thing("use(rows)"), thing("use(rows, name=rows['name'])"),
            "`Thing.run` now passes `name=rows['name']` to `use`",
            "A `rows` without `name` is a KeyError in `Thing.run` now: who still sends none (an older peer, a router, a saved file)?",
            id="an entry that has to be there"),
        pytest.param(
            thing("use(rows)"), thing("more = {'deep': 1} if self.deep else {}", "use(rows, **more)"),
            "`Thing.run` now passes `**({'deep': 1} if self.deep else {})` to `use`",
            "What does `use` do otherwise now that it gets `**({'deep': 1} if self.deep else {})`, and is that right for every way into `Thing.run`?",
            id="arguments that are put together first"),
        pytest.param(
            thing("out = []", "while True:", "    out.append(next(rows))", "use(out)"), thing("out = list(rows)", "use(out)"),
            "`Thing.run` now sets `out` to `list(rows)`",
            "`out` goes into `use(out)` (line 4) now: is `list(rows)` right there for every way into `Thing.run`?",
            id="a list that is filled otherwise"),
        pytest.param(
            thing("return 1"), thing("if rows.many:", "    texts = [row.text.of.all.that.it.says.and.means.to.say.there.and.nothing.else.besides for row in rows]", "    rows.text = join(texts)", "return 1"),
            "`Thing.run` now runs `rows.text = join(texts)` if `rows.many`",
            "Does every case that needs `rows.text = join(texts)` meet `rows.many` in `Thing.run`, is `return 1` (line 6) right with what it leaves, and does a test have such a case?",
            id="what stays behind is told"),
        pytest.param(
            thing("assert rows", "use(rows)"), thing("use(rows)"),
            "`Thing.run` no longer asserts `rows`",
            "What ended at `rows` in `Thing.run` goes on now: is the rest right with it, or can it not come there any more?",
            id="an assertion that went"),
        pytest.param(
            "@dataclass\nclass Thing:\n    a: int = 1\n", "@dataclass(frozen=True)\nclass Thing:\n    a: int = 1\n",
            "`Thing` is under `@dataclass(frozen=True)` now, until now under `@dataclass`",
            "What does `@dataclass(frozen=True)` refuse, keep or compile of `Thing` that went through until now, and who meets that (old configurations, subclasses, other callers)?",
            id="another decorator"),
    ],
)  # fmt: skip
def test_no_edit_is_without_a_question(before: str, after: str, says: str, check: str) -> None:
    """What the kind of an edit leaves to ask, where nothing of this very one is known."""
    effect = find_effects(edit(PATH, before, after))[0]
    assert (effect.says.en, effect.checks[0].en) == (says, check)


@pytest.mark.parametrize(
    ("condition", "denied"),
    [
        pytest.param("self.on", "not self.on", id="a name"),
        pytest.param("not self.on", "self.on", id="a denied name"),
        pytest.param("x is not None", "x is None", id="none"),
        pytest.param("x == 'a'", "x != 'a'", id="equal"),
        pytest.param("x not in y", "x in y", id="in"),
        pytest.param("len(x) > 3", "len(x) <= 3", id="greater"),
        pytest.param("a and b", "not (a and b)", id="several"),
        pytest.param("not a and b", "a or not b", id="several of which one is denied"),
    ],
)
def test_a_question_names_the_case_that_a_condition_keeps_out(condition: str, denied: str) -> None:
    after = thing(f"if rows and {condition}:", "    use(rows)")
    if " and " in condition:
        after = thing(f"if rows and ({condition} or c):", "    use(rows)")
        denied = f"not ({condition} or c)"
    (effect,) = find_effects(edit(PATH, thing("if rows:", "    use(rows)"), after))
    assert effect.checks[0].en.startswith(f"Where `{denied}`, `Thing.run` no longer runs `use(rows)`")


def test_an_attribute_that_a_class_gets_is_told_with_its_value_where_nothing_else_is() -> None:
    before = "class Thing:\n    def run(self, rows):\n        return 1\n"
    after = before.replace("    def", "    names = Mapper({'a': 'b'})\n\n    def")
    (effect,) = find_effects(edit(PATH, before, after))
    assert effect.says.en == "`Thing` now has `names` = `Mapper({'a': 'b'})`"
    assert effect.checks[0].en.startswith("Who reads `names` of a class like `Thing`, what did they get")
    found = find_effects(edit(PATH, before, after.replace("return 1", "return 2")))
    assert [one.code for one in found] == ["return-changed"]


def test_an_early_end_in_the_place_of_a_condition_around_the_rest_is_told_once() -> None:
    before = thing("use(1)", "if len(rows) > 0:", "    use(rows)")
    after = thing("if len(rows) == 0:", "    return", "use(1)", "use(rows)")
    assert [one.code for one in find_effects(edit(PATH, before, after))] == ["condition-return"]


def test_an_error_for_what_is_none_of_the_branches_that_came_is_told_last() -> None:
    after = thing(
        "if rows == 'a':",
        "    start(1)",
        "elif rows == 'b':",
        "    start(2)",
        "else:",
        "    raise ValueError(rows)",
    )
    told = find_effects(edit(PATH, thing("start(1)"), after))
    assert [(one.code, one.leads) for one in told][-1] == ("raise-added", False)
    assert len(told) > 1


def test_a_condition_of_thousands_of_parts_is_told_by_the_one_that_came() -> None:
    whole = " and ".join(f"a{number}" for number in range(1500))
    before = thing(f"if {whole}:", "    use(rows)")
    (effect,) = find_effects(edit(PATH, before, before.replace("a1499:", "a1499 and self.on:")))
    assert effect.says.en == "`Thing.run` now asks for `self.on` as well before running `use(rows)`"


def test_two_conditions_that_only_leave_a_loop_are_not_one() -> None:
    before = thing("for row in rows:", "    if not row.name:", "        break", "    use(row)")
    (effect, other) = find_effects(edit(PATH, before, before.replace("not row.name", "len(rows) > 3")))
    assert effect.says.en == "`Thing.run` now leaves the loop (`break`) if `len(rows) > 3`"
    assert other.says.en == "`Thing.run` goes on now if `not row.name`; until now: `break`"


def test_the_same_edit_in_several_functions_is_one_effect() -> None:
    before = "def a(x):\n    use(x)\n\ndef b(x):\n    use(x)\n\ndef c(x):\n    use(x)\n"
    (effect,) = find_effects(
        edit(PATH, before, before.replace("    use(x)", "    if not x:\n        return x\n    use(x)"))
    )
    assert effect.says.en == "`a`, `b` and 1 more now return `x` at once if `not x`"
    assert effect.says.zh == "`a`、`b` 及另外 1 个 现在遇到 `not x` 时直接返回 `x`"
    assert effect.places == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            thing("return rows if not self.size else rows[self.size:]"), thing("if self.size:", "    return rows[self.size:]", "return rows"),
            id="a result by condition, told by branches"),
        pytest.param(
            thing("top = 1 if self.size else 2", "return top"), thing("if self.size:", "    top = 1", "else:", "    top = 2", "return top"),
            id="a value by condition, told by branches"),
    ],
)  # fmt: skip
def test_the_same_in_another_form_is_no_effect(before: str, after: str) -> None:
    assert find_effects(edit(PATH, before, after)) == ()
    assert find_effects(edit(PATH, after, before)) == ()


def test_a_method_of_what_another_call_gives_is_told_by_that_call() -> None:
    before = thing("x = tl.load(rows + 1).to(tl.int64)", "return x")
    (effect,) = find_effects(edit(PATH, before, before.replace("rows + 1", "rows + 1 * self.size")))
    assert effect.says.en == "`Thing.run` passes `rows + 1 * self.size` to `tl.load`, no longer `rows + 1`"


def test_values_that_are_made_together_now_are_told_once() -> None:
    before = thing("a = mean(rows)", "b = highest(rows)", "return a, b")
    (effect,) = find_effects(edit(PATH, before, thing("a, b = both(rows)", "return a, b")))
    assert effect.says.en == "`Thing.run` now sets `a, b` to `both(rows)`"


def test_what_the_title_speaks_of_comes_first() -> None:
    before, after = thing("a = 1", "b = wide(rows)"), thing("a = 2", "b = narrow(rows)")
    first = find_effects(edit(PATH, before, after, title="Pass narrow rows"))[0]
    assert first.says.en == "`Thing.run` now calls `narrow` in the place of `wide`, with the same arguments"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(thing("use(rows)"), thing('logger.info("a %s", rows)', "use(rows)"), id="a message of the log"),
        pytest.param(thing("use(rows)"), thing("# why", "use(rows)"), id="a comment"),
        pytest.param(thing("a = use(rows)"), thing("a: int = use(rows)"), id="an annotation"),
    ],
)  # fmt: skip
def test_what_does_nothing_is_no_effect(before: str, after: str) -> None:
    assert find_effects(edit(PATH, before, after)) == ()


def test_tests_and_other_files_are_told_where_no_product_code_changes() -> None:
    test, page = "tests/v1/core/test_thing.py", "docs/thing.md"
    before = {test: thing("use(rows)"), page: "Use it.\n"}
    after = {test: thing("use(1)"), page: "Use it twice.\n"}
    told = {effect.says.en: effect.checks[0].en for effect in find_effects(facts(before, after))}
    assert told == {
        "`Thing.run` passes `1` to `use`, no longer `rows`": "Which failure made `1` necessary in `Thing.run`: one of the test itself, or one that users of the code meet without it?",
        "Corrects wording in 1 place of `thing.md`: `Use it.` became `Use it twice.`": "Do other places of `thing.md` say `Use it.` still?",
    }
    before[PATH], after[PATH] = thing("return 1"), thing("return 2")
    (effect,) = find_effects(facts(before, after))
    assert effect.says.en == "`Thing.run` returns `2`, no longer `1`"


@pytest.mark.parametrize(
    ("name", "is_asked"),
    [pytest.param("_validate", False, id="before"), pytest.param("reset", True, id="nobody knows when")],
)
def test_a_value_that_the_change_replaces_first_is_not_asked_for(name: str, is_asked: bool) -> None:
    """What a validator turns into another value reaches nothing behind it."""
    text = (
        "class Thing:\n    def {}(self):\n        if self.kind in ({}):\n            self.kind = 'b'\n"
        "    def may_split(self):\n        return self.kind in ({}) and self.deep\n"
    )
    before = text.format(name, "'p', 'q'", "'b', 'old', 'deep'")
    after = text.format(name, "'p', 'q', 'old'", "'b', 'deep'")
    asked = [check.en for one in find_effects(edit(PATH, before, after)) for check in one.checks]
    assert any("says no now" in one for one in asked) is is_asked
    assert any(f"`Thing.{name}` now comes to" in one for one in asked)


@pytest.mark.parametrize(
    ("test", "check"),
    [
        pytest.param(
            "one = make()\n    one.may_split = True\n    assert one.run(2) == 3",
            "Where `self.may_split`, `Thing.run` no longer comes to `rows = sort(rows)` (line 5): does that case need none of the checks from there on?",
            id="set"),
        pytest.param(
            "assert make().run(2)",
            "Where `self.may_split`, `Thing.run` now ends with `3` before `rows = sort(rows)` (line 5): do its callers take that, and does a test have such a case?",
            id="not set"),
    ],
)  # fmt: skip
def test_a_case_that_the_tests_of_the_change_set_is_not_asked_for(test: str, check: str) -> None:
    """A test with that case is there: what is left to ask is what the case goes without."""
    path, head = "tests/v1/core/test_thing.py", "from vllm.v1.core.sched.thing import Thing\n"
    lines = ("rows = sort(rows)", "return rows")
    before = {PATH: thing(*lines), path: head}
    after = {
        PATH: thing("if self.may_split:", "    return 3", *lines),
        path: f"{head}def test_run():\n    {test}\n",
    }
    assert [one.en for one in find_effects(facts(before, after))[0].checks] == [check]


@pytest.mark.parametrize(
    ("gone", "was", "come", "now", "pair"),
    [
        pytest.param("import soundlib", "soundlib.load(rows, rate=1)", "import torchsound", "torchsound.load(rows, speed=1)", ("soundlib", "torchsound"), id="the same name"),
        pytest.param("import soundlib", "torch.tensor(soundlib.filters.mel(rate=rows), dtype=torch.float).unsqueeze(0)", "from torchsound.functional import banks", "banks(speed=rows).T.unsqueeze(0)", ("soundlib", "torchsound"), id="inside of a call that is not quoted whole"),
        pytest.param("import json", "json.loads(rows)", "import orjson", "orjson.loads(rows, deep=1)", None, id="no library of others"),
        pytest.param("from soundlib import load", "load(rows, rate=1)", "from soundlib.new import pull", "pull(rows, speed=1)", None, id="the same library"),
    ],
)  # fmt: skip
def test_a_call_of_another_library_is_asked_for_its_values(
    gone: str, was: str, come: str, now: str, pair: tuple[str, str] | None
) -> None:
    before, after = (
        f"{top}\n\n{thing(f'x = {call}', 'return x')}" for top, call in ((gone, was), (come, now))
    )
    effects = find_effects(edit(PATH, before, after))
    asked = [check.en for one in effects if not one.general for check in one.checks]
    expected = "Is what `{1}` gives in `Thing.run` the same as what `{0}` gave (values, type, order), and does a test compare them?"
    assert asked == ([expected.format(*pair)] if pair else [])


def test_what_stands_as_before_elsewhere_is_asked_for() -> None:
    """A call without the new argument, and an expression that was replaced elsewhere, are named with their function."""
    before = thing("x = make(rows)", "return x", other="make(2)")
    (effect,) = find_effects(edit(PATH, before, before.replace("make(rows)", "make(rows, keep=True)")))
    assert (
        effect.checks[0].en
        == "`make` is called without `keep` in `Thing.other` (line 6): is it needed there, too?"
    )
    before = thing("x = rows + self.base", "return x", other="rows + self.base")
    (effect,) = find_effects(
        edit(PATH, before, before.replace("x = rows + self.base", "x = rows - self.base"))
    )
    assert effect.checks[0].en == "`rows + self.base` is still in `Thing.other` (line 6): is it right there?"
    # What only says so is no code.
    for other in ('"""Not rows + self.base."""', "1  # rows + self.base", "note('was rows + self.base')"):
        before = thing("x = rows + self.base", "return x", other=other)
        (effect,) = find_effects(
            edit(PATH, before, before.replace("x = rows + self.base", "x = rows - self.base"))
        )
        assert not any("is still in" in one.en for one in effect.checks)
    before = thing("x = make(rows)", "return x", other="1  # make(2)")
    (effect,) = find_effects(edit(PATH, before, before.replace("make(rows)", "make(rows, keep=True)")))
    assert not any("is called without" in one.en for one in effect.checks)


def test_a_member_by_another_name_is_told_once() -> None:
    """Code that only follows it is no other value."""
    parts = (
        "\n    class SeperateRows:\n        size: int = 1\n        other: list = None\n\n"
        "        def all(self):\n            return [self.size, self.other]\n"
    )
    before = thing("found = Thing.SeperateRows(rows)", "return found") + parts
    effects = find_effects(edit(PATH, before, before.replace("Seperate", "Separate")))
    assert [effect.says.en for effect in effects] == [
        "Renames `Thing.SeperateRows` to `Thing.SeparateRows` (2 places); no changed file has the old name any more"
    ]


def test_a_branch_whose_code_stands_in_the_other_one_too_is_not_left_out() -> None:
    loop = ("    for row in rows:", "        use(row)")
    before = thing("for row in rows:", "    use(row)")
    after = thing("if self.on:", "    load(rows)", *loop, "else:", *loop)
    assert [effect.says.en for effect in find_effects(edit(PATH, before, after))] == [
        "`Thing.run` now runs `load(rows)` if `self.on`"
    ]


def test_a_new_function_is_told_with_what_it_is_called_for() -> None:
    """What stood there is not told to be gone."""
    before = thing("found = []", "for row in rows:", "    found.append(row * 2)", "return found")
    after = (
        thing("found = doubled(rows)", "return found")
        + "\ndef doubled(rows):\n    return [row * 2 for row in rows]\n"
    )
    (effect,) = find_effects(edit(PATH, before, after))
    assert effect.says.en == "`Thing.run` now gets `found` from the new `doubled`"


def test_long_code_loses_what_stands_between_brackets_and_is_not_cut() -> None:
    after = thing(f"return make({', '.join(f'argument_{n}=values[{n}]' for n in range(9))}).all()")
    effect = find_effects(edit(PATH, thing("return rows"), after))[0]
    assert (
        effect.says.en
        == "`Thing.run` returns `make(argument_0=values[0], argument_1=values[1], argument_2=values[2], …).all()`, no longer `rows`"
    )


def test_a_line_of_a_script_is_told_by_what_came() -> None:
    before, after = (
        'RUN="docker run --rm -v $(pwd) python:3"\n',
        'RUN="docker run --rm -u $(id -u) -v $(pwd) python:3"\n',
    )
    (effect,) = find_effects(edit(".buildkite/scripts/run.sh", before, after))
    assert effect.says.en == 'The line `RUN="docker run --rm` of `run.sh` now has `-u $(id -u)`'


KERNEL = "void scale(int rows, int cols) {{\n{}}}\n"


def test_statements_of_native_code_are_laid_side_by_side() -> None:
    """The one that decides is told first."""
    before = KERNEL.format("  const int many = 4;\n  if (rows <= 256) {\n    run(rows, cols);\n  }\n")
    after = KERNEL.format(
        "  const int many = 8;\n  if (rows <= 64 || rows % 4 != 0) {\n    run(rows, cols);\n  }\n"
    )
    effects = find_effects(edit("csrc/scale.cu", before, after))
    assert [effect.says.en for effect in effects] == [
        "A condition of `scale` was `rows <= 256`, is `rows <= 64 || rows % 4 != 0`",
        "In `scale` `const int many = 4` became `const int many = 8`",
    ]


RUST = "rust/src/server/src/config.rs"
CONFIG = "impl Config {{\n    pub fn validate(&self) -> Result<()> {{\n{}        Ok(())\n    }}\n}}\n"


def test_an_error_that_rust_gives_back_newly_is_told_before_what_python_hands_on() -> None:
    """The language of most of the change is asked about."""
    check = '        if self.size == 0 {\n            bail!("size must be at least 1");\n        }\n        self.table.check()?;\n'
    before = {RUST: CONFIG.format(""), PATH: thing("start(rows)")}
    after = {RUST: CONFIG.format(check), PATH: thing("start(rows, size=1)")}
    first, second = find_effects(facts(before, after))[:2]
    assert first.says.en == '`Config::validate` now raises `"size must be at least 1"` if `self.size == 0`'
    assert second.says.en == "`Thing.run` now passes `size=1` to `start`"


def test_words_for_a_reader_are_no_subject_where_anything_else_changes() -> None:
    before = thing('add(rows, documentation="Rows of all")', "return rows")
    after = thing('add(rows, documentation="Rows of each and of all")', "return rows[0]")
    assert [effect.says.en for effect in find_effects(edit(PATH, before, after))] == [
        "`Thing.run` returns `rows[0]`, no longer `rows`"
    ]


def test_two_long_texts_are_cut_to_where_they_differ() -> None:
    line = f"{'much is said here ' * 9}of {{}} engines{' and more of them' * 9}.\n"
    page = "docs/thing.md"
    (effect,) = find_effects(edit(page, f"A\n{line.format('severl')}B\n", f"A\n{line.format('several')}B\n"))
    assert effect.says.en == "Corrects wording in 1 place of `thing.md`: `severl` became `several`"


def test_an_exit_that_went_with_its_call_is_asked_for_once() -> None:
    before = thing(
        "if rows[0] != -1:", "    first(rows)", "    return", "if rows:", "    use(rows)", "second(rows)"
    )
    after = thing("if rows[0] != -1:", "    pass", "if rows:", "    use(rows)", "second(rows)")
    (effect,) = find_effects(edit(PATH, before, after))
    assert effect.says.en == "Where `rows[0] != -1`: `Thing.run` no longer calls `first(rows)`"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        pytest.param(
            thing("for row in rows:", "    if a(row):", "        continue", "    use(row)"),
            thing("for row in rows:", "    if a(row):", "        continue", "    if b(row):", "        continue", "    use(row)"),
            ["`Thing.run` now skips the rest of the round (`continue`) if `b(row)`"],
            id="a second early end that is spelt as the first"),
        pytest.param(
            thing("if rows:", "    return False", "if self.on:", "    return False", "use(rows)"),
            thing("if rows:", "    return False", "use(rows)"),
            ["`Thing.run` goes on now if `self.on`; until now: `return False`"],
            id="the second of two early ends went"),
        pytest.param(
            thing("if rows and not self.on:", "    return 'off'", "use(rows)"),
            thing("if rows:", "    if not self.known:", "        return 'what?'", "    if not self.on:", "        return 'off'", "use(rows)"),
            ["Where `rows`: `Thing.run` now returns `'what?'` at once if `not self.known`"],
            id="a condition that became two, one under the other, with one more beside it"),
        pytest.param(
            thing("row = first()", "if isinstance(row, str):", "    if row in rows:", "        use(row)", "else:", "    raise ValueError(row)"),
            thing("row = first()", "if row in rows:", "    use(row)"),
            ["Where `not isinstance(row, str)`: `Thing.run` no longer raises `ValueError(row)`", "`Thing.run` now runs `use(row)` whether or not `isinstance(row, str)`"],
            id="a condition that went with its other branch"),
        pytest.param(
            thing("self.size = rows if self.on else 1"), thing("self.size = rows if self.on and self.free else 1"),
            ["`Thing.run` sets `self.size` to `rows` where `self.on and self.free`, no longer where `self.on` (else `1`)"],
            id="a value by another condition is told by both conditions"),
        pytest.param(
            thing("self._free = make(rows)", "if len(self._free) < 2:", "    raise ValueError(self._free)", "use(self._free)"),
            thing("self.free = make(rows)", "if len(self.free) < 2:", "    raise ValueError(self.free)", "use(self.free, 1)"),
            ["`Thing.run` passes `self.free, 1` to `use`, no longer `self._free`"],
            id="an attribute by another name"),
    ],
)  # fmt: skip
def test_what_still_stands_is_not_told_as_new_or_gone(before: str, after: str, says: list[str]) -> None:
    assert [effect.says.en for effect in find_effects(edit(PATH, before, after))] == says


def test_a_long_error_is_quoted_with_its_end() -> None:
    error = f"if rows > 1: raise ValueError('Cannot have {'more ' * 37}rows. Set --rows 1.')"
    (effect,) = find_effects(edit(PATH, thing("use(rows)"), thing(error, "use(rows)")))
    assert "`ValueError: Cannot have more" in effect.says.en
    assert "… more" in effect.says.en
    assert "rows. Set --rows 1.`" in effect.says.en


@pytest.mark.parametrize(
    ("before", "after", "check"),
    [
        pytest.param(
            "def run(p: SamplingParams):\n    use(p)\n", "def run(p: SamplingParams):\n    p.skip = False\n    use(p)\n",
            "`p.skip = False` (line 2) stays in the `SamplingParams` that the caller of `run` handed over",
            id="a write into what the caller owns"),
        pytest.param(
            "def run(p: SamplingParams):\n    use(p)\n", "def run(p: SamplingParams):\n    p = p.clone()\n    p.skip = False\n    use(p)\n",
            "", id="a write into a copy"),
        pytest.param(
            "class Lamp:\n    pass\n\n    # TODO: count lights once the kitchen shines\n    def run(self):\n        return 1\n",
            "class Lamp:\n    pass\n\n    # TODO: count lights once the kitchen shines\n    def run(self):\n        return self.kitchen.shines\n",
            "vllm/v1/core/sched/thing.py:4 says “TODO: count lights once the kitchen shines”", id="a note that waits for the change"),
        pytest.param(
            "class Lamp:\n    def supports_a(): pass\n    def supports_b(): pass\n\ndef run(on):\n    return on\n",
            "class Lamp:\n    def supports_a(): pass\n    def supports_b(): pass\n\ndef run(on):\n    return on and Lamp.supports_a()\n",
            "`run` asks `Lamp.supports_a()` (line 6) and none of `supports_b`", id="a class that is asked for a part"),
        pytest.param(
            "import torch\ntorch.backends.cudnn.enabled = False\n\ndef run(on):\n    return on\n", "import torch\n\ndef run(on):\n    return on\n",
            "`torch.backends.cudnn.enabled = False` no longer runs", id="a setting of the process that went"),
        pytest.param(
            thing("if rows:", "    use(rows)", "return rows", other="self.use(self.run(1))"),
            thing("if rows and self.on:", "    use(rows)", "return rows", other="self.use(self.run(1))"),
            "", id="a result of which nothing is asserted"),
        pytest.param(
            "class Thing:\n    def run(self, rows):\n        if rows:\n            use(rows)\n    def other(self):\n        got = self.run(1)\n        assert got\n",
            "class Thing:\n    def run(self, rows):\n        if rows and self.on:\n            use(rows)\n    def other(self):\n        got = self.run(1)\n        assert got\n",
            "Can `Thing.run` now give what fails `got` in `Thing.other` (line 7)?", id="a caller that asserts what it gets"),
    ],
)  # fmt: skip
def test_where_a_change_may_fail_beside_its_own_lines(before: str, after: str, check: str) -> None:
    told = [
        one
        for one in find_effects(edit(PATH, before, after))
        if one.code in ("point-written", "point-asserted", "point-due", "point-partly", "point-unset")
    ]
    assert [one.checks[0].en.startswith(check) for one in told] == [True] * bool(check)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        pytest.param(
            thing("return make(['a', 'b'], rows)"), thing("names = ['a']", "if self.on:", "    names.append('b')", "return make(names, rows)"),
            "`Thing.run` runs `names.append('b')` only if `self.on` now; until now always", id="what stood in a list is added under a condition"),
        pytest.param(
            thing("use(rows)"), thing("if self.on:", "    note(rows)", "    self.on = False", "    return True", "use(rows)"),
            "`Thing.run` now runs `note(rows)` and what follows it up to `return True` if `self.on`", id="an end behind other statements"),
        pytest.param(
            thing("use(rows)"), thing("if self.on:", "    rows = sort(rows)", "    if self.deep:", "        note(rows)", "use(rows)"),
            "`Thing.run` now runs `rows = sort(rows)` if `self.on`", id="what a further condition holds is not done in every case"),
        pytest.param(
            thing("use(rows)", other="1\n    def old(self):\n        if self.on:\n            raise ValueError('off')\n        return 2"),
            thing("if self.on:", "    raise ValueError('off')", "use(rows)", other="1\n    def old(self):\n        return 2"),
            "`Thing.old` no longer raises `ValueError: off` if `self.on`", id="a refusal that stood in another function"),
    ],
)  # fmt: skip
def test_what_stood_otherwise_is_not_told_as_new(before: str, after: str, says: str) -> None:
    assert find_effects(edit(PATH, before, after))[0].says.en == says


def test_a_base_that_a_class_had_is_not_new() -> None:
    before, after = (
        "class Thing(Part, Other):\n    a = 1\n",
        "class Thing(Part, Supports, Other):\n    a = 1\n",
    )
    (symbol,) = (one for one in edit(PATH, before, after).symbol if one.kind == "class")
    assert symbol.bases_added == ("Supports",)


def test_an_error_of_native_code_ends_with_its_statement() -> None:
    native = "csrc/thing.cpp"
    body = "int use(int rows) {\n%s  return rows;\n}\n"
    check = "  if (rows < 0) {\n    throw too_few();\n  }\n  if (rows == 0) {\n    return 1;\n  }\n"
    (effect,) = find_effects(edit(native, body % "", body % check))
    assert effect.says.en == "`use` now raises `throw too_few()` if `rows < 0`"


@pytest.mark.parametrize(
    ("before", "after", "code", "error", "is_vague"),
    [
        pytest.param(["use(rows)"], ["if rows < 0:", "    raise ValueError(rows)", "use(rows)"], "condition-raise", "ValueError(rows)", False, id="what is raised now"),
        pytest.param(["if rows < 0:", "    raise ValueError(rows)", "use(rows)"], ["use(rows)"], "condition-exit-gone", "ValueError(rows)", False, id="what was raised until now"),
        pytest.param(["use(rows)"], ["if not rows:", "    return None", "use(rows)"], "condition-return", "", False, id="an exit without an error"),
        pytest.param(["use(rows)"], ["use(rows, deep=self.deep)"], "argument-added", "", True, id="handed on under its own name"),
        pytest.param(["use(rows)"], ["use(rows, deep=self.wide)"], "argument-added", "", False, id="handed on under another name"),
        pytest.param(["use(rows)"], ["if rows.on:", "    a = rows.first.of.all.that.there.are", "    b = rows.last.of.all.that.there.are.at.the.very.end.of.them.and.of.all.others.beside", "use(rows)"], "condition-added", "", True, id="what runs is told by the names that it sets"),
    ],
)  # fmt: skip
def test_an_effect_has_the_code_of_its_sentence(
    before: list[str], after: list[str], code: str, error: str, is_vague: bool
) -> None:
    """What is built on effects asks these, and never the words."""
    (found, *_) = find_effects(edit(PATH, thing(*before), thing(*after)))
    assert (found.code, found.error, found.vague) == (code, error, is_vague)


SERVED = "vllm/entrypoints/openai/protocol.py"
FIELDS = "class ChatRequest(OpenAIBaseModel):\n    model: str\n{}\n"
SCHEDULED = "class Scheduler:\n    def step(self, request):\n{}        return request\n"
ROWS = '    skip_rows: int = Field(default=0, ge=0, description="Skip the first rows of all.")\n'


@pytest.mark.parametrize(
    ("before", "after", "says", "check"),
    [
        pytest.param(
            {SERVED: FIELDS.format(""), PATH: SCHEDULED.format("")},
            {SERVED: FIELDS.format(ROWS), PATH: SCHEDULED.format("        rows = request.skip_rows\n        assert rows < request.size\n")},
            "New request field `skip_rows` of `ChatRequest` (`int, ge=0`, default `0`, “Skip the first rows of all”)",
            "What bounds a client's `skip_rows` before the assertion `rows < request.size` (vllm/v1/core/sched/thing.py:4)? The field itself asks for `ge=0`; a value that fails it there is an AssertionError, no status 4xx.",
            id="a field of a request that an assertion holds against something"),
        pytest.param(
            {SERVED: FIELDS.format(""), PATH: SCHEDULED.format("")},
            {SERVED: FIELDS.format("    skip_rows: int = 0\n"), PATH: SCHEDULED.format("        take(self.all[request.skip_rows])\n")},
            "New request field `skip_rows` of `ChatRequest` (`int`, default `0`)",
            "`self.all[request.skip_rows]` (vllm/v1/core/sched/thing.py:3) goes by a client's `skip_rows`, which the field bounds by nothing: what happens one past the end?",
            id="a field of a request by which a list is read"),
        pytest.param(
            {SERVED: FIELDS.format(""), PATH: SCHEDULED.format("")},
            {SERVED: FIELDS.format("    id: int = 0\n    skip_rows: int = 0\n"), PATH: SCHEDULED.format("        assert other.id < 3\n        use(request.skip_rows)\n")},
            "New request field `id` of `ChatRequest` (`int`, default `0`)",
            "Nothing bounds a client's `skip_rows`, and no code of this change compares it: what do 0, a negative and a huge one do?",
            id="an everyday name is the name of other things, too"),
        pytest.param(
            {SERVED: FIELDS.format("")}, {SERVED: FIELDS.format("    skip_rows: bool = True\n")},
            "New request field `skip_rows` of `ChatRequest` (`bool`, default `True`)",
            "No code of this change reads `skip_rows`: who does?",
            id="a field that nothing reads"),
        pytest.param(
            {SERVED: FIELDS.format("    stop: list[str] = []\n")},
            {SERVED: "LIMIT = 4\n" + FIELDS.format("    stop: Annotated[list[str], Field(max_length=LIMIT)] = []\n")},
            "`ChatRequest.stop` may have a length of at most 4 now (`LIMIT`); until now without that limit",
            "What does a client whose `stop` has a length of 5 get now: an error of status 4xx that names the field? Who sends that today?",
            id="a limit by a constant"),
        pytest.param(
            {SERVED: FIELDS.format("    top: Annotated[int, Field(le=20)] = 1\n")}, {SERVED: FIELDS.format("    top: Annotated[int, Field(le=10)] = 1\n")},
            "`ChatRequest.top` may be 10 at most now; until now `20`",
            "What does a client that sends `top` = 11 get now: an error of status 4xx that names the field? Who sends that today?",
            id="a lower limit"),
        pytest.param(
            {PATH: "WIRE_VERSION = 6\n\ndef wire_hash(kind):\n    return digest({'a': kind})\n"}, {PATH: "WIRE_VERSION = 7\n\ndef wire_hash(kind, mode):\n    return digest({'a': kind, 'mode': mode})\n"},
            "`wire_hash` now puts `'mode': mode` into what `digest` is handed",
            "What differs in `mode` alone no longer counts as the same by `wire_hash`, nor does what an older version computed: is each such mismatch (a peer refused, a cache built anew) wanted, and does every caller hand over the same `mode`?",
            id="a hash of one part more"),
        pytest.param(
            {PATH: "WIRE_VERSION = 6\n"}, {PATH: "WIRE_VERSION = 7\n"},
            "`WIRE_VERSION` goes from 6 to 7: what still has 6 no longer matches",
            "Every pair of an end, or a stored file, with 6 and one with 7 is refused or read anew: is that wanted in a rolling upgrade, and does the description say so?",
            id="the number of a protocol"),
        pytest.param(
            {"vllm/a/old.py": "class Rows:\n    def all(self):\n        return self.size + 1\n", "vllm/a/new.py": "x = 1\n"},
            {"vllm/a/old.py": "y = 2\n", "vllm/a/new.py": "x = 1\n\n\nclass Rows:\n    def all(self):\n        return self.size + 1\n"},
            "Moves `Rows` from `vllm/a/old.py` to `vllm/a/new.py`",
            "Who outside the tree (plugins, other platforms) imports `vllm.a.old.Rows`? It is gone from there; a re-export would keep it working.",
            id="a class in another module"),
        pytest.param(
            {"x.yaml": "steps:\n- label: One\n  commands:\n  - run\n"}, {"x.yaml": "steps:\n- label: Two\n  commands:\n  - run\n"},
            "The step “One” of `x.yaml` is called “Two” now",
            "Does anything still know the step by `One`: required checks, mirrors on other hardware, dashboards?",
            id="a step by another name"),
    ],
)  # fmt: skip
def test_the_kind_of_a_change_is_known_before_it_is_told(
    before: dict[str, str], after: dict[str, str], says: str, check: str
) -> None:
    """The question is asked where the new value ends, with its number or name."""
    if "x.yaml" in before:
        before, after = ({".buildkite/x.yaml": each["x.yaml"]} for each in (before, after))
    effects = find_effects(facts(before, after))
    assert effects[0].says.en == says
    assert next(asked.en for effect in effects for asked in effect.checks) == check


@pytest.mark.parametrize(
    ("before", "after", "check"),
    [
        pytest.param("self.n < rows", "self.n <= rows", "Only `self.n == rows` is decided otherwise now in `Thing.run`: is that case right for `use(rows)`, and does a test have exactly it?", id="the bound itself"),
        pytest.param("self.n != rows", "self.n > rows", "Only `self.n < rows` is decided otherwise now in `Thing.run`: is that case right for `use(rows)`, and does a test have exactly it?", id="one side of what was refused on both"),
        pytest.param("rows > 16", "rows > 64", "Values of `rows` between `16` and `64` are decided otherwise now in `Thing.run`: is `use(rows)` right for each of them, and does a test have one?", id="another number"),
    ],
)  # fmt: skip
def test_a_question_names_the_cases_between_two_conditions(before: str, after: str, check: str) -> None:
    old, new = (thing(f"if {one}:", "    use(rows)") for one in (before, after))
    (effect,) = find_effects(edit(PATH, old, new))
    assert effect.checks[0].en == check


def test_a_refusal_is_told_with_all_that_is_asked_before() -> None:
    lines = ["if self.on:", "    if self.size:", "        check(self)"]
    refusal = ["        if rows > 1:", "            raise ValueError('no more than one')"]
    effect = find_effects(edit(PATH, thing(*lines), thing(*lines, *refusal)))[0]
    assert effect.says.en == (
        "Where `self.on and self.size`: `Thing.run` now raises `ValueError: no more than one` if `rows > 1`"
    )


def test_a_refusal_that_came_in_the_place_of_another_one_is_that_one_changed() -> None:
    before = thing("if rows <= 1 or rows > 9:", "    raise ValueError('from 2 to 9')", "use(rows)")
    after = thing("if rows > 9:", "    raise ValueError('9 at most')", "use(rows)")
    (effect,) = find_effects(edit(PATH, before, after))
    assert effect.says.en == (
        "The condition for `ValueError: 9 at most` in `Thing.run` was `rows <= 1 or rows > 9`, is `rows > 9`: it holds in fewer cases"
    )
    assert effect.checks[0].en == (
        "Where `rows <= 1`, `Thing.run` no longer comes to `ValueError: 9 at most`: is that right, and does a test have such a case?"
    )


HANDED = "class Thing:\n    def __init__(self):\n        self.work = self.run\n\n    def step(self):\n        return 1\n\n    def run(self, rows):\n        return rows\n"


@pytest.mark.parametrize(
    ("path", "before", "after", "checks"),
    [
        pytest.param(".gitignore", "build/\n", "build/\ndist_of_wheels/\n", 0, id="a file that no job reads"),
        pytest.param("uv.lock", "name = 'one'\n", "name = 'one'\nname = 'another'\n", 0, id="what a tool writes"),
        pytest.param(".github/workflows/ci.yml", "name: ci\n", "name: ci\npermissions: read-all\n", 1, id="a job"),
    ],
)  # fmt: skip
def test_what_nothing_runs_with_leaves_no_question(path: str, before: str, after: str, checks: int) -> None:
    """The premise of a question has to hold: no job runs with a line of a list of ignored files."""
    effects = find_effects(edit(path, before, after))
    assert effects
    assert [len(one.checks) for one in effects] == [checks] * len(effects)


def test_a_part_of_a_condition_that_is_asked_around_it_is_not_told_as_gone() -> None:
    before = thing("if rows is None and self.on:", "    return 1", "use(rows)")
    after = thing(
        "if rows is None:",
        "    if self.on:",
        "        return 1",
        "    if self.off:",
        "        return 2",
        "use(rows)",
    )
    told = " ".join(one.says.en for one in find_effects(edit(PATH, before, after)))
    assert "no longer asks" not in told


def test_who_only_hands_a_function_on_is_no_caller_of_it() -> None:
    """It may run at any time: nothing is said of who calls it."""
    changed = HANDED.replace("return rows", "return sorted(rows)")
    (effect,) = find_effects(edit(PATH, HANDED, changed))
    assert "called by" not in " ".join(check.en for check in effect.checks)


def test_an_exit_that_became_an_assertion_is_that() -> None:
    before = thing("if not self.last:", "    return", "use(rows)")
    (effect,) = find_effects(edit(PATH, before, thing("assert self.last", "use(rows)")))
    assert effect.says.en == (
        "`Thing.run` asserts `self.last` now; until now: `return` where that does not hold"
    )
    assert (
        effect.checks[0].en
        == "Who still reaches `Thing.run` with `not self.last`? That is an AssertionError now."
    )


@pytest.mark.parametrize(
    ("reads", "asked"),
    [
        pytest.param("envs.lamp_policy", False, id="under the name that it is assigned to"),
        pytest.param("lamp_policy", False, id="imported by that name"),
        pytest.param("envs.lamp_size", True, id="nothing of it"),
    ],
)
def test_a_variable_of_the_environment_may_be_read_under_another_name(reads: str, asked: bool) -> None:
    declared = "import os\n\nlamp_size = os.getenv('VLLM_LAMP_SIZE', '1')\n"
    using = "from vllm import envs\nfrom vllm.envs import lamp_size{}\n\n\ndef light(lamp):\n    return lamp.lit({})\n"
    before = {"vllm/envs.py": declared, PATH: using.format("", "")}
    policy = f"{declared}lamp_policy = os.getenv('VLLM_LAMP_POLICY', 'size')\n"
    after = {"vllm/envs.py": policy, PATH: using.format("" if "." in reads else f", {reads}", reads)}
    checks = " ".join(check.en for one in find_effects(facts(before, after)) for check in one.checks)
    assert ("No code of this change reads `VLLM_LAMP_POLICY`" in checks) is asked


def test_what_is_raised_under_a_condition_of_its_own_is_not_raised_always() -> None:
    after = ["if rows > 1:", "    if not self.path:", "        raise ValueError('no path')", "use(rows)"]
    (effect,) = find_effects(edit(PATH, thing("use(rows)"), thing(*after)))
    assert effect.says.en == "`Thing.run` now raises `ValueError: no path` if `rows > 1 and not self.path`"
    (effect, *_) = find_effects(
        edit(PATH, thing("use(rows)"), thing(after[0], "    self.load()", *after[1:]))
    )
    assert (effect.code, effect.error, effect.condition) == (
        "condition-raise",
        "ValueError('no path')",
        "rows > 1",
    )


def test_what_a_hash_leaves_out_makes_two_things_the_same() -> None:
    before = "def compute_hash(self):\n    ignored = {'a'}\n    return digest(self, ignored)\n"
    (effect,) = find_effects(edit(PATH, before, before.replace("'a'", "'a', 'rows'")))
    assert effect.checks[0].en.startswith(
        "What differs in `rows` alone has the same key by `compute_hash` now"
    )


def test_a_condition_that_is_too_long_is_told_by_what_it_asks_otherwise() -> None:
    kept = [f"isinstance(self.{name}, KindOf{name.title()})" for name in ("first", "second", "third")]
    old, new = (
        thing(f"if not ({' and '.join([*kept, last])}):", "    return 1", "use(rows)")
        for last in ("self.on", "self.off")
    )
    (effect,) = find_effects(edit(PATH, old, new))
    assert (
        effect.says.en
        == "The condition for `return 1` in `Thing.run` now asks `self.off`, no longer `self.on`"
    )


@pytest.mark.parametrize(
    ("entry", "check"),
    [
        pytest.param("'two': 2,", "Who looks `'two'` up in `LAMPS`, what did they get before, and does a test ask for it?", id="by a key"),
        pytest.param(
            "(r'two', 2),",
            "Which inputs does `(r'two', 2)` in `LAMPS` now decide before the later entries: is each right, and is one tested?",
            id="in order",
        ),
    ],
)  # fmt: skip
def test_an_entry_of_a_table_is_asked_for_by_how_it_is_found(entry: str, check: str) -> None:
    first, ends = ("'one': 1,", "{}") if ":" in entry else ("(r'one', 1),", "[]")
    before, after = (f"LAMPS = {ends[0]}\n    {first}\n{more}{ends[1]}\n" for more in ("", f"    {entry}\n"))
    (effect,) = find_effects(edit(PATH, before, after))
    assert effect.checks[0].en == check


def test_an_entry_of_what_is_let_through_is_asked_for_and_one_of_any_other_list_is_not() -> None:
    checks = []
    for name in ("SUPPORTED_LAMPS", "LAMPS"):
        (effect,) = find_effects(edit(PATH, f'{name} = ["one"]\n', f'{name} = ["one", "two"]\n'))
        checks.append([check.en.partition(":")[0] for check in effect.checks])
    assert checks == [['`"two"` is let through by `SUPPORTED_LAMPS` now'], []]


def test_what_a_change_itself_writes_elsewhere_is_not_left_over() -> None:
    before = "def light(lamps, one):\n    lamps.waiting.append(one)\n"
    after = "def light(lamps, one):\n    enqueue(lamps, one)\n\n\ndef enqueue(lamps, one):\n    lamps.waiting.append(one)\n"
    kept = "\n\ndef other(lamps, one):\n    lamps.waiting.append(one)\n"
    asked = [
        any("is still in" in check.en for each in find_effects(edit(PATH, *sides)) for check in each.checks)
        for sides in ((before, after), (before + kept, after + kept))
    ]
    assert asked == [False, True]


def test_what_a_try_begins_with_is_what_comes_next() -> None:
    rest = "    try:\n        lamps.light(one)\n    except OSError:\n        return None\n"
    sides = (
        f"def light(lamps, one):\n{early}{rest}" for early in ("", "    if not one:\n        return 1\n")
    )
    (effect,) = find_effects(edit(PATH, *sides))
    assert "before `lamps.light(one)` (line 5)" in effect.checks[0].en


def test_what_a_condition_keeps_away_is_no_limit_and_a_cast_is_no_other_value() -> None:
    code = "def light(lamps, n):\n    if n > 0:\n        return glow(lamps, {})\n    return None\n"
    asked = [
        [check.en for effect in find_effects(edit(PATH, *map(code.format, sides))) for check in effect.checks]
        for sides in (("lamps[n]", "lamps[n - 1]"), ("lamps.sum()", "int(lamps.sum())"))
    ]
    assert not any("at the limits" in one or "differ" in one for each in asked for one in each)
    (effect,) = find_effects(
        edit(PATH, *(code.replace("n > 0", "lamps").format(one) for one in ("lamps[n]", "lamps[n - 1]")))
    )
    assert "at the limits" in effect.checks[0].en


def test_a_refusal_that_a_new_function_makes_is_not_gone() -> None:
    before = thing("if rows < 0:", "    raise ValueError(rows)", "use(rows)")
    after = (
        thing("checked(rows)", "use(rows)")
        + "\ndef checked(rows):\n    if rows < 0:\n        raise ValueError(rows)\n"
    )
    assert not any("no longer" in one.says.en for one in find_effects(edit(PATH, before, after)))


def test_a_local_name_in_a_condition_is_told_by_what_it_stands_for() -> None:
    before = thing("if a(rows) and self.on:", "    use(rows)")
    after = thing("is_a = a(rows)", "if is_a and self.on and rows.size:", "    use(rows)")
    (effect,) = find_effects(edit(PATH, before, after))
    assert effect.checks[0].en.startswith("Where `not rows.size`, `Thing.run` no longer")


def test_a_call_that_is_returned_under_another_condition_is_that_condition_changed() -> None:
    before = thing("if a(rows) or b(rows):", "    return one(rows)", "return two(rows)")
    after = thing(
        "if self.on:", "    note(rows)", "if self.free:", "    return one(rows)", "return two(rows)"
    )
    told = [one.says.en for one in find_effects(edit(PATH, before, after))]
    assert not any("goes on now" in one or "at once" in one for one in told)


CHECKED = (
    "\n\ndef checked(rows):\n    if not rows:\n        raise ValueError('no rows at all')\n    return rows\n"
)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        pytest.param(
            thing("if self.a:", "    x = one(rows)", "elif self.b:", "    x = two(rows)", "else:", "    raise ValueError(rows)", "use(self.old)"),
            thing("x = two(rows) if self.b else one(rows)", "use(self.new)"),
            ["Where `not self.a and not self.b`: `Thing.run` no longer raises `ValueError(rows)`", "`Thing.run` passes `self.new` to `use`, no longer `self.old`"],
            id="a refusal under the last else, before what is handed on, and no call that another branch makes"),
        pytest.param(
            thing("use(rows)"), thing("if self.on:", "    load(rows)", "    if not rows:", "        raise ValueError('none')", "use(rows)"),
            ["Where `self.on`: `Thing.run` now raises `ValueError: none` if `not rows`", "`Thing.run` now runs `load(rows)` if `self.on`"],
            id="a refusal below a head that came with it"),
        pytest.param(
            thing("use(rows)"), thing("use(checked(rows))") + CHECKED,
            ["`checked` now raises `ValueError: no rows at all` if `not rows`", "`Thing.run` passes `checked(rows)` to `use`, no longer `rows`"],
            id="what a function refuses that is called newly"),
        pytest.param(
            thing("pins = self.pins(rows)", "if pins:", "    drop(pins)", "self.free(rows)"),
            thing("pins = self.pins(rows)", "if pins is not None:", "    drop(pins)", "if rows.empty:", "    return", "self.free(rows)"),
            ["`Thing.run` now returns `None` at once if `rows.empty`", "The condition for `drop(pins)` in `Thing.run` was `pins`, is `pins is not None`: it holds in more cases"],
            id="an early return before a condition"),
        pytest.param(
            thing("with self._lock:", "    self.a = rows", "return make(rows, 3)"), thing("self.a = rows", "return make(rows, 4)"),
            ["`Thing.run` runs `self.a = rows` no longer within `self._lock`", "`Thing.run` passes `4` to `make`, no longer `3`"],
            id="a lock before an argument"),
        pytest.param(
            thing("if not rows.one():", "    return False", "use(rows)"), thing("good, _ = self.look(rows)", "if not good:", "    return False", "use(rows)"),
            ["The condition for `return False` in `Thing.run` was `not rows.one()`, is `not good`", "`Thing.run` now sets `good, _` to `self.look(rows)`"],
            id="an end by another condition"),
        pytest.param(thing("rows.count -= 1"), thing("rows.count -= 2"), ["In `Thing.run` `rows.count -= 1` became `rows.count -= 2`"], id="what a number counts"),
        pytest.param(
            thing("if self.a or self.b:", "    if rows:", "        use(rows, 1)"), thing("if self.a or self.b:", "    if rows:", "        use(rows, 2)"),
            ["Where `(self.a or self.b) and rows`: `Thing.run` passes `2` to `use`, no longer `1`"], id="all that is asked around it"),
        pytest.param(
            "@triton.jit\ndef lit(x, stride):\n    return x + stride\n", "@triton.jit\ndef lit(x, stride: tl.constexpr):\n    return x + stride\n",
            ["`lit` is compiled anew for each value of `stride` now"], id="a value that a kernel is compiled for"),
    ],
)  # fmt: skip
def test_what_refuses_leaves_or_locks_is_told_first(before: str, after: str, says: list[str]) -> None:
    for title in ("[Misc] Change something", "Make load use another argument of rows"):
        found = [effect.says.en for effect in find_effects(edit(PATH, before, after, title=title))]
        assert sorted(found) == sorted(says)
    assert [effect.says.en for effect in find_effects(edit(PATH, before, after))] == says


def test_what_is_said_of_two_places_is_true_of_both() -> None:
    code = "class A:\n    def sleep(self, rows):\n        for row in rows:\n{0}            one(row)\n\nclass B:\n    def sleep(self, rows):\n        for row in rows:\n{0}            two(row)\n"
    (effect,) = find_effects(
        edit(PATH, code.format(""), code.format("            if row.off:\n                continue\n"))
    )
    assert "`A.sleep`, `B.sleep` now skip" in effect.says.en
    assert "`one(row)` (line 6) in `A.sleep`:" in effect.checks[0].en


def test_what_is_done_in_many_places_is_counted() -> None:
    code = "def run{0}(x):\n    {1}make{0}(x)\n\n\ndef two{0}(x):\n    {1}take{0}(x)\n"
    sides = [{f"vllm/v1/f{n}.py": code.format(n, way) for n in range(4)} for way in ("", "with allowed(): ")]
    (effect,) = find_effects(facts(*sides))
    assert effect.says.en == "8 places in 4 files run some code within `allowed()` now"
    assert not effect.vague
