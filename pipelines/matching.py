"""The company's model of who matches: kept in its home, trained once, and again only when somebody says so.

Put here: where it lies, when it is trained without being asked, training on demand. Keep out: how (identity/train.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from identity import decisions
from identity.choose_blocking import BlockingError
from identity.config import IdentityConfig, load_config
from identity.config_reader import IdentityConfigError
from identity.model import MatchModel, ModelError
from pipelines import audit
from pipelines.last_build import open_last_build
from pipelines.publish.publish import PublishError
from pipelines.settings import Settings
from pipelines.state import open_state, write_state
from quality.company import load_company
from quality.contract import ContractError
from quality.definitions import load_definitions


class TrainingError(ValueError):
    """There is no model to be had; the message says why. The one in the home stays."""


REFUSALS = (TrainingError, BlockingError, PublishError, IdentityConfigError, ContractError)


@dataclass(frozen=True)
class Trained:
    """The new model, and the fingerprint of the one before: None where there was none that could be used."""

    model: MatchModel
    before: str | None


def current_model(settings: Settings, config: IdentityConfig, warn: Callable[[str], None]) -> MatchModel | None:
    """The model a build matches by: the one in the home, with the thresholds identity.yml gives.

    What else identity.yml says of the model takes training: until then the model stays what it is, so that nobody
    changes customers by the way, and every build says so.

    Args:
        warn: called with a message where the model was trained under other rules than those of identity.yml.
    Returns:
        None where identity.yml switches the model off, or there is none yet.
    Raises:
        ModelError: the files in the home are not whole.
    """
    model = read_model(settings, config) if config.model.enabled else None
    if model and (differing := config.model.differ_from(model.rules)):
        keys = ", ".join(f"model.{key}" for key in differing)
        warn(f"identity.yml: {keys}: the model was trained under other rules; run `c360 identity train`")
    return model


def keep_first_model(settings: Settings, config: IdentityConfig) -> Callable[[MatchModel], object] | None:
    """What a run does with the model it trains because the home has none; None where it is not to train one."""
    return (lambda model: model.save(settings.identity_model)) if config.model.enabled else None


def retrain(settings: Settings, *, by: str, reason: str) -> Trained:
    """Train a model on the records of the last build and put it in place of the one in the home.

    The next build matches by it. The deed is in the audit log.

    Raises:
        REFUSALS: nothing is published, identity.yml switches the model off, or there is too little to learn from.
    """
    from identity.resolve import learn  # pandas and scipy, which a run without anything new does without

    config = read_rules(settings)
    if not config.model.enabled:
        raise TrainingError("identity.yml: model.enabled is false; switch it on to train a model")
    before = _fingerprint(settings)
    opened = open_state(settings.state_url, decisions.METADATA, audit.METADATA)
    with opened.connect() as state:
        decided = decisions.read_effective(state)
    with open_last_build(settings) as engine:
        model = learn(engine, config, decisions=decided)
    if model is None:
        raise TrainingError("the last build has too few records with a name to learn from; nothing was changed")
    with write_state(opened) as state:
        audit.record(state, actor=by, action="train model", object=model.fingerprint, reason=reason)
        model.save(settings.identity_model)
    return Trained(model, before)


def read_model(settings: Settings, config: IdentityConfig) -> MatchModel | None:
    """The model in the home with the thresholds identity.yml gives; None where there is none yet.

    Raises:
        ModelError: the files in the home are not whole.
    """
    model = MatchModel.load(settings.identity_model)
    return model and model.under(config.model)


def read_rules(settings: Settings) -> IdentityConfig:
    """The company's identity.yml over the defaults."""
    return load_config(load_company(settings.company).identity_file, load_definitions().terms)


def _fingerprint(settings: Settings) -> str | None:
    try:
        model = MatchModel.load(settings.identity_model)
    except ModelError:  # training is the remedy
        return None
    return model and model.fingerprint
