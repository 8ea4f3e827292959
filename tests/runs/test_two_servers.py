"""Two servers on one folder: neither changes what the other is busy with."""

from contextlib import closing
from pathlib import Path

from patience import state, tiny, until_state

from dfa_lab.runs.manager import Manager


def test_what_another_server_trains_is_not_named_tagged_or_removed(tmp_path: Path) -> None:
    with closing(Manager(tmp_path)) as first, closing(Manager(tmp_path)) as second:
        id = first.start(tiny())
        until_state(first, id, "running")
        first.describe(id, name="mine", tags=["a"])
        assert first.store.flush()
        before = first.store.get(id)
        second.describe(id, name="theirs", note="n", tags=["b"], colour="#102030")
        second.remove(id)
        second.delete(id)
        assert second.store.flush()
        assert first.store.get(id) == before and state(first, id) == "running"
        first.stop(id)
        assert first.store.flush()
        second.describe(id, name="theirs")
        assert second.store.flush()
        after = second.store.get(id)
        assert after is not None and after.name == "theirs"  # nobody is busy with it any more
