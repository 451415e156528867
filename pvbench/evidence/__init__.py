"""From what a tool printed and both sides saw to what becomes of a trial. Pure."""
