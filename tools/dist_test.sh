#!/usr/bin/env bash
# Test on several GPUs, or with several processes on a machine without any. Environment as for dist_train.sh.
# shellcheck source=tools/launchers.sh
. "$(dirname "$0")/launchers.sh"
require 3 'CONFIG CHECKPOINT GPUS [arguments of test.py]' "$@"
with_torchrun "$3" test.py "$1" "$2" "${@:4}"
