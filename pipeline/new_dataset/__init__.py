"""`apportion new`: a spreadsheet -> a folder with a card and records, guesses marked as guesses."""
