"""Submissions: embeddings that somebody else made, looked at as if they were meant to harm.

Nothing is imported here: the process that runs an encoder needs little of it.
"""
