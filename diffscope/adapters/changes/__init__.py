"""Where a change comes from on this machine: a clone, its worktree, a patch file, recorded facts."""
