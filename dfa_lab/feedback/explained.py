"""What there is to read about the rules: docs/rules.md, and of a rule that is not in it what its own file says."""

import inspect

from dfa_lab.feedback import RULES, rule_class


def explained(text: str) -> str:
    """`text`, in Markdown, with a section for each rule that has none in it."""
    return "".join([text, *(_section(name) for name in RULES if f"\n## {name}\n" not in text)])


def _section(name: str) -> str:
    rule = rule_class(name)
    about = " ".join(inspect.cleandoc(rule.__doc__ or "").split())
    return f"\n## {name}\n\n- **{name}**, {rule.title}. {about}\n\n$$\n{rule.equation}\n$$\n\nFrom {rule.source}.\n"
