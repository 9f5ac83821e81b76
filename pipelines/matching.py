"""The company's model of who matches: kept in its home, trained once, and again only when somebody says so.

Put here: where it lies, and when it is trained without being asked. Keep out: how (identity/train.py).
"""

from __future__ import annotations

import pyarrow as pa

from identity.config import IdentityConfig
from identity.engine import Engine
from identity.model import MatchModel
from identity.resolve import learn
from pipelines.settings import Settings


def current_model(
    settings: Settings, engine: Engine, config: IdentityConfig, decisions: pa.Table | None
) -> MatchModel | None:
    """The model in the home; the first run that has records enough to learn from makes it.

    Returns:
        None where identity.yml switches the model off, or there is too little to learn from.
    Raises:
        ModelError: the files in the home are not whole.
    """
    if not config.use_model:
        return None
    model = MatchModel.load(settings.identity_model)
    if model is None:
        model = learn(engine, config, decisions=decisions)
        if model:
            model.save(settings.identity_model)
    return model
