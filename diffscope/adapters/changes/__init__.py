"""Local sources of a change: a clone, its worktree, a patch file, recorded facts."""
