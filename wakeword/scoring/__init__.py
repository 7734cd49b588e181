"""Scoring: how like the enrolled sounds a window is, and whether that wakes."""
