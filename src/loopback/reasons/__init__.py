"""Reasons: the code frame laid over comments, and what can be told from it."""
