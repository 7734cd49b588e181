"""The Wyoming service: the sounds as wake words, for Home Assistant and satellites.

Each connection is a :class:`~runtime.services.wyoming.client.Client` with an engine of its
own; the sounds, the encoder and the threads that listen are shared.
"""
