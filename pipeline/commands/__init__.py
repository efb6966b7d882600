"""What the command line shows and no stage makes: a dataset before it is fitted, the list of
cells, the data dictionary.
"""
