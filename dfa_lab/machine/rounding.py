"""How far the format's rounding may carry the activities of a block."""

# Of their length, in the format's eps; of digits in networks of 3 to 50 blocks, in 32 bits against 64, it was 0.1 to 0.9.
NOISE = 4.0
