"""The next larger or smaller round value of a setting, as buttons beside it choose it."""

from decimal import Decimal, InvalidOperation

from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.parsing import parse


def stepped(name: str, given: object, *, up: bool) -> object:
    """The setting's next value in its declared steps, of each number where there are several; as an Experiment holds it.

    Where it declares none, it is the next whole number. None where what is given is no number, or there is no further value.
    """
    steps = extra(Experiment.model_fields[name])["steps"]
    try:
        parts = [Decimal(part.strip()) for part in str(given).split(",") if part.strip()]
        now = parse({name: given})
        value = getattr(parse({name: ",".join(format(_next(part, steps, up), "f") for part in parts)}), name)
    except (InvalidOperation, SettingsError):
        return None
    return value if value != getattr(now, name) else None


def _next(value: Decimal, steps: list[int], up: bool) -> Decimal:
    """The next of 1, 2, 5, 10, 20, …, where the steps are 1, 2, 5. A width has no value below 1: whoever asks checks that."""
    if not steps:
        return value + (1 if up else -1)
    size = value.adjusted()
    round_ones = [Decimal(step).scaleb(power) for power in range(size - 1, size + 2) for step in steps]
    return min(one for one in round_ones if one > value) if up else max(one for one in round_ones if one < value)
