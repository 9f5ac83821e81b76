"""Identity relations as assets: what `identity.resolve` reads and writes.

Put here: the Dagster side only. Keep out: every rule of identity (identity/).
"""

from dataclasses import asdict
from datetime import UTC, datetime

import dagster as dg

from pipelines.keys import CONTROL, IDENTITY_RELATIONS, WRITER_POOL, identity_key
from pipelines.meter import Meter
from pipelines.settings import Settings
from quality.company import Company

INPUTS = ("std_persons", "std_identifiers", "std_interactions", "std_accounts")


def build_identity_assets(settings: Settings, company: Company) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            key=identity_key(relation),
            deps=[CONTROL, *(dg.AssetKey(["std", name]) for name in INPUTS)],
            description=description,
            group_name="identity",
            owners=["team:data-platform"],
            kinds={"duckdb", "python"},
        )
        for relation, description in IDENTITY_RELATIONS.items()
    ]

    @dg.multi_asset(name="identity_resolve", specs=specs, pool=WRITER_POOL)
    def identity_resolve(context: dg.AssetExecutionContext):
        from identity import decisions
        from identity.config import load_config
        from identity.engine import DuckDBEngine
        from identity.resolve import resolve
        from pipelines.matching import current_model, keep_first_model
        from pipelines.state import open_state
        from pipelines.warehouse import open_warehouse
        from quality.definitions import load_definitions

        meter = Meter()
        config = load_config(company.identity_file, load_definitions().terms)
        with open_state(settings.state_url, decisions.METADATA).connect() as state:
            decided = decisions.read_effective(state)
        with open_warehouse(settings) as connection:
            engine = DuckDBEngine(connection)
            now = datetime.now(UTC).replace(tzinfo=None)
            report = resolve(
                engine, config, known_at=now, run_id=context.run_id, decisions=decided,
                model=current_model(settings, config, context.log.warning), keep=keep_first_model(settings, config),
            )  # fmt: skip
            rows = {r: engine.fetch(f"select count(*) from identity.{r}")[0][0].as_py() for r in IDENTITY_RELATIONS}
        took = meter.read()
        for relation, count in rows.items():
            told = {"report": dg.MetadataValue.json(asdict(report)), **took} if relation == "customers" else {}
            yield dg.MaterializeResult(asset_key=identity_key(relation), metadata={"dagster/row_count": count, **told})

    return identity_resolve
