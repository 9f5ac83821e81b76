"""The model as Splink takes it: for pictures, and for whoever wants to score with Splink itself.

Put here: settings out of a model. Keep out: numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import SettingsCreator, block_on
from splink.internals.comparison_creator import ComparisonCreator

from identity.comparisons import SWAPPED_NAMES, Kind, kinds_of
from identity.model import MatchModel


def splink_settings(model: MatchModel) -> SettingsCreator:
    """For Splink: pairs within one relation of records, `unique_id` their key."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        probability_two_random_records_match=model.prior,
        comparisons=[_build_comparison(k, model.m[k.name], model.u.get(k.name)) for k in kinds_of(model.m)],
        blocking_rules_to_generate_predictions=[*(block_on(*rule) for rule in model.blocking), SWAPPED_NAMES],
        max_iterations=8,  # of training; a level nobody reaches would otherwise sink below what a float can hold
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def _build_comparison(
    kind: Kind, m: Sequence[float] | None = None, u: Sequence[float] | None = None
) -> ComparisonCreator:
    """The comparison as Splink takes it, with the probabilities of each level, "different" last, where known."""
    levels = [cll.CustomLevel(condition, label) for label, condition in kind.levels]
    columns = dict(kind.frequency)
    for i, (label, _) in enumerate(kind.levels):
        if label in columns:
            levels[i] = levels[i].configure(tf_adjustment_column=columns[label], disable_tf_exact_match_detection=True)
    levels.append(cll.ElseLevel())
    for name, probabilities in (("m_probability", m), ("u_probability", u)):
        if probabilities:
            levels = [level.configure(**{name: p}) for level, p in zip(levels, probabilities, strict=True)]
    unknown = cll.CustomLevel(kind.missing, "unknown").configure(is_null_level=True)
    return cl.CustomComparison([unknown, *levels], output_column_name=kind.name)
