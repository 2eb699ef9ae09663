"""Backups: made of database and blobs at one instant, verified, restored, and tried out in a drill.

Words: backup (a folder named by its instant), manifest (what was in it when it was made), portrait (what is in a database:
rows by their checksums, and the structure that holds them), drill (a restore into a scratch database, compared and dropped).
"""
