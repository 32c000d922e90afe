"""The records of a study, and their fold into a History: what happened, in order, nothing else.

Everything that is known of a study is in its records; whatever is shown or decided is computed from
them. Records are only ever appended.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, ClassVar, Literal

from autosearch.space.values import Params
from autosearch.trial import ENDED, History, Measurement, State, Trial

# Events of what is said while a study is opened, before its driver begins.
OPENING = ("warning", "salvaged", "warm_start")


@dataclass(frozen=True, slots=True)
class Described:
    """The experiment as from here on: the first record, and one for every later extension.

    study: the study's id, 12 hex digits. experiment: as `Experiment.to_dict` gives it. script: name
    → SHA-256 of each file that the command names. at: seconds since the epoch, as everywhere below.
    """

    kind: ClassVar[str] = "described"
    study: str
    experiment: Mapping[str, Any]
    at: float
    folder: str = ""
    script: Mapping[str, str] = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """Results of another search, as they enter this one.

    source: where they come from, as it was given. results: params in this search's space, and
    losses, one for each objective, smaller is better; none where the program failed. same: they are
    of this very task, and count as if it had run them.
    """

    kind: ClassVar[str] = "imported"
    at: float
    source: str
    results: tuple[tuple[Params, tuple[float, ...]], ...]
    same: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A trial was suggested."""

    kind: ClassVar[str] = "asked"
    number: int
    params: Params
    at: float
    seed: int = 0
    origin: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)
    repeat_of: int | None = None
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt of a trial was started. command: for people to read, without secrets."""

    kind: ClassVar[str] = "started"
    number: int
    attempt: int
    at: float
    command: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Values were read from an attempt's log; read_to: the bytes read so far."""

    kind: ClassVar[str] = "measured"
    number: int
    attempt: int
    measurements: tuple[Measurement, ...]
    read_to: int = 0


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An attempt is over but its trial is not: it will be started again.

    cause: "failed" counts against the user's retries; "lost" (its worker vanished) and "driver"
    (the search was stopped or killed) do not.
    """

    kind: ClassVar[str] = "interrupted"
    number: int
    attempt: int
    at: float
    cause: Literal["failed", "lost", "driver"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial has ended, with everything that it came to."""

    kind: ClassVar[str] = "ended"
    number: int
    attempt: int
    at: float
    state: State
    losses: tuple[float, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    constraints: tuple[float, ...] = ()
    seconds: float | None = None
    reason: str = ""
    exit_code: int | None = None
    signal: str | None = None
    peak_memory: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something that people should know: a warning, an interruption, the end of the search.

    event: a word for programs, e.g. "resumed", "finished", "notice".
    """

    kind: ClassVar[str] = "said"
    at: float
    event: str
    text: str
    number: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


_ABOUT_NO_TRIAL = (Described, Imported, Said)
Record = Described | Imported | Asked | Started | Measured | Interrupted | Ended | Said
KINDS: Mapping[str, type[Record]] = {
    c.kind: c for c in (Described, Imported, Asked, Started, Measured, Interrupted, Ended, Said)
}


def encode(record: Record) -> str:
    """Return the record as JSON text; fields at their defaults are left out."""
    body = {}
    for f in dataclasses.fields(record):
        value = getattr(record, f.name)
        if not _is_default(f, value):
            body[f.name] = value
    if isinstance(record, Imported):
        body["results"] = [(params, _shortened(losses)) for params, losses in record.results]
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _shortened(losses: tuple[float, ...]) -> float | tuple[float, ...] | None:
    """Return a single loss by itself, and None for none: most searches have one objective."""
    return losses if len(losses) > 1 else next(iter(losses), None)


def _losses(found: float | list[float] | None) -> tuple[float, ...]:
    return tuple(found) if isinstance(found, list) else () if found is None else (found,)


def _is_default(f: "dataclasses.Field[Any]", value: Any) -> bool:
    if f.default is not dataclasses.MISSING:
        return bool(value is f.default or value == f.default)
    return f.default_factory is not dataclasses.MISSING and not value


# Without the search for blanks around the text, which `json.loads` makes twice a record.
_JSON = json.JSONDecoder()


def decode(kind: str, text: str) -> Record:
    """Return the record of that kind; raises ValueError, KeyError or TypeError on anything else."""
    body, _ = _JSON.raw_decode(text)
    if kind == Measured.kind:
        body["measurements"] = tuple(map(Measurement._make, body["measurements"]))
    if kind == Imported.kind:
        body["results"] = tuple((params, _losses(found)) for params, found in body["results"])
    for name in ("losses", "constraints"):
        if name in body:
            body[name] = tuple(body[name])
    return KINDS[kind](**body)


def fold(history: History, records: Iterable[Record]) -> History:
    """Return the history after `records`. Pure; reports of an attempt that is over are left out.

    Raises ValueError where a trial was asked out of order, IndexError where it was never asked.
    """
    trials, earlier, before = list(history.trials), history.earlier, history.before
    # Trials are frozen: those that change are opened into dicts once, and closed once at the end.
    changed: dict[int, dict[str, Any]] = {}
    for record in records:
        if isinstance(record, Imported) and record.same:
            before += _earlier(record, 0)
        elif isinstance(record, Imported):
            earlier += _earlier(record, len(earlier))
        if isinstance(record, _ABOUT_NO_TRIAL):
            continue
        number = record.number
        if isinstance(record, Asked):
            if number != len(trials):
                raise ValueError(f"trial {number} was asked out of order")
            changed[number] = _new(record)
            trials.append(_BLANK)
            continue
        if number not in changed:
            changed[number] = _opened(trials[number])
        _apply(changed[number], record)
    for number, fields in changed.items():
        fields["measurements"] = tuple(fields["measurements"])
        trials[number] = Trial(**fields)
    return History(tuple(trials), earlier, _numbered_from_behind(before))


def _earlier(record: Imported, first: int) -> tuple[Trial, ...]:
    return tuple(
        Trial(
            number,
            params,
            origin=record.source,
            state="completed" if losses else "failed",
            losses=losses,
        )
        for number, (params, losses) in enumerate(record.results, first)
    )


def _numbered_from_behind(trials: tuple[Trial, ...]) -> tuple[Trial, ...]:
    """Return the trials as -n, …, -1; as they are where nothing was added."""
    if not trials or trials[-1].number == -1:
        return trials
    return tuple(replace(t, number=n) for n, t in enumerate(trials, -len(trials)))


_TRIAL_FIELDS = tuple(f.name for f in dataclasses.fields(Trial))
_ASKED = ("origin", "notes", "repeat_of", "parent", "seed")
_ENDED = tuple(
    f.name for f in dataclasses.fields(Ended) if f.name not in ("number", "attempt", "at")
)
# One call for all fields: `getattr` for each is most of the time that a large study takes to open.
_trial_values = attrgetter(*_TRIAL_FIELDS)
_asked_values = attrgetter(*_ASKED)
_ended_values = attrgetter(*_ENDED)


_BLANK = Trial(0, {})
_BLANK_FIELDS = dict(zip(_TRIAL_FIELDS, _trial_values(_BLANK), strict=True))


def _new(record: Asked) -> dict[str, Any]:
    fields = _BLANK_FIELDS | dict(zip(_ASKED, _asked_values(record), strict=True))
    fields.update(number=record.number, params=record.params, metrics={}, measurements=[])
    return fields


def _opened(trial: Trial) -> dict[str, Any]:
    fields = dict(zip(_TRIAL_FIELDS, _trial_values(trial), strict=True))
    fields["measurements"] = list(trial.measurements)
    return fields


def _apply(fields: dict[str, Any], record: Started | Measured | Interrupted | Ended) -> None:
    if fields["state"] in ENDED:
        return
    if isinstance(record, Started):
        at, attempt = record.at, record.attempt
        fields.update(state="running", attempt=attempt, started_at=at, measurements=[], reason="")
    elif record.attempt != fields["attempt"]:
        return
    elif isinstance(record, Measured):
        fields["measurements"] += record.measurements
    elif isinstance(record, Interrupted):
        fields.update(state="pending", measurements=[], reason=record.reason)
    else:
        fields.update(zip(_ENDED, _ended_values(record), strict=True))


def mend(records: Iterable[Record]) -> list[Record]:
    """Return salvaged records with an ended, empty trial in place of each whose asking was lost."""
    mended: list[Record] = []
    asked = 0
    for record in records:
        number = getattr(record, "number", None)
        if isinstance(record, _ABOUT_NO_TRIAL) or number is None:
            mended.append(record)
            continue
        missing = range(asked, number if isinstance(record, Asked) else number + 1)
        for gap in missing:
            reason = "its record was damaged"
            mended += [Asked(gap, {}, 0.0), Ended(gap, 0, 0.0, "lost", reason=reason)]
        asked = max(asked, number + 1)
        mended.append(record)
    return mended
