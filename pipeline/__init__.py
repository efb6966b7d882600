"""The pipeline: stages that read files, call pure functions and write files.

In the order of `dvc.yaml`:

1. `ingest`     card + records.csv -> canonical table
2. `validate`   table -> validated table, quarantine, what happened to every row
3. `fit`        validated table + model -> posterior
4. `check`      posterior -> verdict
5. `attribute`  posterior -> the estimands readers ask for
6. `report`     all of these -> one HTML page a posterior
7. `takeoff`    draws of several posteriors -> what full automation of research would bring
8. `synthesis`  shares and rates of all domains -> compute or algorithms, and what domains share
9. `overview`   all attributions -> the index page, the README's table and picture

`tables` is the only schema. A stage is a module here; what it is made of stands in a folder of one
concern, so that `dvc.yaml` names folders and a change runs again what reads it and no more:

- `cards`        the source card; every stage reads one, so a change here runs every fit again
- `sources`      what a dataset brings beside its card, for *ingest* and *validate*
- `calibration`  what a study says of a cell, for *check* and the pages
- `checks`       the questions of *check*
- `pages`        what every page shares
- `charts`       charts of every kind
- `reports`, `takeoffs`, `comparisons`  the pages: of a posterior, of the simulation, of all cells
- `studies`, `commands`, `new_dataset`  what people run (`cli`, `calibrate`); no stage reads them

Folders import one way, in this order. Paths appear in `dvc.yaml` only: every stage takes them as
flags and runs without DVC.
"""
