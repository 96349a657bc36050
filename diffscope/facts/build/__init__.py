"""Facts of builds and dependencies: CMake and Docker files, requirements."""
