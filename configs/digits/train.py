"""Train a small neural network on the handwritten digits that come with scikit-learn."""

import argparse

from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.001)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--alpha", type=float, default=0.0001)
    parser.add_argument("--solver", choices=["adam", "sgd"], default="adam")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--epochs", type=int, default=8)
    args = parser.parse_args()

    images, digits = load_digits(return_X_y=True)
    x_train, x_val, y_train, y_val = train_test_split(
        images, digits, test_size=0.4, random_state=0, stratify=digits
    )
    scaler = StandardScaler().fit(x_train)
    x_train, x_val = scaler.transform(x_train), scaler.transform(x_val)

    model = MLPClassifier(
        hidden_layer_sizes=(args.hidden,),
        solver=args.solver,
        learning_rate_init=args.lr,
        momentum=args.momentum,
        batch_size=args.batch,
        alpha=args.alpha,
        random_state=0,
    )
    for epoch in range(1, args.epochs + 1):
        model.partial_fit(x_train, y_train, classes=range(10))
        loss = log_loss(y_val, model.predict_proba(x_val), labels=range(10))
        accuracy = model.score(x_val, y_val)
        print(f"epoch {epoch}/{args.epochs}  val_loss={loss:.4f}  val_acc={accuracy:.4f}")


if __name__ == "__main__":
    main()
