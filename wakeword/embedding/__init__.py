"""Embeddings: windows to vectors, the variants of a take, where weights are found."""
