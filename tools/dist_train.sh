#!/usr/bin/env bash
# Train on several GPUs, or with several processes on a machine without any. For several nodes, run it on each with
# NNODES, NODE_RANK and MASTER_ADDR set. PORT is 29500 by default; two runs on one machine need two ports.
# shellcheck source=tools/launchers.sh
. "$(dirname "$0")/launchers.sh"
require 2 'CONFIG GPUS [arguments of train.py]' "$@"
with_torchrun "$2" train.py "$1" "${@:3}"
