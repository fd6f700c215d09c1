"""Mail: messages, how they are handed over, and the record of what became of each."""
