"""Zips that somebody has made to do harm, or that are damaged: a sentence, nothing kept, nothing lost, nothing executed."""

import json
import pickle
import stat
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from dfa_lab.export import layout, records_table
from dfa_lab.export.import_zip import take
from dfa_lab.export.unpack import ImportProblem
from dfa_lab.networks import own_file
from dfa_lab.runs.resuming import automatic
from dfa_lab.settings.parsing import parse
from tests.export.zips import ID, SETTINGS, contents, edited, places, rewritten, trained, zipped


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    store, checkpoints, _ = trained(tmp_path_factory.mktemp("runs"), seeds="0", rules="bp,dfa")
    made = zipped(store, checkpoints)
    store.close()
    return made


@pytest.fixture
def here(tmp_path: Path):
    """A store that holds something already."""
    store, checkpoints = places(tmp_path / "runs")
    store.create("mine", parse(SETTINGS))
    store.set_state("mine", "finished")
    assert store.flush()
    yield store, checkpoints
    store.close()


def below(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file() and "sqlite" not in path.name}


def refused(zip: bytes, here, tmp_path: Path) -> str:
    """The sentence; nothing but that may have happened."""
    store, checkpoints = here
    (store.folder / "import.lock").touch()  # of an import before
    before = below(tmp_path)
    with pytest.raises(ImportProblem) as caught:
        take(BytesIO(zip), store, checkpoints)
    assert [one.id for one in store.experiments()] == ["mine"] and store.problem == ""
    assert below(tmp_path) == before
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and "Error" not in text and len(text) < 400
    return text


def with_entry(raw: bytes, name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    file = BytesIO(raw)
    with zipfile.ZipFile(file, "a") as one:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        one.writestr(entry, content)
    return file.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../outside.txt", "weights/../../outside.txt", "/tmp/outside.txt", "..\\outside.txt", "C:\\outside.txt", "C:outside"],
)
def test_a_name_that_leads_outside(name: str, raw: bytes, here, tmp_path: Path) -> None:
    assert "outside" in refused(with_entry(raw, name), here, tmp_path)
    assert not list(tmp_path.parent.rglob("outside*"))


def test_a_link(raw: bytes, here, tmp_path: Path) -> None:
    name = "weights/07-bp-seed7.safetensors"
    assert "is a link" in refused(with_entry(raw, name, b"/etc/passwd", stat.S_IFLNK | 0o777), here, tmp_path)


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "name", ["weights/0.pkl", "weights/0.pt", "records.npy", layout.STATE, "weights/00-bp-seed0.safetensors"]
)
def test_a_pickle_is_never_loaded(name: str, raw: bytes, here, tmp_path: Path) -> None:
    """Under a name of its own, and under one that an export has."""
    trap, file = Trap(tmp_path / "sprung"), BytesIO()
    if name.endswith("npy"):
        np.save(file, np.array([trap], dtype=object), allow_pickle=True)
    elif name.endswith("pt"):
        torch.save(trap, file)
    else:
        file.write(pickle.dumps(trap))
    text = refused(rewritten(raw, {name: file.getvalue()}), here, tmp_path)
    assert name.split("/")[-1] in text and not (tmp_path / "sprung").exists()


def test_a_network_file_is_never_executed(raw: bytes, here, tmp_path: Path) -> None:
    """Neither one within, nor the script, nor one that the settings name and that lies where an export cannot know."""
    store, checkpoints = here
    evil = f"from pathlib import Path\nPath({str(tmp_path / 'sprung')!r}).touch()\n".encode()
    assert "no file of an export" in refused(rewritten(raw, {"own.py": evil}), here, tmp_path)
    (tmp_path / "own.py").write_bytes(evil)
    settings = json.loads(contents(raw)[layout.EXPERIMENT])["settings"]
    named = edited(raw, layout.EXPERIMENT, settings=settings | {"network": "own.py", "models_folder": str(tmp_path)})
    named = rewritten(named, {layout.STATE: None, layout.SCRIPT: evil})
    own_file.restrict(tmp_path)
    try:
        taken = take(BytesIO(named), store, checkpoints)
        stored = store.get(taken.id)
        assert stored and stored.experiment and stored.experiment.models_folder == "./Models/"
    finally:
        own_file.restrict(None)
    assert not (tmp_path / "sprung").exists()


