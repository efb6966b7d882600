#!/bin/sh
# A study on a SLURM cluster, from the root of a checkout that all nodes see, with `make setup` done and the tables made:
#   sbatch pipeline/studies/cluster/slurm.sh multiverse mmlu
#SBATCH --job-name=apportion
#SBATCH --ntasks=33
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=3G
#SBATCH --time=02:00:00
# The first task is the scheduler and the command; every other one is a worker of one thread.
set -eu
PATH="$PWD/.venv/bin:$PATH"
export PATH OMP_NUM_THREADS=1
mkdir -p .cache
file="$PWD/.cache/scheduler-$SLURM_JOB_ID.json"
trap 'kill 0' EXIT
dask scheduler --scheduler-file "$file" --no-dashboard &
srun --ntasks=$((SLURM_NTASKS - 1)) dask worker --scheduler-file "$file" --nthreads 1 --no-dashboard &
until [ -s "$file" ]; do sleep 1; done
address=$(python -c "import json, sys; print(json.load(open(sys.argv[1]))['address'])" "$file")
apportion "$@" --scheduler "$address"
