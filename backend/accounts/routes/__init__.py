"""The doors: signing in, oneself, the staff of a region, and the demo's messages."""
