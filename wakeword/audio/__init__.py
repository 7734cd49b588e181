"""Audio: frames and files, resampling, log-mel levels, the segments of a stream."""
