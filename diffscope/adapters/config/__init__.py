"""Files that a team writes: ``diffscope.yml``, rule folders and their tables."""
