"""The stack: hypervisor, kernels, backends, device model and tools of a host, deployed, verified, rolled back."""
