"""Compare: any runs over each other, in means, bands and words."""

from app.compare import component, page

component.load()
page.show()
