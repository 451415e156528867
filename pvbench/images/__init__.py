"""What is made of Debian's packages once and kept: images of guests, and of the lab."""
