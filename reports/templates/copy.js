// Buttons that copy the text of the element that they name, and say so beside them.
for (const button of document.querySelectorAll("button[data-copy]"))
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const said = button.parentElement.querySelector("output");
    said.value = "";
    try {
      await navigator.clipboard.writeText(source.textContent);
      said.value = "Copied.";
    } catch {  // a browser may refuse it to a file: the text is then selected for the reader's own keys
      getSelection().selectAllChildren(source);
      said.value = "Selected: press Ctrl or ⌘ and C.";
    }
  });