def test_a_header_that_claims_ten_gigabytes(raw: bytes, here, tmp_path: Path) -> None:
    """Sizes stand in the directory at the zip's end."""
    with zipfile.ZipFile(BytesIO(raw)) as one:
        size = one.getinfo(layout.CSV).file_size
    at = raw.rindex(layout.CSV.encode()) - 46
    assert raw[at : at + 4] == b"PK\x01\x02" and int.from_bytes(raw[at + 24 : at + 28], "little") == size
    claiming = raw[: at + 24] + (4_000_000_000).to_bytes(4, "little") + raw[at + 28 :]
    assert "claims 4.0 GB" in refused(claiming, here, tmp_path)
    wide = b"\x01\x00\x08\x00" + (10**10).to_bytes(8, "little")  # the 64-bit size, in an extra field
    name = layout.CSV.encode()
    field = raw[at : at + 24] + b"\xff" * 4 + raw[at + 28 : at + 30] + len(wide).to_bytes(2, "little") + raw[at + 32 : at + 46]
    rest = raw[at + 46 + len(name) :]
    end = rest.rindex(b"PK\x05\x06")
    length = int.from_bytes(rest[end + 12 : end + 16], "little") + len(wide)
    rest = rest[: end + 12] + length.to_bytes(4, "little") + rest[end + 16 :]
    assert "claims 10.0 GB" in refused(raw[:at] + field + name + wide + rest, here, tmp_path)


