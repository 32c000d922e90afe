"""Cross-validate a random forest on handwritten digits; print how good and how large it is."""

import argparse

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import cross_val_predict


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trees", type=int, required=True)
    parser.add_argument("--depth", type=int, required=True)
    parser.add_argument("--leaf", type=int, required=True)
    parser.add_argument("--features", type=float, required=True)
    args = parser.parse_args()
    forest = RandomForestClassifier(
        n_estimators=args.trees,
        max_depth=args.depth,
        min_samples_leaf=args.leaf,
        max_features=args.features,
        random_state=0,
    )
    images, digits = load_digits(return_X_y=True)
    guesses = cross_val_predict(forest, images, digits, cv=3)
    nodes = sum(tree.tree_.node_count for tree in forest.fit(images, digits).estimators_)
    print(f"accuracy: {accuracy_score(digits, guesses):.4f}")
    print(f"worst_recall: {recall_score(digits, guesses, average=None).min():.4f}")
    print(f"nodes: {nodes}")


if __name__ == "__main__":
    main()
