"""What comes from outside is shown as text: nothing in it becomes a link, an icon or markup."""

import re

import pytest

from app.shell.escape import JOINER, plain

# What Streamlit's Markdown looks for in the text that escapes leave (mdast-util-gfm-autolink-literal, remark-emoji).
ALIVE = [r"(https?://|www(?=\.))[-.\w]+", r"[-.\w+]+@[-\w]+(\.[-\w]+)+", r":[\w+/-]+:"]


def read(markdown: str) -> str:
    """The text of Markdown in which every special character is escaped."""
    assert not re.search(r"(?<!\\)[`*_{}\[\]()#+!|$~:>]|<", markdown.replace("\\\\", ""))
    return re.sub(r"\\(.)", r"\1", markdown).replace("&lt;", "<").replace("&amp;", "&")


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.com",
        "HTTP://evil.com/a?b=c",
        "www.evil.com",
        "WWW.evil.com",
        "https://www.evil.com",
        "a@evil.com",
        "a.b+c@mail.evil.com",
        "mailto:a@evil.com",
        "[x](http://e.com)",
        "<https://evil.com>",
        "![x](https://evil.com/x.png)",
        "<img src=x onerror=alert(1)>",
        "&lt;b&gt; &#60;",
        ":material/delete: :smile: :red[x]",
        "\\https://evil.com \\\\*x*",
        "://www.@www.",
    ],
)
def test_nothing_of_it_is_alive(text: str) -> None:
    shown = read(plain(text))
    for pattern in ALIVE:
        assert not re.search(pattern, shown, re.IGNORECASE), (pattern, shown)
    assert shown.replace(JOINER, "") == text


def test_sentences_stay_as_they_are() -> None:
    sentence = "device (--type) is 'cuda:63': give auto or one that this machine has: cpu."
    assert read(plain(sentence)) == sentence
