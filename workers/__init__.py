"""The engine house: the processes that carry work out of a request."""
