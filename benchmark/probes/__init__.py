"""Probes: what the latents of an embedding know, in numbers and in maps."""
