"""Labels at run time: the monitor, batches of recordings, translation."""
