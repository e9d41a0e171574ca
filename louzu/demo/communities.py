"""How the communities of the demonstration street differ, so that every picture of them says something."""

from typing import NamedTuple


class DemoCommunity(NamedTuple):
    """What is its own in a community. `size`, `local` and `needs` are weights, `staying_out` a number, the rest shares.

    `housing` names the kinds of its compounds by their first characters.
    """

    housing: str
    size: float  # how many groups
    local: float  # how many local members
    staying_out: int  # members who do not take part
    young: float  # of groups, those founded in the last two years
    cadres: float  # of groups in which senior cadres live, those that one leads
    zeal: float  # of periods, those in which what is due is done
    idle: float  # of members who take part, those who come to no activity
    paired: float  # of member households
    forgotten: float  # of pairs, those not visited for a season
    consenting: float  # of members, those who agree to be named on the stairwell plate
    needs: float  # how many needs
    waiting: float  # of needs, those nobody has claimed
    agreed: float  # of cards shown, those that the members agreed to
    issued: float  # of cards agreed to, those that were issued


# The first and seventh are well ahead, the fifth lags behind; the sixth forgets to visit, in the eighth needs pile up.
TRAITS = (
    DemoCommunity(
        "商售老售别", size=1.0, local=1.2, staying_out=5, young=0.08, cadres=0.65, zeal=0.97, idle=0.005, paired=0.44,
        forgotten=0.06, consenting=0.6, needs=1.2, waiting=0.15, agreed=1, issued=0.97,
    ),
    DemoCommunity(
        "售售老商售", size=1.2, local=1.6, staying_out=8, young=0.2, cadres=0.45, zeal=0.86, idle=0.015, paired=0.33,
        forgotten=0.12, consenting=0.6, needs=0.8, waiting=0.2, agreed=1, issued=0.97,
    ),
    DemoCommunity(
        "商动商别老", size=0.9, local=0.7, staying_out=11, young=0.3, cadres=0.75, zeal=0.78, idle=0.03, paired=0.28,
        forgotten=0.15, consenting=0.15, needs=0.5, waiting=0.25, agreed=1, issued=0.8,
    ),
    DemoCommunity(
        "动动动商售", size=1.1, local=0.8, staying_out=3, young=0.4, cadres=0.2, zeal=0.9, idle=0.02, paired=0.38,
        forgotten=0.08, consenting=0.1, needs=1.0, waiting=0.2, agreed=0.95, issued=0.97,
    ),
    DemoCommunity(
        "老老老售动", size=0.8, local=1.9, staying_out=38, young=0.45, cadres=0.1, zeal=0.46, idle=0.08, paired=0.17,
        forgotten=0.25, consenting=0.05, needs=0.9, waiting=0.3, agreed=0.3, issued=0,
    ),
    DemoCommunity(
        "售老动商售", size=1.0, local=1.1, staying_out=15, young=0.25, cadres=0.4, zeal=0.72, idle=0.03, paired=0.31,
        forgotten=0.6, consenting=0.1, needs=0.7, waiting=0.25, agreed=1, issued=0.97,
    ),
    DemoCommunity(
        "商商别商动", size=1.2, local=0.5, staying_out=2, young=0.12, cadres=0.8, zeal=0.96, idle=0.01, paired=0.48,
        forgotten=0.05, consenting=0.05, needs=0.6, waiting=0.15, agreed=1, issued=0.97,
    ),
    DemoCommunity(
        "售动老售别", size=0.8, local=1.0, staying_out=18, young=0.35, cadres=0.3, zeal=0.8, idle=0.04, paired=0.24,
        forgotten=0.15, consenting=0.05, needs=4.5, waiting=0.6, agreed=0.9, issued=0.5,
    ),
)  # fmt: skip
