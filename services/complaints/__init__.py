"""The room of citizens' reports, from the first photo to the rating.

Its words: a *submission* is what a citizen sends, a *move* takes a case from one state to another, a *department* is
the unit in charge, a *due date* is what its clocks promise, a *rating* is the reporter's word and never silence.
"""
