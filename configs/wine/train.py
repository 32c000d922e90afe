"""Cross-validate a random forest on the wine data; print nothing until the end."""

import json
import sys
from pathlib import Path

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text())
    forest = RandomForestClassifier(
        n_estimators=settings["forest"]["trees"],
        max_depth=settings["forest"]["depth"],
        criterion=settings["forest"]["criterion"],
        max_features=settings["max_features"],
        bootstrap=settings["bootstrap"],
        random_state=settings["seed"],
    )
    scores = cross_val_score(forest, *load_wine(return_X_y=True), cv=3)
    print(json.dumps({"accuracy": {"mean": float(scores.mean()), "std": float(scores.std())}}))


if __name__ == "__main__":
    main()
