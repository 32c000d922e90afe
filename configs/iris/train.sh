#!/bin/sh
# Train a perceptron on the iris data with awk: a program without a line of Python.
# The parameters come from the environment: RATE, EPOCHS and MARGIN.
exec awk -F, -v rate="${RATE:-0.1}" -v epochs="${EPOCHS:-10}" -v margin="${MARGIN:-0}" '
NR > 1 {
    n++
    for (i = 1; i <= 4; i++) x[n, i] = $i
    y[n] = ($5 == "virginica") ? 1 : -1
}
END {
    for (epoch = 1; epoch <= epochs; epoch++) {
        for (k = 1; k <= n; k++) {
            s = w[0]
            for (i = 1; i <= 4; i++) s += w[i] * x[k, i]
            if (y[k] * s <= margin) {
                w[0] += rate * y[k]
                for (i = 1; i <= 4; i++) w[i] += rate * y[k] * x[k, i]
            }
        }
        wrong = 0
        for (k = 1; k <= n; k++) {
            s = w[0]
            for (i = 1; i <= 4; i++) s += w[i] * x[k, i]
            if (y[k] * s <= 0) wrong++
        }
        printf "[%d] training error: %.2f%%\n", epoch, 100 * wrong / n
    }
}' iris.csv
