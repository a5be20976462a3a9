# A stand-in for the official image of Python, made of the tests' base image: python and pip first on the PATH, and apt as it is there.
ARG BASE
FROM ${BASE}
COPY etc /etc
COPY pip /tmp/pip
ENV PIP_CONFIG_FILE=/tmp/pip/pip.conf PATH=/opt/python/bin:$PATH
RUN python3 -m venv /opt/python \
 && printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
