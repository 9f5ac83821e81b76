"""Whatever order, cut and repetition arrivals have, the same rows are landed.

Put here: properties of landing as a whole. Keep out: single cases (test_landing.py).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from support.ingest_home import Home, column

COLUMNS = [column("k", "integer", primaryKey=True, required=True), column("n", "integer")]
ROWS = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(["1", "", "x"])), unique_by=lambda r: r[0], min_size=1, max_size=12
)


def land_files(files: list[list[tuple]], order: list[int]) -> tuple[list, list]:
    """Rows landed and row failures kept when these files arrive one after the other, some more than once."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        home.declare(*COLUMNS)
        for number in order:
            home.put(f"{number}.csv", "k,n\n" + "".join(f"{k},{n}\n" for k, n in files[number]))
            home.land()
        kept = [(key, rule, raw) for key, rule, raw in home.kept("record_key, rule_id, raw")]
        return home.rows("_record_key, k, n"), sorted(kept)


@settings(max_examples=4, deadline=None)
@given(rows=ROWS, data=st.data())
def test_shuffled_split_and_replayed_arrivals_land_the_same_rows(rows, data):
    expected = land_files([rows], [0])
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    order = data.draw(st.permutations([0, 1])) + data.draw(st.lists(st.sampled_from([0, 1]), max_size=2))
    assert land_files([shuffled[:cut], shuffled[cut:]], order) == expected
