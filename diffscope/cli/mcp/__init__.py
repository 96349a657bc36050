"""``diffscope mcp``: a server of the Model Context Protocol over stdin and stdout, for assistants that review pull requests."""
