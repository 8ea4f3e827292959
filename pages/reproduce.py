"""Reproduce: the paper's tables, filled in by training them here."""

from app.bar import share_links
from app.reproduce import page
from app.shell import pages

share_links.title(pages.REPRODUCE, "Reproduce the paper")
page.show()
