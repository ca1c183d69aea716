# The same set-up as on a machine: `docker build -t dupn .`, then `docker run --rm -v "$PWD:/work" -w /work dupn --help`.
FROM node:22-bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends g++ python3 python3-pip && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/dupn
ENV XDG_CACHE_HOME=/opt/cache
COPY package.json package-lock.json .npmrc ./
COPY setup ./setup
COPY native ./native
RUN npm run setup
COPY . .
RUN npm run build && npm run setup
ENTRYPOINT ["node", "/opt/dupn/bin/dupn.js"]
