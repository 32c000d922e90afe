"""What a search tells while it runs, line by line."""

from pathlib import Path

from autosearch.cli.progress import Teller
from autosearch.outline import Outline
from autosearch.records import Asked, Ended, Record, Said, Started, fold
from autosearch.trial import History

OUTLINE = Outline("t", ("loss",), "min", trials=3, parallel=1, kinds={"x": "float"})


def told(*batches: list[Record]) -> list[str]:
    lines: list[str] = []
    teller = Teller(Path("/study"), "autosearch resume /study", lambda line, _: lines.append(line))
    teller.outline = OUTLINE
    history = History()
    for records in batches:
        history = fold(history, records)
        teller.watch(records, history)
    return lines


def test_trials_that_end_together_are_counted_one_by_one() -> None:
    begun: list[Record] = [Asked(n, {"x": 0.5}, 0.0) for n in range(3)]
    begun += [Started(n, 1, 0.0) for n in range(3)]
    ended: list[Record] = [Ended(n, 1, 1.0, "completed", losses=(1.0 - n,)) for n in range(3)]
    lines = told(begun, ended)
    assert [line.split()[0] for line in lines] == ["[1/3]", "[2/3]", "[3/3]"]
    assert [line.endswith("(best so far)") for line in lines] == [False, False, True]


def test_an_end_that_takes_many_lines_to_explain_is_told_on_one() -> None:
    text = "trial 0: its log holds no value of loss.\nThe likeliest lines of its log:\n  1: a 2"
    (line,) = told([Said(0.0, "stopping", text)])
    assert line == (
        "trial 0: its log holds no value of loss: ending the trials that run (Ctrl-C: at once). "
        "Go on later: autosearch resume /study"
    )
