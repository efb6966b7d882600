// What tests ask a page, as functions of its window; evaluated once in every test.
window.looks = (() => {
  const all = (names, root = document) => [...root.querySelectorAll(names)];
  const common = (a, b) => [
    Math.min(a.right, b.right) - Math.max(a.left, b.left),
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
  ];
  const controls = "a[href], button, summary, input, select, textarea, [tabindex]";
  return {
    countLandmarks: () => ["header", "nav", "main", "footer"].map((name) =>
      all(`body > ${name}, body > .frame > ${name}`).length),
    listHeadings: () => all("main h1, main h2, main h3, main h4")
      .map((heading) => [Number(heading.tagName[1]), heading.textContent.trim()]),
    // Chapters without a link in the contents, and links to nothing.
    findUnlinked: () => {
      const links = all("nav.contents a").map((link) => link.hash.slice(1));
      const chapters = all("main h2").map((part) => [part.id, part.closest("section")?.id]);
      return [...links.filter((link) => !document.getElementById(link)),
        ...chapters.filter((names) => !names.some((name) => links.includes(name)))];
    },
    readLabels: () => all("[data-chart]")
      .map((place) => [place.role, place.ariaLabel, place.ariaRoleDescription]),
    measureOverflow: () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    // Pairs of blocks whose text or picture covers a common area. Tables scroll in boxes of their own.
    findOverlaps: () => {
      const place = (block) => {
        const range = document.createRange();
        range.selectNodeContents(block);
        return (block.matches(".box, .chart, pre") ? block : range).getBoundingClientRect();
      };
      const blocks = all("h1, h2, h3, h4, p, li, dt, dd, pre, figcaption, summary, .chart, .box, .tools")
        .filter((block) => block.checkVisibility() && !block.parentElement.closest(".box, .chart"))
        .map((block) => ({ block, box: place(block) }));
      return blocks.flatMap((a, i) => blocks.slice(i + 1).filter((b) => {
        const [width, height] = common(a.box, b.box);
        return width > 1 && height > 1 && !a.block.contains(b.block) && !b.block.contains(a.block);
      }).map((b) => [a, b].map(({ block }) => `${block.tagName} ${block.textContent.slice(0, 60)}`)));
    },
    // Words of a chart that leave their picture or cover one another.
    findCrowded: () => all("[data-chart]").flatMap((chart) => {
      const frame = chart.getBoundingClientRect();
      const words = all("svg text", chart)
        .filter((text) => text.textContent.trim() && text.checkVisibility({ opacityProperty: true }))
        .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }));
      const cut = words.filter(({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 ||
        box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(({ text }) => `cut: ${text}`);
      const covered = words.flatMap((a, i) => words.slice(i + 1).filter((b) => {
        const [width, height] = common(a.box, b.box);
        return width > 2 && height > 3;
      }).map((b) => `covered: ${a.text} | ${b.text}`));
      return [...cut, ...covered].map((words) => `${chart.dataset.chart} ${words}`);
    }),
    // Layout shifts since the page was opened, that no act of the reader brought about.
    measureShifts: () => new Promise((resolve) => {
      const shifts = [];
      new PerformanceObserver((list) => shifts.push(...list.getEntries()))
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(() => resolve(shifts.filter((each) => !each.hadRecentInput)
        .reduce((sum, each) => sum + each.value, 0)), 200);
    }),
    // Charts and tables that are wider than their paper.
    findWide: () => [
      ...all(".box:not(.paper-wide)").filter((box) => box.scrollWidth > box.clientWidth + 1),
      ...all("[data-chart] svg").filter((svg) => svg.getBoundingClientRect().right > innerWidth),
    ].map((part) => part.ariaLabel ?? part.outerHTML.slice(0, 80)),
    // The words of headers and first cells that are not folded away; formulas hold their LaTeX too.
    listCells: () => all("main table").flatMap((table) =>
      [...table.tHead.rows[0].cells, ...[...table.tBodies[0].rows].map((row) => row.cells[0])])
      .filter((cell) => cell.checkVisibility() && !cell.querySelector("math"))
      .map((cell) => cell.textContent),
    // Hides every row of a table that is like one above it but for its words.
    hideAlike: () => {
      for (const body of all("tbody")) {
        const seen = new Set();
        for (const row of body.rows) {
          const shape = all("*", row).map((part) =>
            part.tagName + part.className + !!part.textContent.trim()).join() + row.className;
          row.hidden = seen.has(shape);
          seen.add(shape);
        }
      }
    },
    // Notes of every control that a reader sees whether it shows that it has the focus.
    watchFocus: () => {
      window.watched = all(controls).filter((part) => part.tabIndex >= 0 && part.checkVisibility());
      window.focused = new Map();
      document.addEventListener("focusin", ({ target }) => {
        const style = getComputedStyle(target), box = target.getBoundingClientRect();
        const isInside =
          box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
        const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        window.focused.set(target, isInside && isOutlined && box.width > 0);
      });
      return window.watched.length;
    },
    countReached: () => watched.filter((part) => focused.get(part)).length,
    focusAll: () => watched.forEach((part) => part.focus({ focusVisible: true })),
    findMissed: () => watched.filter((part) => !focused.get(part)).map((part) =>
      (focused.has(part) ? "not to be seen: " : "not reached: ") + part.outerHTML.slice(0, 120)),
    // Parts made of words of the data that would do something: elements, handlers, addresses.
    findActive: () => all("body *").filter((part) =>
      part.localName === "img" || part.localName === "b" && part.closest(".sources") ||
      [...part.attributes].some(({ name, value }) => name.startsWith("on") ||
        ["href", "src", "action"].includes(name) && /^\s*(javascript|vbscript)/i.test(value)))
      .map((part) => part.outerHTML.slice(0, 200)),
    // The clipboard of a headless browser cannot be read: what is written to it is kept beside it.
    watchClipboard: () => {
      window.copied = [];
      const writeText = async (text) => { window.copied.push(text); };
      Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText } });
    },
  };
})();
