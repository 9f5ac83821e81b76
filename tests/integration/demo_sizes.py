"""The sizes at which the demo company is run: a small one for every change, the full one for proofs.

Put here: sizes. Keep out: fixtures (conftest.py).
"""

import pytest

SMALL = pytest.param(600, id="600_people", marks=pytest.mark.xdist_group("demo_600"))
FULL = pytest.param(5000, id="5000_people", marks=[pytest.mark.proof, pytest.mark.xdist_group("demo_5000")])
