"""Ask a slice of your customers every month; send each answer to the person who can act on it."""
