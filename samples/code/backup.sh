#!/usr/bin/env bash
# Copies a folder into a dated archive and keeps the newest few.
set -euo pipefail

source_folder=${1:?"usage: $0 FOLDER [KEEP]"}
keep=${2:-7}
target="${BACKUP_FOLDER:-$HOME/backups}"
stamp=$(date +%Y-%m-%d)

if [[ ! -d "$source_folder" ]]; then
  echo "no such folder: $source_folder" >&2
  exit 2
fi

mkdir -p "$target"
archive="$target/$(basename "$source_folder")-$stamp.tar.gz"
tar --create --gzip --file "$archive" --directory "$(dirname "$source_folder")" "$(basename "$source_folder")"

mapfile -t old < <(ls -1t "$target"/*.tar.gz | tail -n +"$((keep + 1))")
for file in "${old[@]}"; do
  rm -- "$file"
done

echo "wrote $archive, kept at most $keep"
