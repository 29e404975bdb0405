"""Listening and reading (RET-13): what a file is, parts of it, chats as conversations, customers masked, permits.

Nothing here writes; who may read, and the entry that it leaves, is services.listening.
"""
