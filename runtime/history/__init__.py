"""History: what fired and what nearly did, clips of alerts, and feedback on them."""
