"""Services: what offers the listening to other programs, over a network or a pipe."""
