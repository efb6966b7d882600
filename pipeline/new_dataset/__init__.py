"""`apportion new`: a spreadsheet -> a folder with a card and records, guesses marked as guesses.

In the order of the work: `spreadsheets` (with `workbooks`, `columnar`, `limits`) reads the file as
text; `guesses` and `readings` propose a column and how to read it; `draft` puts them together;
`card_text` (with `card_options`, `yaml_text`) writes the card; `registration` writes the folder and
the line of the registry, both or neither; `command` asks, and `words` says what comes next.
"""
