"""Proofs: is every rule what it says, on the settings of the Lab's form?"""

from app import proving

proving.show()
