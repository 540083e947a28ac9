# The binary, and nothing but what it needs. Build it first: tools/site.sh, then
# cargo build --release --no-default-features --features ssr (on Debian 12, or anything no newer).
# See docs/deploy.md.
FROM debian:bookworm-slim

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bellwether \
    && install -d -o bellwether -g bellwether -m 700 /data

COPY --chmod=755 target/release/bellwether /usr/local/bin/bellwether

USER bellwether
ENV BELLWETHER_LISTEN=0.0.0.0:3000 \
    BELLWETHER_DATA_DIR=/data \
    BELLWETHER_NO_SAMPLER=true
VOLUME /data
EXPOSE 3000

# The image has no curl; bash can ask as well. Ready is: the journal is writable, the state caught up.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

STOPSIGNAL SIGTERM
ENTRYPOINT ["bellwether"]
CMD ["serve"]
