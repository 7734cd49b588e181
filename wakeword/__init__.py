"""The core of Wakesound: NumPy in, wake events out. No thread, socket, device or clock."""

__version__ = "0.1.0"