def test_a_bomb(raw: bytes, here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than is allowed, with an honest header and with one that lies."""
    monkeypatch.setitem(layout.LARGEST, layout.CSV, 10**6)
    bomb = rewritten(raw, {layout.CSV: b"0" * 30_000_000})
    assert len(bomb) < 10**6
    assert "claims 30 MB" in refused(bomb, here, tmp_path)
    at = bomb.rindex(layout.CSV.encode()) - 46
    lying = bomb[: at + 24] + (999).to_bytes(4, "little") + bomb[at + 28 :]
    assert "damaged" in refused(lying, here, tmp_path)


def test_too_many_files(raw: bytes, here, tmp_path: Path) -> None:
    many = {f"weights/{n:03d}-bp-seed0.safetensors": b"" for n in range(120)}
    assert "at most 100" in refused(rewritten(raw, many), here, tmp_path)


def test_a_wrong_checksum(raw: bytes, here, tmp_path: Path) -> None:
    manifest = json.loads(contents(raw)["manifest.json"])
    manifest["files"][layout.CSV]["sha256"] = "0" * 64
    changed = rewritten(raw, {"manifest.json": json.dumps(manifest).encode()})
    assert "records.csv is not what its checksum says" in refused(changed, here, tmp_path)


def test_damaged_cut_short_or_something_else(raw: bytes, here, tmp_path: Path) -> None:
    for cut in (0, 10, len(raw) // 2, len(raw) - 5):
        assert "not a zip file, or it is cut short" in refused(raw[:cut], here, tmp_path)
    assert "not a zip file" in refused(b"# a text", here, tmp_path)
    at = raw.index(layout.CSV.encode()) + 200
    assert "damaged" in refused(raw[:at] + bytes(b ^ 0x55 for b in raw[at : at + 50]) + raw[at + 50 :], here, tmp_path)
    assert "is in the zip and not listed" in refused(with_entry(raw, "weights/09-bp-seed9.safetensors"), here, tmp_path)
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = with_entry(raw, layout.CSV)
    assert "twice" in refused(twice, here, tmp_path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"manifest.json": None}, "not an export"),
        ({"manifest.json": b"[" * 100_000}, "cannot be read as JSON"),
        ({"manifest.json": b"[]"}, "no JSON object"),
        ({"manifest.json": b"{}"}, "not that of an export"),
        ({layout.EXPERIMENT: None}, "nothing to import"),
        ({layout.EXPERIMENT: b"\xff\xfe"}, "cannot be read as JSON"),
        ({layout.EXPERIMENT: b"{}"}, "has no settings"),
        ({layout.STATE: b""}, "damaged"),
        ({layout.STATE: save({"a": torch.zeros(1)})}, "damaged"),
        ({layout.STATE: (2**60).to_bytes(8, "little") + b"{}"}, "damaged"),
        ({"weights/00-bp-seed0.safetensors": b"nothing"}, "no safetensors file"),
    ],
)
def test_files_that_are_not_what_they_should_be(changes, says: str, raw: bytes, here, tmp_path: Path) -> None:
    assert says in refused(rewritten(raw, changes), here, tmp_path)


def test_a_newer_format(raw: bytes, here, tmp_path: Path) -> None:
    text = refused(rewritten(raw, {}, manifest={"version": 2}), here, tmp_path)
    assert "newer DFA Lab (format 2, this one knows 1): update" in text


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"num_hidden": 10**9}, "num_hidden (--num_hidden) is 1000000000: give"),
        ({"surprise": 1}, "'surprise' is not a setting"),
        ({"device": "/dev/sda"}, "device is '/dev/sda'"),
        ({"learning_rate": float("nan")}, "learning_rate (--LR) is nan: give"),
        ({"rules": "bp", "seeds": list(range(1000))}, "1000 runs"),
        ({"load": "x", "network": ["mlp"]}, "network"),
    ],
)
def test_settings_that_do_not_validate(settings, says: str, raw: bytes, here, tmp_path: Path) -> None:
    known = json.loads(contents(raw)[layout.EXPERIMENT])["settings"]
    assert says in refused(edited(raw, layout.EXPERIMENT, settings=known | settings), here, tmp_path)


@pytest.mark.parametrize(
    "about",
    [
        {"id": "../../x"},
        {"id": "x" * 1000},
        {"id": 7},
        {"created": float("nan")},
        {"created": 1e300},
        {"finished": "now"},
        {"title": ["a"]},
        {"title": "x" * 10**6},
        {"versions": []},
        {"versions": {"torch": 2}},
        {"events": None},
        {"events": [{"time": 1.0, "kind": "knob"}]},
        {"events": [1]},
        {"name": 1},
        {"tags": "many"},
        {"tags": [1]},
        {"colour": "red;}"},
        {"events": [{"time": 1.0, "kind": "knob", "text": f"After step {'9' * 5000} the feedback to block 1"}]},
        {"sentence": "\ud800"},
    ],
    ids=lambda about: str(about)[:30],
)
def test_what_is_told_of_it_is_checked(about, raw: bytes, here, tmp_path: Path) -> None:
    assert "experiment.json in the zip has" in refused(edited(raw, layout.EXPERIMENT, **about), here, tmp_path)


ROW = "0,bp,0,train_loss,,0.5,1,0.25,400,0.1\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("0,bp,0,train_loss,,inf,1,0.25,400,0.1\n", "infinite"),
        ("0,bp,0,train_loss,,0.5,,0.25,400,0.1\n", "step has gaps"),
        ("0,bp,0,train_loss,,0.5,nan,0.25,400,0.1\n", "step has gaps"),
        ("0,bp,0,train_loss,,0.5,many,0.25,400,0.1\n", "step holds something else than numbers"),
        ("0,bp,0,train_loss,,0.5,1.5,0.25,400,0.1\n", "whole numbers"),
        ("0,bp,0,train_loss,,0.5,1e300,0.25,400,0.1\n", "outside of 0 to"),
        (f"0,bp,0,train_loss,,0.5,{'9' * 5000},0.25,400,0.1\n", "step holds"),
        ("0,bp,0,train_loss,,0.5,-1,0.25,400,0.1\n", "outside of 0 to"),
        ("0,bp,0,train_loss,,0.5,1,inf,400,0.1\n", "outside of 0 to"),
        ("9,bp,0,train_loss,,0.5,1,0.25,400,0.1\n", "not those of the settings"),
        ("0,dfa,0,train_loss,,0.5,1,0.25,400,0.1\n", "not those of the settings"),
        ("0,bp,0,<script>,,0.5,1,0.25,400,0.1\n", "does not measure"),
        ("0,bp,0,train_loss,0.5,0.5,1,0.25,400,0.1\n", "column layer"),
        ("0,bp,0,train_loss,,much,1,0.25,400,0.1\n", "value holds something else"),
        ("0,bp,0,train_loss,,0.5,1,0.25,400,0.1,more\n", "no table"),
        ('"\x00,\n', "records.csv"),
    ],
)
def test_rows_that_were_never_measured(row: str, says: str, raw: bytes, here, tmp_path: Path) -> None:
    table = ",".join(records_table.COLUMNS) + "\n" + ROW + row
    assert says in refused(rewritten(raw, {layout.CSV: table.encode()}), here, tmp_path)


def test_other_columns_and_endless_tables(raw: bytes, here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "its columns are not run, rule" in refused(rewritten(raw, {layout.CSV: b"a,b\n1,2\n"}), here, tmp_path)
    assert "no table" in refused(rewritten(raw, {layout.CSV: b""}), here, tmp_path)
    assert "no table" in refused(rewritten(raw, {layout.CSV: b"\xff\xfe\x00"}), here, tmp_path)
    monkeypatch.setattr(records_table, "MOST", 100)
    table = ",".join(records_table.COLUMNS) + "\n" + ROW * 101
    assert "more than 100 rows" in refused(rewritten(raw, {layout.CSV: table.encode()}), here, tmp_path)


def test_a_value_that_is_not_defined_is_a_gap(raw: bytes, here) -> None:
    store, checkpoints = here
    table = ",".join(records_table.COLUMNS) + "\n" + ROW.replace("0.5", "") + ROW
    taken = take(BytesIO(rewritten(raw, {layout.CSV: table.encode()})), store, checkpoints)
    assert [record.value for record in store.records(taken.id)] == [None, 0.5]


def test_a_taken_id_gets_another_and_nothing_of_the_first_changes(raw: bytes, here) -> None:
    store, checkpoints = here
    first = take(BytesIO(raw), store, checkpoints)
    records, events = store.records(first.id), store.events(first.id)
    second = take(BytesIO(raw), store, checkpoints)
    assert first.id == ID != second.id and "here already" in second.notes[0]
    assert store.records(first.id) == records == store.records(second.id) and store.events(first.id) == events
    stored = store.get(second.id)
    assert stored and stored.experiment and checkpoints.step(second.id, stored.experiment) == 6
    assert {one.id for one in store.experiments()} == {"mine", first.id, second.id}


def test_nothing_goes_on_by_itself_because_it_was_imported(raw: bytes, here) -> None:
    store, checkpoints = here
    for state in ("interrupted", "running", "queued"):
        forged = edited(raw, layout.EXPERIMENT, state=state, title="paper/1/forged")
        stored = store.get(take(BytesIO(forged), store, checkpoints).id)
        assert stored and (stored.state, stored.title) == ("stopped", "")
    assert list(automatic(store, checkpoints)) == []


def test_a_state_of_other_settings(raw: bytes, here, tmp_path: Path) -> None:
    known = json.loads(contents(raw)[layout.EXPERIMENT])["settings"]
    other = edited(raw, layout.EXPERIMENT, settings=known | {"learning_rate": 0.5})
    assert "of other settings" in refused(other, here, tmp_path)


def test_a_full_disk_is_a_sentence(raw: bytes, here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dfa_lab.train.state_file.save_file", full)
    assert "No space left on device" in refused(raw, here, tmp_path)
