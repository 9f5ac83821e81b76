"""What the model says about one pair of records: the weight of every comparison, in words and as a picture.

Put here: scoring one pair with all that Splink counts on the way, and its waterfall chart.
Keep out: which pairs become edges (score.py), the other reasons for a link (explain.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from splink import Linker
from splink.internals.charts import WaterfallChart

from identity.blocking import blocking_rules, key_records
from identity.comparisons import KINDS, ONLY_HOUSEHOLD
from identity.engine import Engine
from identity.evidence import COLUMNS
from identity.frequencies import add_frequencies
from identity.model import MatchModel
from identity.splink_model import splink_settings

UNKNOWN = "unknown"  # level of a comparison of which one of the two says nothing


@dataclass(frozen=True)
class Comparison:
    """One comparison of a pair. Weights are log2 of how much likelier the pair is one person for it.

    rarity: what is added or taken because the value they share is rare or common.
    left, right: the values compared, with all columns the comparison looks at; empty unless asked for.
    """

    name: str
    level: str
    weight: float
    rarity: float
    left: str = ""
    right: str = ""


@dataclass(frozen=True)
class Weighing:
    """What a model says about a pair: prior + the weights and rarities of all comparisons = weight.

    blocked_by: the blocking rules that compare the pair; where there is none, the model is never asked about it.
    is_household: one address or contact, but another first name or birth date: no match, however heavy.
    """

    model: str
    prior: float
    comparisons: tuple[Comparison, ...]
    weight: float
    probability: float
    match: float
    review: float
    blocked_by: tuple[str, ...]
    is_household: bool
    chart: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def verdict(self) -> str:
        """What the probability alone makes of the pair."""
        if self.probability >= self.match:
            return "match"
        return "review" if self.probability >= self.review else "no match"


def weigh_pair(engine: Engine, model: MatchModel, values: bool = False) -> Weighing:
    """Score the two records of `ir_evidence`.

    Args:
        values: keep the values that were compared.
    """
    add_frequencies(engine, model)
    engine.store(
        "ir_pair",
        "select '0' as match_key, min(unique_id) as join_key_l, max(unique_id) as join_key_r from ir_evidence",
    )
    settings = splink_settings(model)
    settings.retain_intermediate_calculation_columns = settings.retain_matching_columns = True
    settings.additional_columns_to_retain = list(model.frequency_columns)  # the picture shows what is rare
    with engine.matching() as api:
        linker = Linker(api.register("ir_comparable"), settings, log_level="ERROR")
        linker.table_management.register_blocked_pairs_for_predict(api.register("ir_pair"))
        [scored] = linker.inference.predict(threshold_match_probability=0.0).as_record_list()
        chart = linker.visualisations.waterfall_chart([scored], remove_sensitive_data=not values).raw_records
    return Weighing(
        model=model.fingerprint,
        prior=chart[0]["log2_bayes_factor"],
        comparisons=_read_comparisons(chart[1:-1], scored if values else {}),
        weight=scored["match_weight"],
        probability=scored["match_probability"],
        match=model.match,
        review=model.review,
        blocked_by=_find_blocking(engine, model),
        is_household=_is_household(engine),
        chart=tuple(chart),
    )


def draw_waterfall(weighing: Weighing) -> str:
    """The weights as a waterfall: one HTML page with everything in it, to be opened from disk.

    Source: Splink's waterfall chart.
    """
    return WaterfallChart(list(weighing.chart)).to_html(inline=True)


def _read_comparisons(bars: list[dict[str, Any]], scored: dict[str, Any]) -> tuple[Comparison, ...]:
    """The bars between the first (prior) and the last (sum); a bar of rarity follows the one it belongs to."""
    rarity = {
        bar["column_name"].removeprefix("tf_"): bar["log2_bayes_factor"]
        for bar in bars
        if bar["term_frequency_adjustment"]
    }
    read = {kind.name: [c for c in COLUMNS if c in kind.columns] for kind in KINDS}
    return tuple(
        Comparison(
            name=(name := bar["column_name"]),
            level=_level(bar["label_for_charts"]),
            weight=bar["log2_bayes_factor"],
            rarity=rarity.get(name, 0.0),
            left=_join(scored.get(f"{column}_l") for column in read[name]),
            right=_join(scored.get(f"{column}_r") for column in read[name]),
        )
        for bar in bars
        if not bar["term_frequency_adjustment"]
    )


def _join(values: Iterable[str | None]) -> str:
    return ", ".join(value for value in values if value)


def _level(label: str) -> str:
    return "different" if label.lower().startswith("all other") else label


def _find_blocking(engine: Engine, model: MatchModel) -> tuple[str, ...]:
    key_records(engine, model.blocking)
    rules = blocking_rules(model)
    met = ", ".join(f"coalesce({condition}, false) as rule_{number}" for number, (_, condition) in enumerate(rules))
    [row] = engine.fetch(f"select {met} from ir_keys l join ir_keys r on l.unique_id < r.unique_id").to_pylist()
    return tuple(rule for (rule, _), is_met in zip(rules, row.values(), strict=True) if is_met)


def _is_household(engine: Engine) -> bool:
    columns = engine.fetch("select * from ir_evidence limit 0").column_names
    sides = ", ".join(f"{side}.{column} as {column}_{side}" for side in "lr" for column in columns)
    found = engine.fetch(
        f"select coalesce({ONLY_HOUSEHOLD}, false) as found "
        f"from (select {sides} from ir_evidence l join ir_evidence r on l.unique_id < r.unique_id)"
    )
    return found["found"][0].as_py()
