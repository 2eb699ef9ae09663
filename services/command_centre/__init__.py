"""The room of the command centre: one screen of a region's figures and alarms, and the same for other dashboards.

Its words: an *indicator* is a figure with its definition, a *reading* what it says now, *stale* a reading older than it should
be, an *alarm* something to look at. It holds nothing itself.
"""
