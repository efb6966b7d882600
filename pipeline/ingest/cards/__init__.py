"""The source card: what it may say, how it is read without trust, and words for its faults.

`card` is what others import. Every stage reads a card, so a change of what is here makes all of
them run again, fits included: nothing else belongs here.
"""
