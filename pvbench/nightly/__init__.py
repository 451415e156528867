"""A night from its first boot to its last message: measured, kept, judged, looked at again, published and told."""
