# mikrelay as one static binary in an empty image.
#   docker build -t mikrelay .
#   docker run -p 8080:8080 -v mikrelay-data:/data -e MIKRELAY_PUBLIC_URL=https://pay.example.net mikrelay
# or with HTTPS of its own:
#   docker run -p 80:8080 -p 443:8443 -v mikrelay-data:/data mikrelay serve --acme-domain pay.example.net

# Rust's own target on Alpine is musl, which links statically by itself.
FROM rust:1.95.0-alpine AS build
RUN apk add --no-cache build-base linux-headers
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin mikrelay \
    && install -D -m 0755 target/release/mikrelay /out/mikrelay \
    && install -d -m 0700 /out/data

FROM scratch
COPY --from=build /out/mikrelay /mikrelay
# A volume takes over the owner of the folder it covers the first time.
COPY --from=build --chown=10001:10001 --chmod=0700 /out/data /data
USER 10001:10001
WORKDIR /data
ENV MIKRELAY_LISTEN=0.0.0.0:8080 \
    MIKRELAY_TLS_LISTEN=0.0.0.0:8443 \
    MIKRELAY_DATA_DIR=/data
VOLUME /data
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
    CMD ["/mikrelay", "health", "--url", "http://127.0.0.1:8080"]
ENTRYPOINT ["/mikrelay"]
CMD ["serve"]
