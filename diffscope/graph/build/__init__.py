"""Outlines and native sources -> records and tables of a graph, and which of them a change makes invalid."""
