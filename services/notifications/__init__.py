"""The room that tells people: a message in their inbox, and its way out of the house.

Its words: a *notice* is what another room asks to be told, a *template* is how a region says it, a *notification* is
what lies in one person's inbox, a *channel* is a way out (push, e-mail, SMS), a *dispatch* is what came of one.
"""
