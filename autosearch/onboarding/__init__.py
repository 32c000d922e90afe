"""From a script and a log to a draft of an experiment."""
