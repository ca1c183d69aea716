#!/bin/bash
# Four processes of `dupn train` by Slurm, one on each node: sbatch docs/cluster/slurm.sh shop.yaml
#SBATCH --job-name=dupn
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --requeue
# A signal some time before the limit: the step is finished and saved.
#SBATCH --signal=TERM@120
set -euo pipefail

config=$1
port=${DUPN_PORT:-2222}
workers=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed "s/.*/\"&:$port\"/" | paste -sd, -)

# shellcheck disable=SC2016  # each task reads its own number
exec srun --kill-on-bad-exit=1 bash -c '
  export TF_CONFIG="{\"cluster\": {\"worker\": ['"${workers//\"/\\\"}"']}, \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
  export TF_NUM_INTRAOP_THREADS=$SLURM_CPUS_PER_TASK
  exec dupn train -c "$0" --resume
' "$config"
