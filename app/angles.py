"""The page "Angles": every measure of the experiment on screen, as maps of layer × step and as curves, while it trains.

It needs the records alone, so it shows experiments whose networks are long gone, too.
"""

import streamlit as st

from app import feed, sharing, view_link, watching
from app.engine import manager
from app.texts import plain
from dfa_lab.feedback import DirectRule, rule_class
from dfa_lab.measure.over_time import layers_by_steps
from dfa_lab.parsing import describe
from dfa_lab.records import METRICS, Record
from dfa_lab.runs.live import ENDED, Status

MEASURES = {  # as in app/live/figure.js -> (name, metric)
    "signal": ("Signal angle", "signal_angle"),
    "gradient": ("Weight gradient", "gradient_angle"),
    "update": ("Update", "update_angle"),
    "feedback": ("Feedback–weight", "feedback_angle"),
    "signal_ratio": ("Signal size ratio", "signal_ratio"),
    "gradient_ratio": ("Gradient size ratio", "gradient_ratio"),
    "saturated": ("Saturated", "saturated"),
    "dead": ("Dead", "dead"),
    "rank": ("Effective rank", "effective_rank"),
}
BY_METRIC = {metric: measure for measure, (_, metric) in MEASURES.items()}
MOST_CELLS = 12_000  # of one map: what a tick may send
COLUMNS = (40, 240)  # fewest and most


def show() -> None:
    """The whole page."""
    watching.arrive()
    st.title("Angles", anchor=False)
    status = watching.now()
    experiment = status.experiment
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"On screen: **{plain(describe(experiment))}**, rules **{', '.join(experiment.rules)}**.")
        st.page_link("../pages/lab.py", label="Settings and curves in the Lab", icon=":material/science:")
        st.page_link("../pages/rules.py", label="What each of them is", icon=":material/menu_book:")
        sharing.share_page("angles")
    options = list(MEASURES)
    first = options.index(view_link.told("map", options, options[0]))
    measure: str = st.selectbox(
        "Map of",
        options,
        index=first,
        key="angles_of",
        format_func=lambda one: MEASURES[one][0],
        persist_state="session",
        width=260,
    )
    view_link.tell({"map": (measure, options[0])})
    name, metric = MEASURES[measure]
    st.caption(f"**{name}**: {METRICS[metric][1]}. Rows: layers, the first at the bottom; columns: steps; blank: no value.")
    if (said := missing(status)) and not status.demo:
        st.info(said, icon=":material/info:")
    feed.show(status, key="live_angles", more=lambda now: {"layout": "angles", "heat": heat(now, measure)})


def missing(status: Status) -> str:
    """The sentence about what an experiment that has ended never recorded; nothing where all is there."""
    if status.state not in ENDED:
        return ""
    rows = _seen(status)["rows"]
    fed = any(rule_class(rule).replaces_weights or issubclass(rule_class(rule), DirectRule) for rule in status.experiment.rules)
    names = [
        name
        for measure, (name, metric) in MEASURES.items()
        if metric not in rows and (measure != "feedback" or fed) and status.layers
    ]
    if not names:
        return ""
    return (
        f"This experiment has no {', '.join(names)}: it was trained by a lab that did not measure this yet, or with fewer "
        "measures chosen, or it ended at once. Start it again to see them."
    )


def heat(status: Status, measure: str) -> dict:
    """The maps of all rules, plain JSON; made anew only when something was measured since."""
    seen, metric = _seen(status), MEASURES[measure][1]
    records: list[Record] = seen["rows"].get(metric, [])
    version = (status.id, measure, len(records), len(status.layers))
    if seen.get("version") != version:
        experiment = status.experiment
        most = min(COLUMNS[1], max(COLUMNS[0], MOST_CELLS // (len(status.layers) + 2)) // 2 * 2)
        rules = {}
        for rule in experiment.rules:
            runs = {number for number, (name, _) in enumerate(experiment.runs()) if name == rule}
            found = layers_by_steps(records, runs, len(status.layers), most)
            rules[rule] = {"steps": found.steps, "rows": found.rows, "values": found.values}
        seen |= {"version": version, "heat": {"measure": measure, "rules": rules, "version": len(records)}}
    return seen["heat"]


def _seen(status: Status) -> dict:
    """What this visitor's page has read of the experiment: `rows`, metric -> records; and the last maps."""
    seen = st.session_state.setdefault("angles_seen", {})
    if seen.get("id") != status.id:
        seen.clear()
        seen |= {"id": status.id, "have": 0, "rows": {}}
    new = manager().records(status.id, seen["have"])
    seen["have"] += len(new)
    for record in new:
        if record.metric in BY_METRIC:
            seen["rows"].setdefault(record.metric, []).append(record)
    return seen
