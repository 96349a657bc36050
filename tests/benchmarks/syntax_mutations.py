"""Edits of every kind against ``ast``, in thousands: prints the counts of each kind and every disagreement.

python -m tests.benchmarks.syntax_mutations [ROUNDS]     # default 50
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.syntax.judging import judge
from tests.syntax.mutations import KINDS, SNIPPET, corpus

EVERY = 6
"""Of the other programs, each of so many is edited."""


def main(rounds: int) -> int:
    """Print the counts of each kind and every disagreement."""
    judged, failed = Counter[str](), Counter[str]()
    programs = [SNIPPET, *corpus()[1::EVERY]]
    for kind in KINDS:
        for at, text in enumerate(programs):
            for seed in range(rounds if at == 0 else max(1, rounds // 25)):
                count, lines = judge(text, kind, seed)
                judged[kind] += count
                failed[kind] += bool(lines)
                for line in lines:
                    print(f"program {at}: {line}", flush=True)
        print(f"{kind:<32} {judged[kind]:>6} judged {failed[kind]:>5} failed", flush=True)
    print(f"{'all':<32} {judged.total():>6} judged {failed.total():>5} failed")
    return 1 if failed.total() else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
