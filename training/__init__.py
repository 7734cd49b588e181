"""Training of the ``mini`` encoder. Needs torch; ``python -m training --help`` tells how."""
