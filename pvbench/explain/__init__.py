"""How a figure comes about: exits and their cost, who paid, what was in the way. Pure."""
