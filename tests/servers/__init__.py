"""Real servers for the tests, each started on a free port of 127.0.0.1 and stopped by its own process id."""
