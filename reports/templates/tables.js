// Tables of class "sortable": buttons in their headers sort them, a field above hides rows.
const POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", ARROWS = { ascending: 1, descending: -1 };
const words = new Intl.Collator("en", { numeric: true });

// The number that a cell shows: 1,400, −0.3, 17 %, 1.2 × 10²³, < 0.001, ∞. NaN where it shows none.
const readNumber = (text) => {
  const plain = text.replace(/[▲<,%\s\u00a0]/g, "").replaceAll("−", "-").replace("∞", "Infinity")
    .replace(/×10([⁻⁰¹²³⁴-⁹]+)/, (_, power) =>
      `e${[...power].map((sign) => "0123456789-"[POWERS.indexOf(sign)]).join("")}`);
  return plain === "" ? NaN : Number(plain);
};

// Numbers by value where most cells are numbers, else words; dates as YYYY-MM-DD sort as words do.
// What is empty, or no number among numbers, comes last in both directions.
const compareBy = (column, direction) => (rows) => {
  const texts = rows.map((row) => row.cells[column].textContent.trim());
  const numbers = texts.map(readNumber);
  const filled = texts.filter((text) => text !== "").length;
  const areNumbers = 2 * numbers.filter((number) => !Number.isNaN(number)).length > filled;
  const isLast = (i) => texts[i] === "" || (areNumbers && Number.isNaN(numbers[i]));
  return rows.map((_, i) => i).sort((i, j) => {
    if (isLast(i) || isLast(j)) return isLast(i) - isLast(j) || i - j;
    const order = areNumbers
      ? (numbers[i] > numbers[j]) - (numbers[i] < numbers[j])
      : words.compare(texts[i], texts[j]);
    return direction * order || i - j;
  }).map((i) => rows[i]);
};

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], original = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  const field = document.querySelector(`[data-filter="${table.id}"]`);
  const tell = () => {
    const shown = original.filter((row) => !row.hidden).length;
    const sorted = headers.find((header) => header.ariaSort !== "none");
    const order = sorted ? `, by ${sorted.textContent.trim().replace(/\s+/g, " ")}, ${sorted.ariaSort}` : "";
    field.parentElement.querySelector("output").value = `${shown} of ${original.length} rows${order}`;
  };
  headers.forEach((header, column) => header.querySelector("button").addEventListener("click", () => {
    const next = { none: "ascending", ascending: "descending", descending: "none" }[header.ariaSort];
    for (const other of headers) other.ariaSort = "none";
    header.ariaSort = next;
    body.append(...(next === "none" ? original : compareBy(column, ARROWS[next])(original)));
    tell();
  }));
  let contents;
  field.addEventListener("input", () => {
    contents ??= original.map((row) => row.textContent.toLowerCase());
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    original.forEach((row, i) => {
      row.hidden = !wanted.every((word) => contents[i].includes(word));
    });
    tell();
  });
}
