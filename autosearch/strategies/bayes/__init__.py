"""The parts of Bayesian optimisation: encoding, models, acquisition and its maximisation."""
