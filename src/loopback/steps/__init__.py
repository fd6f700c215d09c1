"""The steps of the loop: each reads, calls what is pure, writes, and returns what to say."""
