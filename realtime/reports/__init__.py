"""Reports of calls, cases and log-ins as other systems write them (RTM-4): a mapping says what stands where.

mapping    the mapping itself, out of YAML, checked
reading    a row by a mapping: an event, nothing, or what is wrong with it. Pure functions
"""
