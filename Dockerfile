# DFA Lab as an image. docs/serving.md says how it is run, kept and brought up to date.
#   docker build -t dfa-lab .                       for CPUs
#   docker build -t dfa-lab --build-arg GPU=1 .     with the libraries of NVIDIA's GPUs, about 6 GB

FROM python:3.11-slim AS packages
ARG GPU=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /lab
ENV PATH=/lab/bin:$PATH
WORKDIR /build
COPY requirements.lock requirements-cuda.lock docs/install.md ./
# The smaller torch, by the line that the guide shows for it; the lock then leaves it as it is (so does the Makefile).
RUN if [ -z "$GPU" ]; then PIP_NO_DEPS=1 sh -ec "$(grep -m 1 '^pip install torch==' install.md)"; fi
RUN pip install --require-hashes -r requirements.lock ${GPU:+-r requirements-cuda.lock} \
    && python -c "import torch, torchvision"

FROM python:3.11-slim AS wheel
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock requirements-dev.lock ./
# What builds the wheel, and what that stands on, with their hashes: these blocks of the locks alone.
RUN awk '/^[a-z]/ {take = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/} take' \
        requirements.lock requirements-dev.lock > builder.lock \
    && pip install --require-hashes -r builder.lock
COPY pyproject.toml README.md LICENSE THIRD_PARTY_NOTICES.md ./
COPY dfa_lab dfa_lab
COPY app app
COPY pages pages
COPY docs docs
RUN pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheel .

FROM python:3.11-slim
COPY --from=packages /lab /lab
COPY --from=wheel /wheel /wheel
RUN /lab/bin/python -m pip install --no-cache-dir --no-deps --no-index /wheel/*.whl \
    && useradd --uid 1000 --create-home lab \
    && mkdir /data \
    && chown lab:lab /data
ENV PATH=/lab/bin:$PATH PYTHONUNBUFFERED=1 DFA_LAB_RUNS=/data/runs DFA_LAB_DATA=/data/Datasets
USER lab
WORKDIR /data
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=8)"]
ENTRYPOINT ["dfa-lab", "ui", "--no-browser", "--address", "0.0.0.0", "--port", "8501"]
