"""The demo company's data, made up from one seed, with the truth written aside.

Put here: people, what they do, how sources distort it, and the files which carry it.
Keep out: dagster, contracts, anything that reads what was simulated.
"""
