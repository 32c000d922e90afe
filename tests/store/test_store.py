import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosearch.errors import StoreError
from autosearch.records import (
    Asked,
    Described,
    Ended,
    Imported,
    Measured,
    Record,
    Said,
    Started,
    fold,
)
from autosearch.store import (
    FILE,
    FORMAT,
    FileStore,
    MemoryStore,
    Store,
    frame,
    salvage,
    scan,
    unframe,
)
from autosearch.trial import History, Measurement


def some_records(trials: int) -> list[Record]:
    records: list[Record] = [Described("abc", {"name": "x"}, 1.0)]
    for n in range(trials):
        curve = tuple(Measurement("loss", i / 7, i, 0.1, i * 40) for i in range(250))
        records += [
            Asked(n, {"lr": 0.1 * n, "opt": "ädam"}, 1.0),
            Started(n, 1, 1.0),
            Measured(n, 1, curve, 10_000),
            Ended(n, 1, 2.0, "completed", (0.5,), {"loss": 0.5}),
        ]
    return records


def written(folder: Path, records: list[Record]) -> Path:
    store = FileStore(folder, write=True)
    store.append(records)
    store.close()
    return folder / FILE


def read(store: Store) -> History:
    return fold(History(), (r for _, r in store.records()))


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    records = some_records(3)
    written(tmp_path, records[:5])
    written(tmp_path, records[5:])
    memory = MemoryStore()
    memory.append(records)
    assert read(FileStore(tmp_path)) == read(memory) == fold(History(), records)


def test_kinds_can_be_left_out_and_reading_can_go_on_where_it_stopped(tmp_path: Path) -> None:
    written(tmp_path, some_records(2))
    store = FileStore(tmp_path)
    kinds = {r.kind for _, r in store.records(skip=("measured",))}
    assert kinds == {"described", "asked", "started", "ended"}
    everything = list(store.records())
    assert list(store.records(after=3)) == everything[3:]


def test_a_reader_sees_what_is_written_meanwhile(tmp_path: Path) -> None:
    writer = FileStore(tmp_path, write=True)
    reader = FileStore(tmp_path)
    assert list(reader.records()) == []
    writer.append([Said(1.0, "notice", "hello")])
    assert [r for _, r in reader.records()] == [Said(1.0, "notice", "hello")]


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    store = FileStore(tmp_path, write=True)
    store._db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON records WHEN NEW.seq > 1 "
        "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
    )
    with pytest.raises(StoreError, match="disk is full"):
        store.append([Said(1.0, "a", ""), Said(2.0, "b", "")])
    assert list(store.records()) == []
    store._db.execute("DROP TRIGGER full")
    store.append([Said(1.0, "a", ""), Said(2.0, "b", "")])
    assert len(list(store.records())) == 2
    store.check()


def test_a_folder_without_a_study_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no study here"):
        FileStore(tmp_path)


def test_an_earlier_format_is_read_and_becomes_this_one_when_written_to(tmp_path: Path) -> None:
    path = written(tmp_path, some_records(1))
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 1")
    db.close()
    before = read(FileStore(tmp_path))
    results = tuple(({"lr": n / 7}, (float(n),)) for n in range(50))
    written(tmp_path, [Imported(3.0, "old", results)])
    after = read(FileStore(tmp_path))
    assert after.trials == before.trials
    assert [(t.params, t.losses) for t in after.earlier] == list(results)
    assert [t.number for t in after.earlier] == list(range(50))
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    db.close()


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, some_records(1))
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="upgrade autosearch"):
        FileStore(tmp_path)


@given(
    seq=st.integers(1, 2**40), text=st.text(), flip=st.integers(0), kind=st.sampled_from(["asked"])
)
def test_a_flipped_bit_in_a_frame_is_seen(seq: int, text: str, flip: int, kind: str) -> None:
    data = frame(seq, kind, text)
    assert unframe(data) == (seq, kind, text)
    flip %= len(data) * 8
    damaged = bytearray(data)
    damaged[flip // 8] ^= 1 << flip % 8
    found = unframe(bytes(damaged))
    # A checksum's hex digits read the same in capitals: the one flip that harms nothing.
    assert found is None or found == (seq, kind, text)


def test_damaged_bytes_are_found_or_harmless_and_never_silently_wrong(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    original = written(whole, some_records(5)).read_bytes()
    truth = read(FileStore(whole))
    rng = random.Random(0)
    detected = 0
    for i in range(100):
        folder = tmp_path / str(i)
        folder.mkdir()
        damaged = bytearray(original)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        (folder / FILE).write_bytes(damaged)
        try:
            store = FileStore(folder)
            store.check()
            assert read(store) == truth
        except StoreError:
            detected += 1
            kept, lost = salvage(folder)
            again = FileStore(folder, write=True)
            again.check()
            assert kept + len(lost) <= len(scan(whole / FILE))
            assert len(lost) <= 1
            again.close()
    assert detected > 15


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_file_is_detected_and_its_rest_salvaged(tmp_path: Path, share: float) -> None:
    path = written(tmp_path, some_records(20))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(StoreError, match="--salvage"):
        FileStore(tmp_path).check()
    kept, _ = salvage(tmp_path)
    assert kept > 20 * share
    store = FileStore(tmp_path)
    store.check()
    assert len(read(store).trials) > 0
    assert (tmp_path / f"{FILE}.damaged-1").exists()


def test_records_cut_off_by_damage_in_the_log_are_missed_and_salvaged(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    store = FileStore(tmp_path, write=True)
    for record in some_records(4):
        store.append([record])
    for name in (FILE, f"{FILE}-wal"):
        (folder / name).write_bytes((tmp_path / name).read_bytes())
    store.close()
    wal = folder / f"{FILE}-wal"
    damaged = bytearray(wal.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    wal.write_bytes(damaged)
    with pytest.raises(StoreError, match="cannot be reached"):
        FileStore(folder, write=True).check()


def test_what_holds_no_record_is_not_salvaged(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"nothing of ours" * 1000)
    with pytest.raises(StoreError, match="nothing that could be salvaged"):
        salvage(tmp_path)
    assert (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM records WHERE seq = 7",
        "UPDATE records SET seq = -1 WHERE seq = 7",
        "UPDATE records SET frame = 'text' WHERE kind = 'ended'",
        "UPDATE records SET frame = 7, kind = 'x' WHERE seq = 7",
    ],
)
def test_a_reader_that_leaves_kinds_out_misses_what_is_lost(tmp_path: Path, damage: str) -> None:
    path = written(tmp_path, some_records(20))
    db = sqlite3.connect(path)
    with db:
        db.execute(damage)
    db.close()
    store = FileStore(tmp_path)
    with pytest.raises(StoreError, match="--salvage"):
        list(store.records(skip=("measured", "said")))
