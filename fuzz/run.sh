#!/bin/sh
# Fuzzes each target for so many seconds, one after the other; stops at the first that fails.
# What is found on the way stays in work/, which is not stored; what fails is in artifacts/.
#
#   cargo install cargo-fuzz --version 0.13.2
#   fuzz/run.sh 3600                 # all targets, an hour each, with the stable toolchain
#   fuzz/run.sh 600 head chunk       # some of them
#   SANITIZER=address TOOLCHAIN=+nightly fuzz/run.sh 3600
#
# An input that fails belongs into corpus/<target>/: cargo test --test corpus then holds it for ever.
set -eu
cd "$(dirname "$0")"
seconds=${1:?"usage: run.sh SECONDS [TARGET ...]"}
shift
[ $# -gt 0 ] || set -- file packet segments connection head chunk filter sanitiser capture
for target in "$@"; do
    mkdir -p "work/$target"
    cargo ${TOOLCHAIN:-} fuzz run --sanitizer "${SANITIZER:-none}" --fuzz-dir . \
        "$target" "work/$target" "corpus/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1
done
