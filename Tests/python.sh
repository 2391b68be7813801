# shellcheck shell=bash
# A Python environment in the cache, for the scripts here. To be sourced after Systemd/lib.sh.

# Makes an environment with exactly these packages, NAME==VERSION, unless it is there, and prints its interpreter.
python_environment() {
  local folder
  folder=$(cache_folder)/python-$(printf '%s ' "$@" | sha256sum | cut -c 1-12)
  if [ ! -f "$folder/complete" ]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_packages python3 python3-venv
    say "Making a Python environment in $folder"
    rm -rf "$folder"
    mkdir -p "${folder%/*}"
    python3 -m venv "$folder" >&2 || fail "could not make a Python environment in $folder"
    # Unpacked beside where it goes: /tmp may be small, or memory.
    mkdir "$folder/unpacking"
    TMPDIR=$folder/unpacking "$folder/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
      "$@" >&2 || fail "could not install $*"
    rm -rf "$folder/unpacking"
    touch "$folder/complete"
  fi
  printf '%s\n' "$folder/bin/python"
}
