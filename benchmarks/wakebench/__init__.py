"""Wakebench: how well wake sounds are heard, measured on real and on made sound."""
