"""The room of replication: which region runs what, and by which agreement it came there.

Its words: an *agreement* is what regions signed (nota kesepahaman, perjanjian kerja sama, hibah), a *party* is who signed it, as
the one that gives, that receives, or as a partner. A region's *origin* is the pack from which its own was copied.
"""
