"""Fitting what decides: the model of log-odds and the negative bank of an encoder."""
