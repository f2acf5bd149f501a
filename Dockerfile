# The one image of Respaldo: Airflow with its providers, restic, the clients of databases, and nobody's secrets.
FROM debian:trixie-slim

# Clients of databases: dumps are read best with the tools of the version nearest to the server's. Debian
# stable has one major version; the one before comes from the release before, whose packages run here too.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    apt-get update \
 && apt-get install -y --no-install-recommends \
        bzip2 ca-certificates curl debian-archive-keyring mariadb-client openssh-client \
        postgresql-client-17 python3 python3-venv sqlite3 tini tzdata \
 && printf 'Types: deb\nURIs: %s\nSuites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "$(sed -nE 's/^(URIs:|deb) +(http[^ ]+).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -1)" \
        > /etc/apt/sources.list.d/before.sources \
 && apt-get update \
 && apt-get install -y --no-install-recommends postgresql-client-15 \
 && rm -rf /etc/apt/sources.list.d/before.sources /var/lib/apt/lists/*

# The same number on every server: volumes and files of secrets are read by it. The home is open to others:
# scripts/init-secrets runs our program as whoever asks for it.
RUN groupadd --gid 50000 respaldo \
 && useradd --uid 50000 --gid respaldo --home-dir /opt/respaldo --create-home --shell /bin/bash respaldo \
 && chmod 0755 /opt/respaldo \
 && install -d -o respaldo -g respaldo -m 0750 \
        /opt/respaldo/airflow /opt/respaldo/airflow/logs /var/lib/respaldo /repositories

COPY scripts/ensure-restic /tmp/ensure-restic
RUN /tmp/ensure-restic --dir /usr/local/bin restic restic-rest-server && rm /tmp/ensure-restic

ENV PATH=/opt/respaldo/venv/bin:$PATH \
    AIRFLOW_HOME=/opt/respaldo/airflow \
    RESPALDO_HOME=/var/lib/respaldo \
    RESPALDO_CONFIG=/opt/respaldo/config \
    PYTHONUNBUFFERED=1

COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache \
    python3 -m venv /opt/respaldo/venv \
 && python3 -m venv /tmp/uv && /tmp/uv/bin/pip install --quiet --disable-pip-version-check uv \
 && UV_LINK_MODE=copy /tmp/uv/bin/uv pip install --quiet --compile-bytecode --python /opt/respaldo/venv/bin/python \
        --requirement /tmp/requirements.txt \
 && rm -rf /tmp/uv /tmp/requirements.txt

WORKDIR /opt/respaldo
COPY pyproject.toml README.md LICENSE /tmp/project/
COPY include/respaldo /tmp/project/include/respaldo
RUN --mount=type=cache,target=/root/.cache \
    pip install --quiet --disable-pip-version-check --no-deps /tmp/project && rm -rf /tmp/project
COPY docker/webserver_config.py airflow/webserver_config.py
COPY dags dags
COPY plugins plugins

USER respaldo
# Zombies of a killed task are reaped, and signals reach the program.
ENTRYPOINT ["tini", "--"]
CMD ["respaldo", "--help"]
