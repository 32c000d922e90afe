"""From a trial to the job that runs it."""

import os
from pathlib import Path

from autosearch.executors.base import Job, Limits, Resources
from autosearch.executors.environment import trial_environment
from autosearch.experiment.command import render, show_command, with_seed
from autosearch.experiment.model import Experiment
from autosearch.folders import trial_folder
from autosearch.trial import Trial


def make_job(
    experiment: Experiment, trial: Trial, attempt: int, *, study: str, folder: Path
) -> tuple[Job, str]:
    """Return the job of an attempt, and its command for people to read, "" where there is none.

    folder: the study's. Raises InputError where the command cannot be made, e.g. because a variable
    of the environment that it needs is not set.
    """
    own = trial_folder(folder, trial.number)
    rendered = render(
        experiment,
        trial.params,
        trial_dir=own,
        seed=trial.seed,
        number=trial.number,
        environ=os.environ,
    )
    if trial.confirms and trial.seed_option:
        rendered = with_seed(rendered, trial.seed_option, trial.seed)
    job = Job(
        study=study,
        number=trial.number,
        attempt=attempt,
        params=trial.params,
        command=rendered.command,
        shell=rendered.shell,
        cwd=rendered.cwd,
        folder=own,
        env=trial_environment(
            os.environ,
            rendered.env,
            marker=f"{study}/{trial.number}/{attempt}",
            number=trial.number,
            folder=own,
            seed=trial.seed,
        ),
        seed=trial.seed,
        files=rendered.files,
        rules=tuple(metric.rule for metric in experiment.metrics),
        resources=Resources(experiment.resources.cpus, experiment.resources.gpus),
        limits=Limits(
            experiment.limits.trial_time, experiment.limits.memory, experiment.limits.grace
        ),
    )
    return job, show_command(rendered) if experiment.command else ""
