"""A table of digits in the paper's place: its cells are trained in seconds."""

from dfa_lab.paper.tables import Published, Row, Table

SETTINGS = {"dataset": "digits", "num_layers": 1, "num_hidden": 20, "batch_size": 32, "probe_size": 8, "device": "cpu"}
ROW = Row(
    4,
    "1×20 Tanh",
    {**SETTINGS, "learning_rate": 0.003},
    {"bp": Published(5.0, 0.5), "dfa": Published(6.0, 0.5, 0.1, "text")},
    {"learning_rate": "nobody has <b>published</b> it"},
)
SMALL = (Table(4, "digits", "digits, test error in percent", (ROW,)),)
