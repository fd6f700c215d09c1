"""What few answers can tell of an NPS, and what they cannot: pure functions of counts."""
