"""The one error of landing.

Put here: LandingError. Keep out: rules which quarantine rows; they are no errors.
"""


class LandingError(RuntimeError):
    """A source, or a part of it, cannot be landed. The message says what, where, seen, allowed and the next step.

    `result` holds what the same call did land (a LandResult), where the error comes from `land`.
    """

    def __init__(self, message: str, result: object | None = None):
        super().__init__(message)
        self.result = result
