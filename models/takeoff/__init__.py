"""What happens after AI does all of the research on algorithms: paths of the efficiency A.

The law of motion is the idea production function of semi-endogenous growth (Jones 1995) as Erdil,
Besiroglu & Ho 2024 fit it, with research done by compute and labour in a CES::

    dA/dt = theta A^(1 - fishing_out) F(K, L)^stepping_on_toes (1 - A / A_max)
    F     = ((1 - s) K^rho + s L^rho)^(1 / rho)            F = K^(1 - s) L^s where rho = 0

    A  algorithmic efficiency: 1 at the moment of full automation, t = 0
    K  experiments that the compute buys: A^-experiment_growth, so 1 always where that is 0
    L  labour: researchers before t = 0, then A times compute, compute fixed:
       labour_jump * A(t - delay) / A(-delay), since a model must be trained before it works
    s  share of labour in research (its elasticity in F) just before automation

theta is such that just before automation A grows by `rate_decades_per_year`, as it does today.
Before t = 0 it has grown at that rate.

Closed forms, with F = A (s = 1, no jump, no delay, no ceiling), x = stepping_on_toes - fishing_out,
g = ln(10) rate: the growth rate of A is g A^x, so

    x > 0   A = (1 - x g t)^(-1/x), infinite at t = 1 / (x g)
    x = 0   A = exp(g t)
    x < 0   A = (1 - x g t)^(-1/x); the growth rate g / (1 - x g t) tends to 1 / (-x t)

With rho < 0 and K fixed, F never exceeds (1 - s)^(1 / rho), however much labour there is.

How it is computed: the growth rate is a function of A (and, with a delay, of the past), so time is
integrated over ln A, not ln A over time. A path that blows up needs no small steps and thresholds
are met without search. The step is over b = ln(A / (1 - A / A_max)), in which the ceiling drops out
and is approached without a singularity. Within a step the log of the growth rate is taken as linear
in b, which is exact for the closed forms; rates and times are kept as logarithms until they are
summed. Everything is vectorised over paths.
"""

from models.takeoff.economy import Economy, feedback, speed_up
from models.takeoff.paths import Outcome, simulate

__all__ = ["Economy", "Outcome", "feedback", "simulate", "speed_up"]
