"""Listening: sources, engines and threads of one run."""
