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

`tables` is the only schema, `cards` the source card, `units` what pint knows of the field. Paths
appear in `dvc.yaml` only: every stage takes them as flags and runs without DVC.
"""
