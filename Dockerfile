# The environment of the compendium, from the pins in requirements.lock. Build and run from a checkout:
#   docker build -t compendium . && docker run --rm -v "$PWD/results:/compendium/results" compendium all
FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends git make && rm -rf /var/lib/apt/lists/*
WORKDIR /compendium
COPY requirements.lock pyproject.toml ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .
ENV OMP_NUM_THREADS=1 PYTHONHASHSEED=0
ENTRYPOINT ["compendium"]
CMD ["--help"]
