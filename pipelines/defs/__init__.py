"""Asset definitions, one subject a file. These files never import each other; shared names live in keys.py."""
