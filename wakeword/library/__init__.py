"""The library: the sounds of a user, kept on disk."""
