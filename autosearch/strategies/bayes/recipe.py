"""Every constant of the model-based search, each with where it comes from.

"tuned": chosen on the training tasks and, for the first 20 trials, the landscapes of
`benchmarks/search`, by mean normalised regret after 20, 35 and 50 trials over paired seeds;
differences below .03 there are noise, unless an error is given.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """The constants of `BayesOpt`; the defaults are the published behaviour."""

    # First points: max(min, a + 1) of them, at most max, where a parameters with more than one
    # value are active at the start. After the start each is the best so far with one group of the
    # parameters moved by `first_step`, the likeliest of `step_pool` to go well once anything has
    # failed. Against points spread over the whole space that left, after 10 trials, .1 less regret
    # on continuous and mixed tasks, .3 on conditional and .06 on noisy ones (tuned; at most 6
    # points: .04 more regret after 20 trials in 7 to 10 dimensions). Steps of .25 left .01 less
    # after 20 trials on smooth tasks and .04 less on mixed ones, but a sixth more on BBOB, to which
    # nothing is tuned: so it is not as sure as it looked. Where nothing has gone well yet, points
    # are spread.
    # Those that run together, before any has ended, step to both sides of the start: with eight at
    # once that left .87 (+- .07) times the regret of points spread out, after 16 trials (tuned; two
    # groups of parameters moved at once: as good).
    initial_min: int = 3
    initial_max: int = 11
    first_step: float = 0.3
    step_pool: int = 8
    # Then so many steps of this length down the plane that fits the losses, in spaces without
    # conditions: .04 less regret after 10 trials and .02 after 20 on smooth tasks, as much on mixed
    # and noisy ones (tuned; one step, four, and as many as improve: .01 more; .15 and .3: no
    # better; in conditional spaces .06 more after 20). Not with several objectives, nor the rise
    # towards the bounds: without both the front after 20 trials holds .80 of the volume, not .73.
    descents: int = 2
    descent: float = 0.2
    # Random points among which the next first point is the one that lies best.
    design_pool: int = 128

    # Losses above median + knee * (median - 10 % quantile) are compressed by a logarithm (tuned,
    # against logs and ranks): the good end keeps its shape, and one diverged run does not flatten
    # it; nor does one of 1e30, since the excess has a lid (by hand).
    # A knee at `steep_knee` is taken where the model finds it likelier, by `steep_odds` at least in
    # the logarithm: .02 less regret on steep tasks after 20 trials (of .11), .02 on other smooth
    # ones after 50, and no more elsewhere (tuned).
    knee: float = 3.0
    steep_knee: float = 0.3
    steep_odds: float = 1.0
    steep_least: int = 4
    lid: float = 5.0
    low_quantile: float = 0.1
    # From `typical_from` trials on, those that lie so close to a better one (root mean square over
    # the parameters, inactive ones included) do not count in the quantiles, unless fewer than
    # `typical_least` are left: else the trials that polish the best one make the scale ever finer,
    # and the search polishes on. 0 counts all. Over 118 of the field's test functions and random
    # ones, which are not kept here, that left .021 (+- .012, standard error) less regret after 50
    # trials and .042 (+- .017) less after 100 (of .19), on the training tasks as much (two seeds;
    # .04 and .12: as good, the latter less so on bowls; mean and deviation of the same trials:
    # worse; with all trials where the model finds that likelier: no better).
    close: float = 0.07
    typical_from: int = 20
    typical_least: int = 5

    # Priors, normal in the logarithm: (mean, deviation). Length scales grow with sqrt(d) (Hvarfner
    # et al. 2024); short ones on average (tuned). Those of numbers vary together by `common_scale`
    # and each by .4: a few trials tell how rough a function is, not along which axis. Against
    # independent ones, as wide in all, that left .09 less regret after 10 trials and .04 after 20
    # on smooth tasks of 5 to 10 dimensions, as much or less elsewhere (tuned; .25 and .6 less
    # good). Noise: a wide prior, as most programs have hardly any and some have much (tuned).
    # Trend: by hand.
    number_scale: tuple[float, float] = (-0.9, 0.4)
    common_scale: float = 0.9
    category_scale: tuple[float, float] = (0.0, 1.0)
    noise: tuple[float, float] = (-6.0, 3.0)
    trend: tuple[float, float] = (-1.0, 1.5)
    # The prior mean rises towards the bounds, since ranges are mostly chosen with the best values
    # well inside. 1 makes .45 deviations of the losses over the space, and left .01 less regret
    # after 20 trials on smooth tasks (of .12), .06 on mixed and noisy ones, and no more where the
    # best point is in a corner (tuned; 1.5: stuck in local optima; less as trials come: no better).
    bowl: float = 1.0
    scale_bounds: tuple[float, float] = (-4.0, 5.0)
    noise_bounds: tuple[float, float] = (-14.0, 2.0)
    trend_bounds: tuple[float, float] = (-9.0, 4.0)
    # Where all free parameters are numbers, more than `small` of them and at most `additive_most`
    # (for its cost), the covariance has from `additive_least` trials on a part that is a sum over
    # the numbers, each of short scale (Duvenaud et al. 2011): what many points say of one number
    # then holds wherever the others lie. The prior is of its weight, against 1 for the part that
    # all parameters share. On functions with many minima that left .94 of the regret after 20
    # trials and .9 after 35, on the one made of cosines a quarter less after 35 and 50, and
    # elsewhere as much as without (tuned; Gaussian in place of Matérn-3/2: worse; weights of 1,
    # scales of .06, a fitted scale: no better; from 5 trials on, with categories and with
    # conditions: up to .05 more after 20; on steep bowls up to .005 more after 25). Several
    # objectives: no difference.
    additive: tuple[float, float] = (-1.0, 1.5)
    additive_bounds: tuple[float, float] = (-7.0, 4.0)
    additive_scale: float = 0.12
    additive_least: int = 10
    additive_most: int = 50
    cosines: int = 20
    jitter: float = 1e-6

    # The model is fitted from where the last fit ended; in early days and every few trials from the
    # priors' means too, which escapes a local optimum of the likelihood.
    restart_below: int = 15
    restart_every: int = 8
    steps_small: int = 30
    steps_medium: int = 14
    steps_large: int = 8
    medium: int = 40
    large: int = 60
    # Trials in the model: the best half, and a random half that changes every few trials. Regret
    # with 100 equals that with all of them (tuned at d = 12), at a bounded cost.
    modelled: int = 100
    redraw_every: int = 10

    # Up to so many trials the acquisition is of a mixture: the model, and so many more from a short
    # walk through the posterior of its hyperparameters (Snoek et al. 2012). It left .1 less regret
    # on mixed and .05 less on noisy tasks at 20 trials, and as much elsewhere (tuned). On functions
    # with many minima it goes on to help: a quarter less regret after 75 and 100 trials than with
    # one model from 40 on (tuned).
    averaged_below: int = 100
    averaged: int = 3
    walk_step: float = 0.5
    walk_thinned: int = 10

    # Asks take turns: 0 explores, 1 stays in the trust region, 2 searches everywhere. `ucb` on turn
    # 0 (with kind auto) left regret without noise as it was and lowered it under noise (tuned).
    # Of trials that run together at most one explores, and the others take turns 1 and 2: what runs
    # drives them apart anyway. From trial 16 to 32, eight at once, that left .84 (+- .05) times the
    # regret, from 32 to 48 1.04 (+- .05) times (tuned; all in the region .92 from 16 to 32, none
    # exploring nor in the region .99; other thetas for each, or draws in place of the mean: no
    # better).
    turns: int = 3

    # While one of the last `calm` trials has improved, turn 0 explores with this share of kappa
    # (kind auto, fitted noise up to `short_noise`, more than `small` free parameters): with all of
    # it one such ask in twenty improved, of the others one in three. It left .94 of the regret
    # after 20 trials on functions with many minima, .95 on smooth and .83 on steep ones (tuned;
    # shares of .6 and .24: no better; without the limit of `calm`, and in two dimensions even with
    # it, single searches stayed on a plateau).
    calm: int = 5
    calm_kappa: float = 0.4
    small: int = 2

    # In a conditional space turn 0 goes to a branch with fewer than so many times log(n) of the n
    # trials, as long as there is one: a bad first look at a branch is no proof. Without it one
    # search in ten stayed in a wrong branch to the end (tuned; 1.5 and 3 as good).
    branch_least: float = 2.0

    # After an improvement the next ask stays in the trust region, whatever its turn, unless the
    # fitted noise ratio exceeds `short_noise` (tuned: .02 less regret on smooth tasks after 20
    # trials, .05 on mixed and noisy ones). So do the last trials of a known number, unless it
    # exceeds `anneal_noise` (tuned with 15 trials in all: .04 and .02).
    closing: int = 3

    # Length scales are shortened for an ask, which makes it explore between known points: on turn 0
    # by `short`, every second ask by how long the best has not improved; less where the fitted
    # noise ratio exceeds `short_noise` (all tuned together).
    short: float = 0.7
    stall: float = 0.1
    stall_grace: int = 3
    stall_max: float = 1.5
    stall_same: float = 0.01
    short_noise: float = 0.01
    short_least: float = 0.05
    scale_cap: float = 1.0

    # Above this fitted ratio of noise to signal turn 2 is an annealing step (tuned: no harm
    # without noise, where it never happens).
    anneal_noise: float = 0.03

    # Candidates over the whole space: uniform ones, and neighbours of the best known points.
    uniform: int = 250
    elites: int = 5
    elite_scales: tuple[float, ...] = (0.25, 0.07, 0.02)
    elite_each: int = 20
    refined: int = 5
    rounds: int = 10
    children: int = 14
    step: float = 0.12
    step_decay: float = 0.68
    redraw_category: float = 0.25
    # Finite spaces of at most so many points are judged whole.
    enumerated: int = 1024

    # Candidates in the trust region (after Eriksson et al. 2019, with one region and no restart).
    # `patience` trials in it that improve nothing shrink it (tuned: to .6 of it left .1 more of the
    # regret after 50 trials on functions with many minima). Of several that ran at once each
    # counts, or it would hardly shrink: with eight that left .88 (+- .06) times the regret after 64
    # trials (tuned); not where the fitted noise ratio exceeds `short_noise`, there it did not help.
    region_start: float = 0.2
    region_max: float = 0.4
    region_min: float = 0.005
    region_grow: float = 1.6
    region_shrink: float = 0.4
    region_patience: int = 2
    region_pool: int = 120
    region_scales: tuple[float, ...] = (1.0, 0.6, 0.3)
    region_refined: int = 4
    region_rounds: int = 6
    region_decay: float = 0.6
    region_redraw: float = 0.3

    # Log probability of going well counts so many times in an acquisition (tuned on failing tasks).
    caution: float = 3.0
    # Labels are hardly noisy. Without a lid on it, points close by on both sides of a border are
    # taken for noise, and all that is known about the interior of the region is forgotten.
    label_noise: tuple[float, float] = (-6.0, 1.0)
    label_noise_bounds: tuple[float, float] = (-14.0, -4.0)
    # First points are chosen from this share of the pool, the likeliest to go well, once anything
    # has failed.
    design_share: float = 0.25
    # Annealing steps drawn; of them the likeliest to go well is taken, once anything has failed.
    anneal_pool: int = 16

    # Earlier searches: the weight of their trend against that of all parameters together, and what
    # makes one believed: of n >= least trials, before there are `until`, the losses less `share` of
    # what it expects have to be likelier by `odds`, a logarithm. By five trials one in sixteen
    # bowls elsewhere has passed, 79 % of the same task and 57 % of its relatives; by agreement
    # alone, r >= 1.6 / sqrt(n), it was one in seven, 92 % and 57 %. With odds of 0.3 it is one in
    # eight, 98 % and 74 %, and the regrets on training tasks are alike; but on unseen ones other
    # tasks then cost 8 % after 20 trials, with these 2. Until 20 trials bowls elsewhere cost 12 %
    # after 20 trials, not 5, and relatives gained no more: one run that is misled for long is what
    # costs. To ask at every second trial only did as well; to let go after four trials without
    # gain did not help (training tasks of `benchmarks.warm_start`, four to six seeds).
    earlier_weight: float = 1.0
    earlier_share: float = 0.5
    earlier_odds: float = 0.6
    earlier_least: int = 3
    earlier_until: int = 12
    # What failed there warns, unless a trial went well here within so much in each parameter (root
    # mean square; by hand).
    warned_apart: float = 0.1
    # What shows that a search of n results has learned something: that each is foreseen from the
    # others, with r >= learned / sqrt(n). Of searches of noise one in twenty passes, of 30 results
    # of other tasks 19 in 20 (training tasks).
    earlier_learned: float = 1.6

    # Known durations from which costs are modelled at all (by hand).
    least_costs: int = 2
    # A cheap place to step from is looked for where logarithms of seconds differ by so much (by
    # hand): below that it would be chance, and the best trial is the better place.
    cost_spread: float = 0.2
    # A promise is divided by this power of its cost. On 21 tasks with costs, which are not kept
    # here and none of them in `benchmarks.cost_aware`, powers of .35 and .7 left .01 more at half
    # of the seconds, and so did .5 that falls to 0 as a budget is used up (eight paired seeds, +-
    # .006, standard error). First steps from the cheap sides of the parameters that have moved left
    # .03 (+- .01) less regret than steps from the best trial at a quarter of the seconds and .02
    # (+- .01) less at half; no steps downhill after them .01 less again.
    cost_power: float = 0.5

    # The forest: one ask in so many is random (SMAC3: a fifth of them); its trees (three times
    # SMAC3's, tuned), and the least trials in a leaf (SMAC3's for hyperparameters).
    forest_random_every: int = 5
    trees: int = 30
    leaf: int = 1


RECIPE = Recipe()
