"""The settings under which tests land: they write files and land them at once, and a source that is out is asked once.

Put here: these settings. Keep out: what outages are about (tests/ingest/test_outages.py sets its own).
"""

AT_ONCE = {"C360_FILE_SETTLE": "0", "C360_SOURCE_PATIENCE": "0"}
