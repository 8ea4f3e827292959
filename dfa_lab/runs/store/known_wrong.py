"""Values that are known to be wrong: angles of exactly 90° in experiments that a lab of the first revision has measured.

The file keeps them as they were written. Who reads gets a gap in their place, and SAID to show beside it.
"""

from collections.abc import Mapping

from dfa_lab.records import IN_DEGREES, WRONG_ANGLE

SAID = (
    "Angles of exactly 90° are left out: an earlier lab measured them, which gave this for vectors too short or too long "
    "for its numbers."
)
REVISION_OF = "measures"  # the name of the revision among the versions of an experiment; the first lab wrote none
OWN_SECONDS = 3  # the revision from which on seconds are those of the experiment's own computing
OTHER_SECONDS = (
    "Seconds of experiments of an earlier lab are by the clock on the wall: what others trained at the same time is in them. "
    "Compare those over steps or samples."
)
_FIRST = f"""versions NOT LIKE '%"{REVISION_OF}"%'"""  # of a row of experiments
_AMONG = ", ".join(f"'{name}'" for name in IN_DEGREES)


def other_seconds(versions: Mapping[str, str]) -> bool:
    """Whether an experiment's seconds are by the clock on the wall, by the versions that trained it."""
    revision = versions.get(REVISION_OF, "1")
    return not revision.isdecimal() or int(revision) < OWN_SECONDS


def is_wrong(column: str) -> str:
    """SQL, of a row of records or finals: whether the value in this column is known to be wrong, 0 or 1."""
    first = f"experiment IN (SELECT id FROM experiments WHERE {_FIRST})"
    return f"coalesce({column} = {WRONG_ANGLE} AND metric IN ({_AMONG}) AND {first}, 0)"


def or_gap(column: str) -> str:
    """SQL: the column without such values."""
    return f"CASE WHEN {is_wrong(column)} THEN NULL ELSE {column} END AS {column}"


# SQL: the experiments, among a JSON list of ids, that have such values.
LEFT_OUT = f"""
    SELECT id FROM experiments WHERE id IN (SELECT value FROM json_each(?)) AND {_FIRST} AND EXISTS
    (SELECT 1 FROM records WHERE experiment = id AND value = {WRONG_ANGLE} AND metric IN ({_AMONG})) ORDER BY number
"""
