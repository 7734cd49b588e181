"""Inside audio files: containers, codecs, and headers that are wrong."""
