"""What serves the lab to others: Compose, unit, proxies and their guide fit the project. The image: tests/test_image.py."""

import re
import shlex
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
from typer.main import get_command

from dfa_lab.cli.main import app
from dfa_lab.machine import supervising
from dfa_lab.runs.limits import Limits, facts
from tests import plain_yaml
from tests.dockerfile import entry_point, given, said

ROOT = Path(__file__).parents[1]
SERVING = ROOT / "docs" / "serving"
GUIDE = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
UI = get_command(app).commands["ui"]  # type: ignore[attr-defined]
PORT = "8501"
OURS = {"DFA_LAB_SHARED", "DFA_LAB_ADMIN_TOKEN_FILE", "DFA_LAB_QUOTA", "DFA_LAB_RUNS", "DFA_LAB_DATA", "DFA_LAB_MODELS"}
OURS |= {"DFA_LAB_LOGIN_HEADER", "DFA_LAB_LOGIN_PROXY", "DFA_LAB_ADMINISTRATORS"}
OURS |= {"DFA_LAB_HOSTS", "DFA_LAB_FRAME_ANCESTORS", supervising.VARIABLE}


@pytest.mark.parametrize("wrong", ["a: b: c", "a:\n  b: c\n d: e", "a:\n\tb: c", "a: b\na: c", "- a\nb: c", "a: [b"])
def test_what_is_no_plain_yaml_is_refused(wrong: str):
    with pytest.raises(plain_yaml.NotPlain):
        plain_yaml.read(wrong)


def test_plain_yaml_is_read():
    text = '# x\na:\n  - "b: c"\n  - ./d:/e:ro\nf:\n  - g: h\n    i:\n      - j\nk:\n'
    assert plain_yaml.read(text) == {"a": ["b: c", "./d:/e:ro"], "f": [{"g": "h", "i": ["j"]}], "k": None}


def test_port_and_health_are_the_same_everywhere():
    assert UI.params and {option.name: option.default for option in UI.params}["port"] == int(PORT)
    assert said("EXPOSE") == [PORT] and entry_point()[-2:] == ["--port", PORT]
    assert f"http://127.0.0.1:{PORT}/_stcore/health" in said("HEALTHCHECK")[0]
    compose = plain_yaml.read((ROOT / "compose.yaml").read_text())
    assert compose["services"]["lab"]["expose"] == [PORT]
    assert compose["services"]["proxy"]["environment"]["LAB"] == f"lab:{PORT}"
    assert f"{{$LAB:127.0.0.1:{PORT}}}" in (SERVING / "Caddyfile").read_text()
    assert f"proxy_pass http://127.0.0.1:{PORT};" in (SERVING / "nginx.conf").read_text()
    assert f"app_port: {PORT}\n" in (SERVING / "space.md").read_text()


def test_the_compose_files_name_what_is_there():
    compose = plain_yaml.read((ROOT / "compose.yaml").read_text())
    services, volumes = compose["services"], compose["volumes"]
    (built,) = [one["build"] for one in services.values() if "build" in one]
    assert (ROOT / built["context"] / "Dockerfile").is_file() and set(built["args"]) == {"GPU"}
    for service in services.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in volumes, volume
        assert set(service.get("depends_on", ())) <= services.keys()
    assert {name for name in services["lab"]["environment"] if name.startswith("DFA_LAB_")} <= OURS
    assert "ports" not in services["lab"]  # past the proxy nobody reaches the lab
    used = set(re.findall(r"{\$(\w+)", (SERVING / "Caddyfile").read_text()))
    assert used == services["proxy"]["environment"].keys()
    gpu = plain_yaml.read((SERVING / "compose.gpu.yaml").read_text())
    assert gpu["services"].keys() <= services.keys()
    (device,) = gpu["services"]["lab"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}


