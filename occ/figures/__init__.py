"""Key figures by name: what they are called, how they are reckoned, and who answers for them (KER: figures).

An app registers its figures when it is loaded; reports, coaching and evaluation ask here and read the same number.
"""
