"""How the pull requests of a window hang together: who builds on, fixes and takes back whom, and the themes that this makes."""
