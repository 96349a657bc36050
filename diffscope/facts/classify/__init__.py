"""What a change is as a whole: its kind, its shape, its areas and platforms, from the facts of its files and its title."""
