"""What every page shares: answers in words, numbers in people's units, equations, citations, data.

No charts, and nothing of one kind of page.
"""
