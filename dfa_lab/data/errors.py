"""The one error of this package."""


class DataError(Exception):
    """A data set that cannot be used; its text is one sentence: what happened, where, and what to do."""
