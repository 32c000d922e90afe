"""A good experiment, and ways to spoil it: (what is replaced, what by).

`python -m tests.experiment.mutations` writes the answers to all of them into the golden file.
"""

import tempfile
from pathlib import Path

from autosearch.errors import ExperimentError
from autosearch.experiment import load_text

GOLDEN = Path(__file__).parents[1] / "golden" / "experiment_faults.txt"

GOOD = """\
name: digits
command: [python, train.py, "--lr={lr}", "--layers={layers}", "--opt={opt}", "-m={momentum}"]
env: {THREADS: 2, TOKEN: {from_env: HOME}}
metric:
  - {name: val_acc, mode: max, regex: 'val_acc=(\\S+)', reduce: best}
  - {name: val_loss, mode: min}
space:
  lr:       {type: float, low: 1e-5, high: 0.1, scale: log, default: 0.001}
  layers:   {type: int, low: 1, high: 8}
  opt:      {type: choice, values: [adam, sgd]}
  momentum: {type: float, low: 0, high: 0.99, when: {opt: sgd}}
constraints: ["layers * lr <= 0.5"]
skip: [{opt: sgd, layers: 8}]
search: {strategy: tpe_search, gamma: 0.25, trials: 20, parallel: 2, seed: 1}
stop: fifo
limits: {trial_time: 1h30m, consecutive_failures: 5, retries: 2, memory: 8GiB}
resources: {cpus: 1, gpus: 0, nodes: 1}
executor: local
"""

