# shellcheck shell=bash
# What dist_*.sh and slurm_*.sh share; they source it.
set -eu

tools=$(dirname "${BASH_SOURCE[0]}")

# require COUNT USAGE ARGUMENT...: end with the usage unless there are COUNT arguments at least.
require() {
    if (($# < $1 + 2)); then
        echo "Usage: $0 $2" >&2
        exit 2
    fi
}

# with_torchrun GPUS SCRIPT ARGUMENT...: one process per GPU of this node, or that many where there is none.
with_torchrun() {
    # torchrun would give each process a single thread; this gives it its share of the cores.
    local threads=$(($(nproc) / $1))
    export OMP_NUM_THREADS="${OMP_NUM_THREADS:-$((threads > 0 ? threads : 1))}"
    exec python -m torch.distributed.run \
        --nnodes="${NNODES:-1}" \
        --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" \
        --master_port="${PORT:-29500}" \
        --nproc_per_node="$1" \
        "$tools/$2" "${@:3}" --launcher pytorch
}

# with_srun PARTITION JOB_NAME SCRIPT ARGUMENT...: one slurm task per GPU, or for GPUS=0 one task without any.
with_srun() {
    local gpus=${GPUS:-8} launcher=slurm srun_args
    local gpus_per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
    local resources=("--gres=gpu:$gpus_per_node" "--ntasks=$gpus" "--ntasks-per-node=$gpus_per_node")
    if ((gpus == 0)); then
        launcher=none # that of slurm selects a GPU in each task
        resources=(--ntasks=1)
    fi
    read -ra srun_args <<<"${SRUN_ARGS:-}"
    exec srun \
        --partition="$1" \
        --job-name="$2" \
        "${resources[@]}" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" \
        --kill-on-bad-exit=1 \
        ${srun_args[@]+"${srun_args[@]}"} \
        python -u "$tools/$3" "${@:4}" --launcher "$launcher"
}
