"""A script of a page that shows nothing itself: mounted as a component, and no gap left where it stands."""

from collections.abc import Callable

import streamlit as st
from streamlit.components.v2 import component


def script(key: str, text: str) -> Callable[[], None]:
    """What mounts the script `text`, whose default export runs with every page that it is called from. `key`: its own."""
    mounted = component(key, js=text, isolate_styles=False)

    def mount() -> None:
        st.html(f"<style>.st-key-{key} {{ display: none }}</style>")
        mounted(key=key)

    return mount
