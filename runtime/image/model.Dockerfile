# One layer on top of an environment: the archive, unpacked, so that a container needs no room to unpack it at each start.
ARG ENVIRONMENT
FROM ${ENVIRONMENT} AS archive
USER 0:0
COPY model.mar /tmp/model.mar
# One date for every file makes the layer of one archive the same wherever it is built.
RUN mkdir /archive && python3 -m zipfile -e /tmp/model.mar /archive/model.mar \
 && chmod -R a+rX /archive && find /archive -exec touch --no-dereference --date=@0 {} +

FROM ${ENVIRONMENT}
COPY --from=archive /archive /opt/trainyard/models
ARG MODEL
ARG VERSION
ENV TRAINYARD_MODEL=${MODEL} TRAINYARD_VERSION=${VERSION}
LABEL trainyard.model=${MODEL} trainyard.version=${VERSION} \
      org.opencontainers.image.title=${MODEL} org.opencontainers.image.version=${VERSION}
