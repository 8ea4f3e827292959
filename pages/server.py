"""Server: who is on it, what it is busy with, and what it has left; for whoever keeps it."""

from app.bar import share_links
from app.server import page
from app.shell import pages

share_links.title(pages.SERVER, "Server")
page.show()
