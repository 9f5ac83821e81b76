"""Members of one group: whoever shares a key with a member, directly or through others.

Put here: connected components of things that share keys, for households and accounts alike.
Keep out: which keys are shared (households.py, accounts.py); customers, whose edges have an order and limits.
"""

from __future__ import annotations

import pyarrow as pa

from identity.cluster import find_components
from identity.engine import Engine


def store_groups(engine: Engine, name: str, shares: str) -> None:
    """Write the relation `name` (member, group_no): members with one number form one group.

    Args:
        shares: query of (member, key), no null among them; a member without a row is in no group. Keys of one member
            alone group nobody and may be left in.
    """
    numbered = engine.fetch(
        f"""
        select member, cast(dense_rank() over (order by member) - 1 as integer) as member_no,
            cast(dense_rank() over (order by key) - 1 as integer) as key_no
        from ({shares})
        """
    )
    member_no, key_no = numbered["member_no"].to_numpy(), numbered["key_no"].to_numpy()
    members = int(member_no.max(initial=-1)) + 1
    keys = int(key_no.max(initial=-1)) + 1
    labels = find_components(members + keys, member_no, key_no + members)
    engine.register(
        "ir_groups_arrow", pa.table({"member": numbered["member"], "group_no": pa.array(labels[member_no])})
    )
    engine.store(name, "select distinct member, group_no from ir_groups_arrow")
