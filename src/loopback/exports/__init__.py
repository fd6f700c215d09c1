"""Exports of survey tools: from rows of text to responses."""
