"""Proof that what is told cannot hurt Wakesound, and that nothing stays behind.

    python -m wakebench.proof --minutes 10 --seed 1

Every part tries one kind of trouble again and again, each try with a seed of its own, so that a
failure can be seen again alone: ``--part kills --only SEED``. Everything is on this machine and in
a folder that is removed afterwards.
"""
