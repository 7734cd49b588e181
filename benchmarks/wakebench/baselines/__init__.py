"""Simple systems to compare with: a module each, with ``create(variant) -> System``.

They listen without a gate, to windows on a 0.1 s grid that are louder than ``QUIET_DB``, and share
the engine's trigger. None of them is tuned on the data that it is measured on.
"""
