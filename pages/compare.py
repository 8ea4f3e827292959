"""Compare: any runs over each other, in means, bands and words."""

from app import compare, comparison

comparison.load()
compare.show()
