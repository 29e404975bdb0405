"""Reconciliation (UID-11): an application's own list of users against the logbook, and what is done with findings.

reading  ->  comparing  ->  keeping         a file judged; set-based SQL; findings that stay the same findings
runs                                        one run: all of that, its report and its notices, in one transaction
findings                                    what people do with a finding
pulling                                     the list asked for by the application's connector, daily by beat
"""
