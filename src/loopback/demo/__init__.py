"""The demo: a made-up company that lives a year of the loop, with the code real data uses."""
