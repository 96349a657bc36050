"""The records and tables that a graph is stored as, names of nodes, and how a mention becomes an edge."""
