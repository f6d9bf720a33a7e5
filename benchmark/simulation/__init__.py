"""Simulation: Pythia 8, truth record, detector response, jets, selection, event table."""
