from autosearch.metrics.review import LineMatch, show_matches
from autosearch.metrics.rules import Rule


def notes(rule: Rule, log: str) -> list[tuple[int, float | None, str]]:
    return [(m.line_number, m.value, m.note) for m in show_matches([rule], log.encode())]


def test_every_value_is_shown_with_its_line_and_step() -> None:
    log = b"epoch 3\r\n 1/2 \x1b[1macc: 0.1\x1b[0m\r 2/2 acc: 0.2\nloss: 1"
    rules = [Rule("acc", None, r"epoch (\d+)"), Rule("loss")]
    assert list(show_matches(rules, log)) == [
        LineMatch("acc", 2, " 1/2 acc: 0.1", 0.1, 3, ""),
        LineMatch("acc", 2, " 2/2 acc: 0.2", 0.2, 3, ""),
        LineMatch("loss", 3, "loss: 1", 1.0, 1, ""),
    ]


def test_a_line_that_only_names_the_metric_is_shown_with_the_reason() -> None:
    log = "val_acc improved\nval_acc: 0.5\nloss: 1\nval_acc=0.6\n"
    assert notes(Rule("val_acc"), log)[0] == (
        1,
        None,
        "the metric is named, but no number belongs to the name",
    )
    assert notes(Rule("val_acc", r"val_acc: (\S+)"), log)[1:] == [
        (2, 0.5, ""),
        (4, None, "the metric is named, but the regex does not match"),
    ]


def test_a_match_without_a_number_says_what_it_holds() -> None:
    assert notes(Rule("acc", r"acc: (\S+)"), "acc: n/a\n") == [
        (1, None, "the regex matches, but 'n/a' is no number")
    ]


def test_a_number_that_is_cut_is_doubtful() -> None:
    rule = Rule("loss", r"loss: (\d+\.\d+)")
    assert notes(rule, "loss: 1.5e-05\nloss: 1.5\n") == [
        (1, 1.5, "1.5 is only a part of a number in this line"),
        (2, 1.5, ""),
    ]


def test_a_search_that_runs_away_is_told() -> None:
    rule = Rule("loss", r"(?:a|aa)+: (\d)")
    assert notes(rule, "a" * 80 + ": x\n") == [(1, None, "the search was given up after 0.25 s")]
