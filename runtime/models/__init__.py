"""Models: fetching weights from the hub, and CLAP without torch."""
