"""What a change is judged by: the tables that come with the rules, and what is known of the tree around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from diffscope.facts.model import GraphFacts
from diffscope.graph.query.serving import ServingPath
from diffscope.source.model import Value
from diffscope.source.profile import Profile
from diffscope.taxonomy.calls import KernelTable, KernelTables, RoleTable
from diffscope.taxonomy.consequence import ConsequenceTable, ReachRows
from diffscope.taxonomy.counterparts import Pairing, TwinRule
from diffscope.taxonomy.model import Taxonomy

if TYPE_CHECKING:
    # Facts at hand are judged without a tree, and start-up is hot.
    from diffscope.facts.ci.declarations import Declarations
    from diffscope.graph.history.history import ChangeHistory
    from diffscope.graph.query.graph import ModuleGraph


class Knowledge(Value, frozen=True, kw_only=True):
    """What the facts are judged by: tables that come with the rules."""

    profile: Profile
    taxonomy: Taxonomy
    roles: RoleTable
    counterparts: tuple[Pairing, ...] = ()
    twins: tuple[TwinRule, ...] = ()
    kernels: KernelTable = KernelTable(KernelTables())
    serving: ServingPath = ServingPath(())
    reach: ReachRows = ReachRows()
    consequence: ConsequenceTable = ConsequenceTable()
    digest: str = ""
    """Equal ones make equal facts of equal changes."""


class Surroundings(Value, frozen=True, kw_only=True):
    """What is known of the tree around the change. Each part may be missing; what depends on it is then unknown."""

    graph: ModuleGraph | None = None
    graph_facts: GraphFacts | UnsetType = UNSET
    declarations: Declarations | None = None
    history: ChangeHistory | None = None
    """What changed together before the base."""
    history_days: int | None = None
    """How many days before the base that is cut off; ``None`` where it reaches as far back as is asked for."""
