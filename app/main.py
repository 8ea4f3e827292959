"""The server: Streamlit with the pages of navigation.py, and what the live charts ask for. `streamlit run app/main.py`

The settings in .streamlit/config.toml beside this file hold wherever it is run from: Streamlit reads them last.
"""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # streamlit puts only this file's folder there
    sys.path.insert(0, str(ROOT))

from app import launch  # noqa: E402 (the path has to be there first)
from app.charts import modules, plotly_script  # noqa: E402 (the path has to be there first)
from app.doors import descriptors, hosts, page_errors, security_headers  # noqa: E402 (the path has to be there first)
from app.lessons import recorded_run  # noqa: E402 (the path has to be there first)
from app.live import route  # noqa: E402 (the path has to be there first)
from app.people import administrators_link, login, login_key  # noqa: E402 (the path has to be there first)
from app.people.identity import Cookies  # noqa: E402 (the path has to be there first)
from app.people.login_gate import Gate  # noqa: E402 (the path has to be there first)
from app.shell import sub_pages  # noqa: E402 (the path has to be there first)
from app.shell.uploads import Uploads  # noqa: E402 (the path has to be there first)

try:
    login.check()
except login_key.LoginError as error:
    sys.exit(str(error))
base = config.get_option("server.baseUrlPath").strip("/")
base = f"/{base}" if base else ""
routes = [file.route(base) for file in (modules, plotly_script, route, recorded_run, administrators_link)] + sub_pages.routes(
    base
)
middleware = [
    Middleware(security_headers.SecurityHeaders),
    Middleware(hosts.Hosts, charts=f"{base}/{route.PATH}/"),
    Middleware(descriptors.Answers),
    Middleware(Gate, path=base or "/"),
    Middleware(Cookies, path=base or "/"),
    Middleware(Uploads),
]

app = st.App(
    ROOT / "app" / "navigation.py",
    routes=routes,
    middleware=middleware,
    lifespan=launch.lifespan,
    on_script_error=page_errors.on_page,
)
