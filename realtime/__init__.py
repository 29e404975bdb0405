"""Real-time management (SOP-RTM). So far only the arithmetic of staffing (`erlang`)."""
