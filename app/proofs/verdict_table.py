"""Which rule passes which proof, at a glance: a table, and on a phone a list for each rule, as wide as the screen."""

from html import escape

from dfa_lab.feedback import rule_class
from dfa_lab.proofs import Finding, Section, Verdict

MARKS = {  # 4.5:1 and more in either theme; the words beside them say the same
    Verdict.PASSES: ("✓", "light-dark(#1B7F3B, #3FBF6A)"),
    Verdict.FAILS: ("✗", "light-dark(#C8353A, #FF8084)"),
    Verdict.UNDECIDED: ("?", "light-dark(#8F5C0B, #D9A441)"),
    Verdict.NOT_APPLICABLE: ("–", "light-dark(#6A6A6A, #A6A6A6)"),
}
OVERVIEW = """<style>
.overview { overflow-x: auto; }
.overview :is(th, td) { padding: 4px 8px; text-align: left; white-space: nowrap; }
@media (max-width: 640px) {
  .overview :is(table, tbody, tr, th, td) { display: block; width: 100%; }
  .overview tr:first-child { display: none; }
  .overview td { display: flex; justify-content: space-between; }
  .overview td::before { content: attr(data-proof); }
}
</style>"""


def of_rule(rule: str) -> str:
    """A rule's name beside its colour, as HTML."""
    return f'<span style="color:{rule_class(rule).colour}" aria-hidden="true">■</span> <b>{escape(rule)}</b>'


def of_verdict(finding: Finding) -> str:
    """What was found of a rule, in a box of its colour, as HTML."""
    mark, colour = MARKS[finding.verdict]
    box = f"border:2px solid {colour};border-radius:8px;padding:0 6px;white-space:nowrap"
    return f'<span style="{box}"><b style="color:{colour}" aria-hidden="true">{mark}</b> {finding.verdict.value}</span>'


def show(place, found: list[Section]) -> None:
    """Rules × proofs, at a glance."""
    rules = list(dict.fromkeys(rule for section in found for rule in section.findings))
    names = ["rule", *(f"{n}. {one.short}" for n, one in enumerate(found, start=1))]
    head = "".join(f"<th>{name}</th>" for name in names)
    body = ""
    for rule in rules:
        cells = ""
        for section in found:
            finding = section.findings.get(rule)
            text = of_verdict(finding) if finding else '<span style="opacity:.7">not run</span>'
            cells += f'<td data-proof="{section.short}">{text}</td>'
        body += f'<tr><th scope="row">{of_rule(rule)}</th>{cells}</tr>'
    scrolls = 'class="overview" tabindex="0" role="region" aria-label="What each rule passes"'
    place.html(f"{OVERVIEW}<div {scrolls}><table><tr>{head}</tr>{body}</table></div>")
