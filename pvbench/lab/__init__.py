"""The embedded labs: hosts inside QEMU, handed to the controller as ordinary SSH hosts.

Nothing is imported here: what a lab may be called (`flavours`) is asked by every verb, which need not load the rest.
"""
