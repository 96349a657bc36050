"""Questions of people to a graph: areas, operators, native sources, what differs between two commits, exports."""
