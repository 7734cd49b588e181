"""Patterns: counts and rhythms of a sound, and the order inside it."""
