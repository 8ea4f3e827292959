"""Whether a browser, or whoever asks, takes what is packed."""

import re

WEIGHT = re.compile(r"\s*q\s*=\s*([01](?:\.\d*)?)\s*")
GZIP, ANY = ("gzip", "x-gzip"), "*"


def takes_gzip(header: str) -> bool:
    """By an Accept-Encoding header as RFC 9110 (12.5.3) has it: "gzip;q=0" refuses it, "*" names all that are not named.

    Without a header nothing is known of who asks, and what is not packed is understood by all.
    """
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, *parameters = part.split(";")
        found = [match for one in parameters if (match := WEIGHT.fullmatch(one))]
        weights[coding.strip()] = float(found[0][1]) if found else 1.0
    named = [weights[coding] for coding in GZIP if coding in weights]
    return max(named) > 0 if named else weights.get(ANY, 0.0) > 0
