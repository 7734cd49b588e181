"""Hooks: what a user asked to happen when a sound is heard."""
