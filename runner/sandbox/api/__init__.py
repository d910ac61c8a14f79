"""The endpoints of Braze, one module for each group of them.

Must not know headers, keys or sockets: a handler takes a `Call` and gives a `Reply`.
"""
