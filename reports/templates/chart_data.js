  // Undoes pipeline/chart_data.py: rows from columns, also of data that charts share. Every chart
  // has rows of its own, since Vega writes on them.
  const packed = Object.assign({}, ...Object.values(specs).map(({ datasets }) => datasets));
  const makeRows = (name) => {
    const columns = Object.entries(packed[name]), count = columns.length ? columns[0][1].length : 0;
    return Array.from({ length: count }, (_, i) =>
      Object.fromEntries(columns.map(([key, values]) => [key, values[i]])));
  };
  for (const spec of Object.values(specs)) {
    const names = [...Object.keys(spec.datasets ?? {}), ...(spec.usermeta?.shared ?? [])];
    spec.datasets = Object.fromEntries(names.map((name) => [name, makeRows(name)]));
  }
