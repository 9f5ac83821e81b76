"""Backups of a home: what cannot be made again from anywhere else, kept by content, and homes made from it.

Put here: what is taken, how it is kept, how a home is made of it, and the drill. Keep out: Dagster (defs/backup.py).
"""
