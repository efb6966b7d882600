  // What readers choose: each input sets its signal in every chart that has it.
  const views = [];
  const readInput = ({ type, value }) => (type === "range" ? Number(value) : value);
  const matches = (input, row) => {
    const chosen = readInput(input), cell = row[input.dataset.column];
    if (input.dataset.match === "until") return new Date(cell).getFullYear() <= chosen;
    if (chosen === "") return true;
    return input.dataset.match === "has" ? cell.split(" + ").includes(chosen) : String(cell) === chosen;
  };
  const tell = (form, inputs, rows) => {
    const count = rows.filter((row) => inputs.every((input) => matches(input, row))).length;
    const isAll = count === rows.length;
    form.querySelector(".status").textContent = isAll
      ? `All ${rows.length} points.` : `${count} of ${rows.length} points match.`;
  };
  const set = (input) => {
    const name = input.dataset.signal, output = input.parentElement.querySelector("output");
    if (output) output.textContent = input.value;
    for (const [view, signals] of views) {
      if (signals.includes(name)) view.signal(name, readInput(input)).runAsync();
    }
  };
  const offer = (form) => {
    const inputs = [...form.querySelectorAll("[data-signal]")];
    const rows = makeRows(form.dataset.controls);
    const update = (changed) => { changed.forEach(set); tell(form, inputs, rows); };
    form.addEventListener("input", ({ target }) => update([target]));
    form.addEventListener("reset", () => setTimeout(() => update(inputs)));
    form.addEventListener("submit", (event) => event.preventDefault());
    update(inputs);  // a browser may keep what was chosen before the page was loaded again
    form.hidden = false;
  };
