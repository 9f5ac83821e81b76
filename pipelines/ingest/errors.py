"""The errors of landing.

Put here: LandingError and its kinds. Keep out: rules which quarantine rows; they are no errors.
"""


class LandingError(RuntimeError):
    """A source, or a part of it, cannot be landed. The message says what, where, seen, allowed and the next step.

    `result` holds what the same call did land (a LandResult), where the error comes from `land`.
    """

    def __init__(self, message: str, result: object | None = None):
        super().__init__(message)
        self.result = result


class OutageError(LandingError):
    """The same, but it may pass by itself: a source that is down, slow, or hung up (outage.py asks again).

    `retry_after` is how many seconds the source itself asked to be left alone.
    """

    def __init__(self, message: str, retry_after: float = 0):
        super().__init__(message)
        self.retry_after = retry_after
