#!/usr/bin/env bash
# Installs what is missing, says so, and is quick when all is there.
#   tools/setup.sh        what building and running needs
#   tools/setup.sh test   also what the tests need (Chromium, the browser tests' packages, what the
#                         examples are run with, and who receives what channels send)
source "$(dirname "$0")/lib.sh"

# A command as root, by sudo if need be.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
  have apt-get || die "please install $* (this script knows only apt)"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The packages of a package.json, exactly as locked; stamped so that it is done once.
npm_packages() {
  local folder=$1 stamp=$1/node_modules/.installed
  cmp -s "$folder/package-lock.json" "$stamp" && return
  timed "installing the npm packages of $folder/ (about 10 s)" \
    npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error
  cp "$folder/package-lock.json" "$stamp"
}

# The packages of the examples and of what receives mail and webhooks in tests, in an environment of
# their own.
python_packages() {
  local stamp=$TOOLS/venv/.installed files=(examples/requirements.txt end2end/requirements.txt)
  [ -x "$TOOLS/venv/bin/python" ] && cat "${files[@]}" | cmp -s - "$stamp" && return
  have curl && have python3 && python3 -c 'import ensurepip' 2>/dev/null ||
    timed "installing Python and curl" apt_install python3 python3-venv curl
  python3 -m venv --clear "$TOOLS/venv"
  timed "installing the Python packages of examples/ and end2end/ (a few seconds)" \
    "$TOOLS/venv/bin/pip" install -q --disable-pip-version-check "${files[@]/#/-r}"
  cat "${files[@]}" >"$stamp"
}

# A package of Debian's, only unpacked into .tools/NAME: installed, it would start a service.
unpacked() {
  local folder=$TOOLS/$1
  shift
  have apt-get || die "please put the files of $* into $folder/ (this script knows only apt)"
  mkdir -p "$folder"
  (
    cd "$folder"
    apt-get download -qq "$@" 2>/dev/null || {
      as_root apt-get update -qq
      apt-get download -qq "$@" 2>/dev/null
    }
    for package in *.deb; do
      dpkg-deb -x "$package" .
      rm "$package"
    done
  )
}

alertmanager() {
  unpacked alertmanager prometheus-alertmanager
  # It looks for these there and nowhere else.
  as_root install -D -m 644 -t /usr/share/prometheus/alertmanager \
    "$TOOLS"/alertmanager/usr/share/prometheus/alertmanager/*.tmpl
}

have cargo || die "Rust is missing: see https://rustup.rs"
have node && have npm || timed "installing Node.js" apt_install nodejs npm
# SQLite and zstd are compiled from source.
have cc || timed "installing a C compiler" apt_install build-essential

libdir=$(rustc --print target-libdir --target wasm32-unknown-unknown)
[ -d "$libdir" ] || timed "installing Rust's WASM target (a few seconds)" rustup target add wasm32-unknown-unknown

# It refuses modules of any other version. Unoptimised it compiles in a third of the time and
# still does its work in a second or two.
version=$(locked wasm-bindgen)
if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
  timed "installing wasm-bindgen $version for this project (1 to 3 min)" \
    cargo install wasm-bindgen-cli --version "$version" --locked --debug --bin wasm-bindgen --root "$TOOLS" --quiet
fi

npm_packages tools

if [ "${1:-}" = test ]; then
  python_packages
  [ -x "$TOOLS/alertmanager/usr/bin/prometheus-alertmanager" ] &&
    [ -e /usr/share/prometheus/alertmanager/email.tmpl ] ||
    timed "unpacking Alertmanager (10 MB)" alertmanager
  [ -x "$TOOLS/prometheus/usr/bin/prometheus" ] ||
    timed "unpacking Prometheus (20 MB)" unpacked prometheus prometheus
  [ -x "$TOOLS/redis/usr/bin/redis-server" ] ||
    timed "unpacking Redis (2 MB)" unpacked redis redis-server redis-tools \
      libjemalloc2 liblzf1 libatomic1
  if [ -e end2end/package.json ]; then
    npm_packages end2end
    # Debian's, because a browser from npm would be a download from elsewhere.
    have chromium || timed "installing Chromium for the browser tests (about 1 min)" apt_install chromium
  fi
fi
