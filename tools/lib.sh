# Shared by the scripts in this folder; source it, do not run it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
# Tools of this project's own versions live here and never replace the ones you have.
TOOLS=$ROOT/.tools
export PATH="$TOOLS/bin:$ROOT/tools/node_modules/.bin:$PATH"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# timed "what it does" command…: says what is done, and afterwards how long it took.
timed() {
  local what=$1 start=$SECONDS
  shift
  say "$what"
  # Said outright, because a caller that looks at the result turns `set -e` off in here.
  "$@" || return
  say "done in $((SECONDS - start)) s"
}

# The version of a crate in Cargo.lock.
locked() { awk -v name="$1" '$0 == "name = \"" name "\"" { getline; gsub(/version = |"/, ""); print; exit }' Cargo.lock; }