def test_the_unit_gives_a_command_of_the_lab():
    unit = dict(
        line.split("=", 1) for line in (SERVING / "dfa-lab.service").read_text().splitlines() if re.match(r"\w+=", line)
    )
    words = shlex.split(unit["ExecStart"])
    assert Path(words[0]).name == "dfa-lab" and words[1] == "ui"
    options = UI.make_context("ui", words[2:]).params
    assert options["shared"] and not options["browser"] and options["address"] == "localhost" and options["port"] == int(PORT)
    assert unit["User"] != "root"
    environment = dict(word.split("=", 1) for word in shlex.split(unit["Environment"]))
    assert {name for name in environment if name.startswith("DFA_LAB_")} <= OURS
    kept = f"/var/lib/{unit['StateDirectory']}"
    assert unit["WorkingDirectory"] == kept and all(value.startswith(kept) for value in environment.values())
    if verify := shutil.which("systemd-analyze"):
        done = subprocess.run([verify, "verify", SERVING / "dfa-lab.service"], capture_output=True, text=True, check=False)
        told = [line for line in done.stderr.splitlines() if "dfa-lab.service" in line and words[0] not in line]
        assert told == []


COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", GUIDE, re.S) for line in block.splitlines()]


@pytest.mark.parametrize("line", [line for line in COMMANDS if re.match(r"dfa-lab |docker run ", line)])
def test_the_guides_commands_of_the_lab_are_such(line: str, tmp_path: Path):
    words = shlex.split(line)
    passed = words[2:] if words[0] == "dfa-lab" else words[words.index("dfa-lab") + 1 :]
    options = UI.make_context("ui", [*entry_point()[2:], *passed]).params
    assert not options["browser"]


def test_the_guide_names_options_and_variables_that_there_are():
    options = {option for parameter in UI.params for option in (*parameter.opts, *parameter.secondary_opts)}
    named = set(re.findall(r"`(--[a-z-]+)", GUIDE)) - {"--build-arg"}
    assert (
        {"--shared", "--address", "--admin-token-file", "--quota", "--login-header", "--login-proxy", "--administrators"}
        <= named
        <= options
    )
    assert set(re.findall(r"DFA_LAB_\w+", GUIDE)) <= OURS
    files = "".join(file.read_text(encoding="utf-8") for top in ("app", "dfa_lab") for file in (ROOT / top).rglob("*.py"))
    assert {name for name in OURS if f'"{name}"' not in files} == set()
    for file in re.findall(r"docs/serving/[\w.-]+\w", GUIDE):
        assert (ROOT / file).is_file(), file


def test_the_guides_table_of_limits_is_the_model():
    table = re.findall(r"^\| ([\w ]+) \| (\d+ \w+) \| (the server|each visitor) \|$", GUIDE, re.M)
    known = [(field, facts(field)) for field in Limits.model_fields.values()]
    of = {True: "each visitor", False: "the server"}
    assert table == [(field.title, f"{field.default} {about['unit']}", of[about["each"]]) for field, about in known]


HEADERS = "Upgrade $http_upgrade", "Connection $dfa_lab_connection", "Host $http_host", "X-Forwarded-Proto $scheme"
NEEDED = {"nginx.conf": [*(f"proxy_set_header {one};" for one in HEADERS), "listen 443 ssl;"], "Caddyfile": ["reverse_proxy"]}


@pytest.mark.parametrize("file", NEEDED)
def test_the_proxies_let_uploads_and_websockets_through(file: str):
    from streamlit import config

    text = (SERVING / file).read_text()
    assert [one for one in NEEDED[file] if one not in text] == []
    assert text.count("{") == text.count("}")
    (most,) = map(int, re.findall(r"(?:max_size|client_max_body_size) (\d+)(?:MB|m)", text))
    largest = int(str(config.get_config_options()["server.maxUploadSize"].default_val))
    assert largest < most < 1.1 * largest and f"up to {largest} MB" in GUIDE


def test_the_front_matter_of_a_space_says_what_hugging_face_asks_for():
    front = plain_yaml.read((SERVING / "space.md").read_text().split("---\n")[1])
    assert front["sdk"] == "docker" and front["license"] == "mit" and "MIT" in (ROOT / "LICENSE").read_text()
    assert len(front["short_description"]) <= 60
    (line,) = [line for line in COMMANDS if line.startswith("git archive")]
    archived = line.partition(" | ")[0].split()[3:]
    for source in {name.split("/")[0] for name in given() if name != "README.md"} | {"Dockerfile", ".dockerignore"}:
        assert any(fnmatch(source, name.split("/")[0]) for name in archived), source
