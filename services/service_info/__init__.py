"""The room of service information: what the government offers, where it is, whom to call, and what is new.

Its words: a *service* is one of the public services with its requirements, cost and time (standar pelayanan), a *contact* a
number to call, a *place* a point on the map, an *article* a text to read. All four are *items*: each has a key, a source and
a day on which it was checked. What a region's pack says comes first; what a regional admin has edited stays as edited.
"""
