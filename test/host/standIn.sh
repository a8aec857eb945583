#!/bin/sh
# Takes the place of VS Code's program for @vscode/test-electron: the same switches, run in the workbench in the browser.
here=$(dirname "$(readlink -f "$0")")
exec node --import tsx "$here/standIn.ts" "$@"
