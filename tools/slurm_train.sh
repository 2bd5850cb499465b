#!/usr/bin/env bash
# Train with slurm. Environment: GPUS in all (8; 0 for one process on the CPU), GPUS_PER_NODE (8, or GPUS if that is
# less), CPUS_PER_TASK (5), SRUN_ARGS (further arguments of srun).
# shellcheck source=tools/launchers.sh
. "$(dirname "$0")/launchers.sh"
require 4 'PARTITION JOB_NAME CONFIG WORK_DIR [arguments of train.py]' "$@"
with_srun "$1" "$2" train.py "$3" --work-dir "$4" "${@:5}"
