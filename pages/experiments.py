"""Experiments: everything that this server has trained, to be found again."""

from app.bar import share_links
from app.experiments import import_zip, page
from app.shell import pages

share_links.title(pages.EXPERIMENTS, "Experiments")
import_zip.show()
page.show()
