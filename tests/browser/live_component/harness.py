"""A server with one page, harness_page.py, and the routes that its chart asks."""

import sys
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import config

sys.path.insert(0, str(Path(__file__).parents[3]))

from app.charts import modules, plotly_script
from tests.browser.live_component.invented import ALL


async def answer(request: Request) -> JSONResponse:
    return JSONResponse(ALL[request.path_params["id"]].answer(int(request.query_params["have"])))


base = config.get_option("server.baseUrlPath").strip("/")
base = f"/{base}" if base else ""
routes = [modules.route(base), plotly_script.route(base), Route(f"{base}/live/{{id}}", answer)]
app = st.App(Path(__file__).with_name("harness_page.py"), routes=routes)
