"""``diffscope ci``: the step of a workflow, from the event to what is posted."""
