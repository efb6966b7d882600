"""All cells beside each other: what *overview* and *synthesis* gather, compare and say."""
