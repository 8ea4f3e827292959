"""What imports what in the project, read from the files' text: nothing is imported to find it."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# Lower floors first; a file imports from its own floor and from those below. Several folders on one floor are neighbours.
ENGINE = (
    {"registry", "records", "seeding", "machine"},
    {"settings"},
    {"data"},
    {"networks"},
    {"feedback"},
    {"measure"},
    {"train"},
    {"inspect", "proofs"},
    {"runs"},
    {"compare", "export", "paper", "processes", "lessons"},
    {"cli", "__main__"},
)
PAGE = (
    {"people"},
    {"shell"},
    {"doors"},
    {"visit"},
    {"words"},
    {"charts", "live", "form", "bar", "report", "guide"},
    {"angles", "compare", "experiments", "feedback", "learnt", "lessons", "path", "proofs", "reproduce", "server"},
    {"main", "navigation", "launch"},
)
FLOORS = (
    *({f"dfa_lab.{name}" for name in names} for names in ENGINE),
    *({f"app.{name}" for name in names} for names in PAGE),
    {"pages"},
)
FRONT = "dfa_lab"  # dfa_lab/__init__.py names what others may use, from every floor
DOOR = "dfa_lab.cli.main"  # `ui` and --visualize open the page
ROLES = {"page.py", "component.py", "message.py", "view.js"}  # mean the same in each page's folder

Graph = Mapping[str, set[str]]


def modules(root: Path) -> dict[str, Path]:
    """Files of dfa_lab, app and pages below `root` by the name they are imported by."""
    files = [file for top in ("dfa_lab", "app", "pages") for file in sorted((root / top).rglob("*.py"))]
    return {".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imports(root: Path) -> dict[str, set[str]]:
    """For each module the modules of the project that it imports, wherever in it, inside functions too."""
    known = modules(root)
    return {name: _imported(name, file, known) - {name} for name, file in known.items()}


def _imported(name: str, file: Path, known: Mapping[str, Path]) -> set[str]:
    package = name.split(".") if file.stem == "__init__" else name.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*start, *filter(None, [node.module])])
            inside = {f"{source}.{alias.name}" for alias in node.names}
            found |= {module if module in known else source for module in inside}
    return found & known.keys()


def folder(module: str) -> str:
    """Where a module is: a folder of dfa_lab or app, or a loose file at its top; else pages."""
    parts = module.split(".")
    return parts[0] if parts[0] == "pages" else ".".join(parts[:2])


def floor(module: str) -> int:
    """The number of a module's floor, from the bottom. Raises LookupError for a folder that has no floor yet."""
    for number, folders in enumerate(FLOORS):
        if folder(module) in folders:
            return number
    raise LookupError(f"{module}: say in tests/house.py on which floor {folder(module)} is")


def upward(graph: Graph) -> list[str]:
    """Imports from a floor above, each as "who → whom"."""
    return sorted(
        f"{name} → {other}"
        for name, others in graph.items()
        for other in others
        if not {name, other} & {FRONT, "app"} and floor(other) > floor(name) and not (name == DOOR and other.startswith("app."))
    )


def ring(graph: Graph) -> list[str]:
    """The members of a ring of imports in order, the first once more at the end; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def by_folder(graph: Graph) -> dict[str, set[str]]:
    """Which folders of dfa_lab and app import which; a loose file counts as a folder of its own."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, others in graph.items():
        if name != DOOR:
            found[folder(name)] |= {folder(other) for other in others} - {folder(name)}
    return found


def loose(root: Path, top: str) -> set[str]:
    """Names of the Python files at the top of a folder, beside __init__ and __main__."""
    return {file.stem for file in (root / top).glob("*.py")} - {"__init__", "__main__"}


def doubled(files: Iterable[Path]) -> list[str]:
    """File names that several of these have and that are no role."""
    counted = Counter(file.name for file in files if file.suffix in {".py", ".js", ".css", ".toml", ".svg"})
    return sorted(name for name, number in counted.items() if number > 1 and name not in ROLES | {"__init__.py"})
