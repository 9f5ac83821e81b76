"""Stand-ins with which sqlfluff reads the models: `c360.name(x)` becomes a call of that name, or the shape it has.

Put here: the macros that stand for a whole query or a condition. Keep out: what they do (dbt_project/macros).
"""


class Macros:
    """Any macro as a function call of its name; `shapes` says which ones stand for something else than a value."""

    def __init__(self, **shapes: str) -> None:
        self._shapes = shapes

    def __getattr__(self, name: str):
        shape = self._shapes.get(name, f"{name}(1)")
        return lambda *_arguments, **_options: shape


ROWS = "select 1 as one"
c360 = Macros(
    correct_for_tests=ROWS,
    days_between=ROWS,
    judge_ends=ROWS,
    last_build_of="last_build",
    resolve_customers=ROWS,
    survive=ROWS,
    in_customer_range="1 = 1",
    in_rewritten="1 = 1",
    suppliers_of="1",
)
dbt = Macros(type_string="varchar")
