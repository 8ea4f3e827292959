"""The views of the page "What it has learnt", found by their files: to add one is to add one file with a VIEW."""

from importlib import import_module
from pkgutil import iter_modules

from app.learnt.view import View

_found: list[View] = [import_module(f"{__name__}.{module.name}").VIEW for module in iter_modules(__path__)]
VIEWS = sorted(_found, key=lambda view: view.place)
