"""Reports on a graph: areas, operators, native sources, differences between commits, exports."""