MUTATIONS: tuple[tuple[str, str], ...] = (
    # keys: misspelt, at the wrong level, twice, left out
    ("name: digits\n", ""),
    ("name: digits", "nmae: digits"),
    ("metric:", "metrics:"),
    ("space:", "search_space:"),
    ("search: {", "serach: {"),
    ("trials: 20, ", "trails: 20, "),
    ("stop: fifo", "trials: 20"),
    ("stop: fifo", "memory: 8GiB"),
    ("stop: fifo", "n_trials: 20"),
    ("stop: fifo", "name: again"),
    ("limits: {trial_time", "limits: {timeout"),
    ("retries: 2", "retry: 2"),
    ("resources: {cpus: 1", "resources: {cpu: 1"),
    ("reduce: best", "reducer: best"),
    ("{type: int, low: 1, high: 8}", "{type: int, min: 1, max: 8}"),
    ("{type: int, low: 1, high: 8}", "{low: 1, high: 8}"),
    ("{type: int, low: 1, high: 8}", "{type: int, low: 1}"),
    ("{type: int, low: 1, high: 8}", "[1, 2, 8]"),
    ("{type: int, low: 1, high: 8}", "{type: choice, low: 1, high: 8}"),
    ("values: [adam, sgd]", "value: [adam, sgd]"),
    ("{from_env: HOME}", "{fromenv: HOME}"),
    ("gamma: 0.25", "gama: 0.25"),
    ("search: {strategy: tpe_search, gamma: 0.25", "search: {strategy: [tpe_search], gamma: 0.25"),
    # types and ranges
    ("name: digits", "name: my digits"),
    ("name: digits", "name: 12"),
    ("trials: 20", "trials: many"),
    ("trials: 20", "trials: 0"),
    ("trials: 20", "trials: 2.5"),
    ("trials: 20", "trials: 1_000"),
    ("trials: 20", "trials: '20'"),
    ("trials: 20", "trials: yes"),
    ("parallel: 2", "parallel: -1"),
    ("seed: 1", "seed: [1, 2]"),
    ("type: int", "type: integer"),
    ("type: float, low: 1e-5", "type: loguniform, low: 1e-5"),
    ("low: 1e-5", "low: 1e-5x"),
    ("low: 1e-5", "low: 0.5"),
    ("low: 1e-5", "low: 0"),
    ("low: 1e-5", "low: .inf"),
    ("low: 1, high: 8", "low: 1, high: 8.5"),
    ("low: 1, high: 8", "low: 1, high: 8, step: 0"),
    ("low: 1, high: 8", "low: 1, high: 8, step: 9"),
    ("low: 1, high: 8", "low: 1, high: 100000000000000000000"),
    ("scale: log", "scale: logarithmic"),
    ("default: 0.001", "default: 1"),
    ("values: [adam, sgd]", "values: [adam, adam]"),
    ("values: [adam, sgd]", "values: adam"),
    ("values: [adam, sgd]", "values: [adam, sgd], default: sdg"),
    ("when: {opt: sgd}", "when: {optt: sgd}"),
    ("when: {opt: sgd}", "when: {opt: sdg}"),
    ("when: {opt: sgd}", "when: {momentum: 0.5}"),
    ("when: {opt: sgd}", "when: opt =="),
    ("layers * lr <= 0.5", "layers * lrr <= 0.5"),
    ("layers * lr <= 0.5", "layers * lr <="),
    ("layers * lr <= 0.5", "layers > 9"),
    ("layers * lr <= 0.5", "opt * 2 > 1"),
    ("layers * lr <= 0.5", "__import__('os')"),
    ("skip: [{opt: sgd", "skip: [{opt: sdg"),
    ("skip: [{opt: sgd", "skip: [{optt: sgd"),
    ("trial_time: 1h30m", "trial_time: soon"),
    ("trial_time: 1h30m", "trial_time: 0"),
    ("memory: 8GiB", "memory: 8 gigs"),
    ("consecutive_failures: 5", "consecutive_failures: none"),
    ("cpus: 1", "cpus: 0"),
    ("gpus: 0", "gpus: all"),
    ("nodes: 1", "nodes: 2"),
    ("tpe_search, gamma: 0.25", "auto, cost: minutes"),
    ("gamma: 0.25", "cost: seconds"),
    ("tpe_search, gamma: 0.25", "bayes_opt_search, cost: seconds, surrogate: forest"),
    # words of closed sets
    ("mode: max", "mode: maximise"),
    ("mode: max, ", ""),
    ("reduce: best", "reduce: mean"),
    ("strategy: tpe_search, gamma: 0.25", "strategy: []"),
    ("tpe_search", "tpe"),
    ("gamma: 0.25", "gamma: 25"),
    ("stop: fifo", "stop: fifoo"),
    ("stop: fifo", "stop: {rule: fifo, min_steps: 3}"),
    ("executor: local", "executor: kubernetes"),
    ("stop: fifo", "warm_start: 3"),
    ("stop: fifo", "warm_start: ''"),
    ("stop: fifo", "warm_start: [old.csv, old.pkl]"),
    ("stop: fifo", "warm_start: 'optuna:sqlite:///old.db'"),
    ("stop: fifo", "warm_start: {path: old.csv, column: loss}"),
    ("stop: fifo", "warm_start: [{path: old.csv, mode: minimise}]"),
    ("stop: fifo", "warmstart: runs/old"),
    ("executor: local", "executor: {ray: {adress: auto}}"),
    # regexes and metrics
    (r"'val_acc=(\S+)'", r"'val_acc=(\S+'"),
    (r"'val_acc=(\S+)'", r"'val_acc=(.*?)'"),
    (r"'val_acc=(\S+)'", r'"val_acc=(\d+)"'),
    ("name: val_loss", "name: val_acc"),
    ("{name: val_acc, mode: max, regex: 'val_acc=(\\S+)', reduce: best}", "val_acc"),
    ("name: val_loss, mode: min", "name: val_loss, at_most: low"),
    ("name: val_loss, mode: min", "name: val_loss, at_most: .inf"),
    ("name: val_loss, mode: min", "name: val_loss, at_most: 1, at_least: 2"),
    ("name: val_loss, mode: min", "name: val_loss, at_mots: 1"),
    ("name: val_loss, mode: min", "name: val_loss, upper_bound: 1"),
    ("mode: min}", "objective: true}"),
    ("mode: min}", "mode: min, objective: yes}"),
    ("mode: max, regex", "mode: max, objective: false, regex"),
    ("mode: min}", "mode: min, reference: 3}"),
    ("mode: max, regex", "mode: max, reference: 0.5, regex"),
    ("mode: min}", "mode: min, objectives: true}"),
    ("mode: min}\n", "mode: min, objective: true}\nconfirm: {top: 2}\n"),
    # the command and what it is given
    ("--lr={lr}", "--lr={lrr}"),
    ('"--lr={lr}", ', ""),
    ("command: [python", "command: [true, python"),
    ("command: [", "shell: true\ncommand: ["),
    ("env: {THREADS: 2", "env: {THREADS: true"),
    ("env: {THREADS: 2", "env: {2THREADS: 2"),
    ("env: {THREADS: 2", "env: {THREADS: '{layer}'"),
    ("stop: fifo", "append: '{name}'"),
    ("stop: fifo", "append: '--{key}={value}'"),
    ("stop: fifo", "files: {../config.json: config.json}"),
    ("stop: fifo", "workdir: trail"),
    ("stop: fifo", "shell: yes"),
    # YAML itself
    ("seed: 1}", "seed: 1"),
    ("metric:", "metric"),
    ("  layers:   {", "\tlayers:   {"),
    ("name: digits", "name: !!python/object/apply:os.system [ls]"),
    ("name: digits", "name: *digits"),
    ("name: digits", "name: 'digits"),
    ("name: digits", "name: digits: 2"),
    ("stop: fifo", "<<: {stop: fifo}"),
    ("stop: fifo", "---\nstop: fifo"),
    ("space:\n", "space: []\nspaces:\n"),
    # what is confirmed
    ("seed: 1}", "seed: 1, stop_when: neglible}"),
    ("stop: fifo", "confirm: 3"),
    ("stop: fifo", "confirm: {tops: 3}"),
    ("stop: fifo", "confirm: {repeats: 1}"),
    ("stop: fifo", "confirm: {top: many}"),
    ("stop: fifo", "confirm: {seed_option: '--seed {sed}'}"),
    ("stop: fifo", "confirm: {seed_option: --lr}"),
    ("stop: fifo", "confirm: {seed_option: --seed=}"),
    ("stop: fifo", "confirm: {seed_option: --some seed}"),
    ("stop: fifo", "confirm: {seed_option: ' '}"),
)


def report(folder: Path) -> str:
    """Return every mutation with the faults it is answered with; folder: an empty one."""
    parts = []
    for old, new in MUTATIONS:
        parts.append(f"### {old!r} -> {new!r}")
        try:
            load_text(GOOD.replace(old, new, 1), str(folder / "search.yaml"))
        except ExperimentError as error:
            parts += str(error).replace(f"{folder}/", "").splitlines()
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        GOLDEN.write_text(report(Path(scratch)), encoding="utf-8")
