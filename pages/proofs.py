"""Proofs: is every rule what it says, on the settings of the Lab's form?"""

from app.proofs import page

page.show()
