"""What bin/demo, bin/test, bin/bench and bin/manage run: embedded servers out of wheels, and a supervisor.

Plain Python without Django. Production never uses it: where DATABASE_URL is set, nothing here starts a server.
"""
