"""The pipeline: stages that read files, call pure functions and write files.

`cli` has a command a stage; `dvc.yaml` runs them in this order:

- `ingest`     card + records.csv -> validated table, options, fate of every row
- `fit`        table + options + model -> posterior, verdict (the questions of `checks`), estimands
- `synthesis`  estimands of all domains -> compute or algorithms, and what domains share
- `takeoff`    draws of several posteriors -> what full automation of research would bring
- `site`       all of these -> pages, claims and summaries

A package a stage, so that `dvc.yaml` names folders and a change runs again what reads it and no
more. `layout` is the only module that knows paths, `ingest.tables` the only schema. What people run
and no stage reads: `studies` (`apportion calibrate`), `commands` (`check`, `list`, `open`, `docs`)
and `new_dataset` (`new`).
"""

import gc

# Compiling a model makes millions of objects that stay: to look through them every few thousand, as
# Python does, takes a fifth of a compile, and more where a process holds much already.
gc.set_threshold(100_000, 20, 20)
