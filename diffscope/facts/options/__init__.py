"""Facts of settings: fields of configuration, command-line options, environment variables, build arguments, metrics."""
