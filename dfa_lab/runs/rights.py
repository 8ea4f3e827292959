"""Rights: what whoever is acting may do to which experiment. The manager asks here before it does anything.

A server in personal mode has one person, who may do everything. In shared mode visitors own what they begin; those of others
they can look at and copy. What is nobody's, and the server itself, is the administrator's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dfa_lab.runs.house_rules import HouseRules
from dfa_lab.runs.limits import TOO_MANY_KEPT, Limits
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.wording import spellings

NOT_YOURS = (
    "This experiment is somebody else's: look at it as you like, and change a copy of your own (Pause, Reset, Fork here)."
)
ADMINISTRATORS = "That is for whoever keeps this server: open the administrator's link, which was printed when it was started."
CLOSED = "Whoever keeps this server has closed it for new experiments: what runs goes on, and everything can be looked at."
FILES = "{} is for whoever keeps this server: leave it as it is by itself."
LOCAL = {name: field.default for name, field in Experiment.model_fields.items() if extra(field)["local"]}


@dataclass(frozen=True)
class Visitor:
    """Whoever acts. `id` names them on this server and tells nothing about them."""

    id: str
    administrator: bool = False


PERSON = Visitor("", administrator=True)  # of a server that one person has for themselves
NOBODY = Visitor("nobody")


class NotAllowed(Exception):
    """Somebody else's; the text says whose it is to decide, and what can be done instead."""


class Rights:
    """Every method may be called from any thread."""

    def __init__(self, lives: Lives, store: Store, rules: HouseRules, who: Callable[[], Visitor]):
        """`who`: whoever is acting in the thread that calls."""
        self._lives, self._store, self._rules, self.who = lives, store, rules, who

    def owner(self, id: str) -> str | None:
        """Whose it is; None if there is no such experiment."""
        if live := self._lives.get(id):
            return live.owner
        stored = self._store.get(id)
        return None if stored is None else stored.owner

    def owns(self, id: str) -> bool:
        """Whether there is such an experiment and it is theirs who act."""
        owner = self.owner(id)
        return owner is not None and self.own(owner)

    def own(self, owner: str) -> bool:
        """Whether what belongs to `owner` is theirs who act."""
        return self.mine()(owner)

    def mine(self) -> Callable[[str], bool]:
        """`own`, for many: who acts is looked up once."""
        who = self.who()
        return lambda owner: who.administrator or (bool(owner) and owner == who.id)

    def change(self, id: str) -> None:
        """Let through who may change this experiment; nobody owns one that is not there. Raises NotAllowed."""
        owner = self.owner(id)
        if owner is not None and not self.own(owner):
            raise NotAllowed(NOT_YOURS)

    def administer(self) -> None:
        """Let through who keeps the server. Raises NotAllowed."""
        if not self.who().administrator:
            raise NotAllowed(ADMINISTRATORS)

    def set_limits(self, limits: Limits) -> None:
        """Have these limits hold from now on. Raises NotAllowed."""
        self.administer()
        self._rules.limits = limits

    def close(self, closed: bool) -> None:
        """Close the server for new experiments, or open it again. Raises NotAllowed."""
        self.administer()
        self._rules.closed = closed

    def begin(self, chosen: Mapping[str, object]) -> str:
        """The owner of an experiment that is begun now, by whom these settings were chosen.

        Raises SettingsError for a setting that names files of the server or downloads to it, unless it is as it is by itself,
        while the server is closed for new ones, and where they keep as many as they may.
        """
        who = self.who()
        if not who.administrator:
            if self._rules.closed:
                raise SettingsError([CLOSED])
            if self._store.kept(who.id) >= (most := self._rules.limits.kept):
                raise SettingsError([TOO_MANY_KEPT.format(most)])
            if refused := [name for name in LOCAL if name in chosen and chosen[name] != LOCAL[name]]:
                raise SettingsError([FILES.format(f"{name} (--{spellings(name)[0]})") for name in refused])
        return who.id
