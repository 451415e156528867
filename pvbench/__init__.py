"""pvbench measures paravirtualised against emulated devices, and proves which device carried the traffic."""

__version__ = "0.1.0"
