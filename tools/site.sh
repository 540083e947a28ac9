#!/usr/bin/env bash
# Builds the browser half into target/site: WASM with its JavaScript, style sheet, public files.
#   tools/site.sh         small and optimised, as it ships
#   tools/site.sh --dev   quick to build
source "$(dirname "$0")/lib.sh"

profile=wasm-release
case "${1:-}" in
  --dev) profile=dev ;;
  '') ;;
  *) die "usage: tools/site.sh [--dev]" ;;
esac
folder=$profile
[ "$profile" = dev ] && folder=debug
site=target/site
# Built aside and then compared: files that did not change keep their time stamp, so that the
# server is not compiled anew to embed what it already has.
next=target/site.next
rm -rf "$next"
mkdir -p "$next/pkg"

cargo build --lib --target wasm32-unknown-unknown --no-default-features --features hydrate --profile "$profile"

debug=()
[ "$profile" = dev ] && debug=(--debug --keep-debug)
wasm-bindgen --target web --no-typescript --out-name bellwether --out-dir "$next/pkg" "${debug[@]}" \
  "target/wasm32-unknown-unknown/$folder/bellwether.wasm"

# Shrinks a module; a second time the same one is taken from the shelf.
shrink() {
  local raw=$1 shelf=target/site.shrunk
  if ! cmp -s "$raw" "$shelf/raw.wasm"; then
    mkdir -p "$shelf"
    rm -f "$shelf/raw.wasm"
    # Exactly these: with more features on it writes modules that browsers refuse.
    # Twice, since the second time finds what the first one left.
    timed "shrinking the WASM (a minute or two)" wasm-opt -Oz -Oz \
      --enable-bulk-memory --enable-nontrapping-float-to-int --enable-reference-types \
      --enable-sign-ext --enable-mutable-globals --enable-multivalue "$raw" -o "$shelf/shrunk.wasm"
    cp "$raw" "$shelf/raw.wasm"
  fi
  cp "$shelf/shrunk.wasm" "$raw"
}
[ "$profile" = dev ] || shrink "$next/pkg/bellwether_bg.wasm"

node tools/css.mjs style/main.css "$next/pkg/bellwether.css"
cp -R public/. "$next/"
mv "$next/boot.js" "$next/pkg/boot.js"

(cd "$next" && find . -type f) | while read -r file; do
  cmp -s "$next/$file" "$site/$file" && continue
  mkdir -p "$(dirname "$site/$file")"
  cp "$next/$file" "$site/$file"
done
(cd "$site" && find . -type f) | while read -r file; do
  [ -e "$next/$file" ] || rm "$site/$file"
done
rm -rf "$next"
say "the site is in $site"
