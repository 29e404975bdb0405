"""Chat and recording retention (SOP-RET): backed up at one year, destroyed at two if the client approves.

Both are done here, to real bytes, and both can be proved.
"""
