#!/usr/bin/env bash
# Test with slurm. Environment as for slurm_train.sh.
# shellcheck source=tools/launchers.sh
. "$(dirname "$0")/launchers.sh"
require 4 'PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of test.py]' "$@"
with_srun "$1" "$2" test.py "$3" "$4" "${@:5}"
