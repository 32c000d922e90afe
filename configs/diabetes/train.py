"""Fit a linear model to the diabetes data by gradient descent, under a tqdm progress bar.

tqdm redraws its line with carriage returns: a whole run is a single "line" of the log.
"""

import argparse
import sys

import numpy as np
from sklearn.datasets import load_diabetes
from tqdm import trange


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--l2", type=float, default=0.0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--standardise", action="store_true")
    args = parser.parse_args()

    features, target = load_diabetes(return_X_y=True)
    if args.standardise:
        features = (features - features.mean(axis=0)) / features.std(axis=0)
    target = (target - target.mean()) / target.std()
    x_train, x_val, y_train, y_val = features[:300], features[300:], target[:300], target[300:]
    weights = np.zeros(features.shape[1])
    bar = trange(args.steps, file=sys.stdout, mininterval=0.05)
    for _ in bar:
        error = x_train @ weights - y_train
        weights -= args.lr * (x_train.T @ error / len(error) + args.l2 * weights)
        bar.set_postfix(val_mse=f"{np.mean((x_val @ weights - y_val) ** 2):.5f}")


if __name__ == "__main__":
    main()
