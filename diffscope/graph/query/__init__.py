"""``ModuleGraph`` and its questions: neighbours, reach, classes, operators, registries, cycles, the serving path."""
