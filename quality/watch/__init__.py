"""Checks nobody writes: what arrives, judged by the days before it."""
