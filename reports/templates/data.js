// The page's data: rows of charts and CSV files, made of columns that are stored once (packing.py).
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const columns = read("columns"), tables = read("tables"), files = read("files");

const unpack = (position) => {
  const column = columns[position];
  if (Array.isArray(column)) return column;
  return column.at.map((at) => column.of[at]);
};
const unpackRows = (packed) => {
  if (Array.isArray(packed)) return packed;
  const named = Object.entries(packed.columns).map(([name, position]) => [name, unpack(position)]);
  return Array.from({ length: packed.rows }, (_, row) =>
    Object.fromEntries(named.map(([name, values]) => [name, values[row]])));
};
const unpackSpec = (spec) => spec.datasets ? { ...spec, datasets: Object.fromEntries(
  Object.entries(spec.datasets).map(([name, packed]) => [name, unpackRows(packed)])) } : spec;

const writeCell = (value, kind) => {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  const text = kind === "date" ? value.slice(0, 10) : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
const writeCsv = (table) => {
  const cells = table.columns.map(([name, kind, position]) =>
    [writeCell(name), ...unpack(position).map((value) => writeCell(value, kind))]);
  return Array.from({ length: table.rows + 1 }, (_, row) =>
    cells.map((column) => column[row]).join(",") + "\n").join("");
};

const save = (address, name) => {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
};
const saveText = (text, kind, name) => {
  const address = URL.createObjectURL(new Blob([text], { type: kind }));
  save(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 60000);
};
for (const button of document.querySelectorAll("button[data-csv]"))
  button.addEventListener("click", () =>
    saveText(writeCsv(tables[button.dataset.csv]), "text/csv", button.dataset.file));
for (const button of document.querySelectorAll("button[data-text]"))
  button.addEventListener("click", () => {
    const { text, kind } = files[button.dataset.text];
    saveText(text, kind, button.dataset.file);
  });
