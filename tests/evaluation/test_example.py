"""The worked example: its planted faults are what the report names."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.examples import digits


@pytest.mark.slow
def test_the_planted_faults_are_found(tmp_path: Path) -> None:
    data, result = digits.run(tmp_path)
    by_rule = {item.rule: item for item in result.suggestions}
    listed = np.zeros(len(data.labels), bool)
    listed[list(by_rule["LBL"].indices)] = True
    assert (listed & data.flipped).sum() / listed.sum() >= 0.8
    assert (listed & data.flipped).sum() / data.flipped.sum() >= 0.75
    errors = result.findings.confidences.label_errors
    assert errors.expected_count.low <= data.flipped.sum() <= errors.expected_count.high
    inside = np.zeros(len(data.labels), bool)
    inside[list(by_rule["SEN"].indices)] = True
    assert (inside & data.cellar).sum() / (inside | data.cellar).sum() >= 0.8
    assert [item.rule for item in result.suggestions].count("SEN") == 1
    assert {by_rule["SEN"].target, *by_rule["SEN"].evidence["goes_together_with"]} >= {"camera"}
    # What the flipped labels ask of a temperature would not calibrate; without them it does.
    assert "CAL" not in by_rule
    after = {item.rule: item for item in digits.settled(data, result).suggestions}
    assert "LBL" not in after
    assert after["CAL"].evidence["ece_after"] < 0.5 * after["CAL"].evidence["ece_before"]
    found = {group.indices for group in result.findings.duplicates.groups}
    assert set(data.copies) <= found
    assert len(found) <= len(data.copies) + 2
    assert (tmp_path / "report.html").stat().st_size < 8_000_000
