"""Junction: uptake dose in the muscles -> share of blocked nerve endings, per day.

Per tissue element the uptake saturates, E0 = Emax p d / (p d + D50); the toxin inside becomes light chain, E' = -kS E,
L' = kS E - kL L, and sessions add in L. The endings of an element spread log-normally, and one is blocked as L^h / (L^h + theta^h);
a small class of endings keeps its light chain longer. Sprouts grow behind the block, G' = (b - G) / tau, and give a little release
back: active share a = 1 - b + w G b. A muscle is the volume-weighted mean of its elements.

Two consequences to know. More dose never blocks less, but the active share may rise by about a hundredth with the dose while
everything is blocked, since sprouts then start earlier. And because sessions add while each one saturates, dividing one session
into two on the same day is stronger than one: the model is for sessions that lie weeks apart.
"""

from glabella.stages.junction.blockade import Blockade, UptakeDose, block_junctions, blocked_share

__all__ = ["Blockade", "UptakeDose", "block_junctions", "blocked_share"]
